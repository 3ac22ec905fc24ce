import { utf8Length } from '@stepfold/events';
import { messageToJson } from './message-json.js';
import type { Elided, Message, Part } from './message.js';

/** Largest message: the UTF-8 length of its JSON form without `log` and `digest`. */
export const MESSAGE_BYTES_MAX = 12 * 1024 * 1024;

/** Answers the SHA-256 of the UTF-8 form of a text, in hex. */
export type Sha256 = (text: string) => string;

/**
 * True if a message surely fits, told from the size of its encoded form with integer stamps: a part's stamps
 * grow by less than 128 bytes when they become text. Saves making the JSON form of nearly every message.
 */
export function surelyFits(message: Message, encodedBytes: number, bytesMax = MESSAGE_BYTES_MAX): boolean {
  return encodedBytes + (message.parts.length + (message.errors?.length ?? 0)) * 128 + 1024 <= bytesMax;
}

const valueFields = ['result', 'args', 'args_text', 'data', 'text'] as const;

/**
 * A message that fits the limit: its largest values give way, of equal ones that of the earliest part,
 * then whole metadata objects. In the place of each stand its size and its hash; the log still has it.
 * Answers the same message if it fits as it is.
 */
export function elideLargest(message: Message, sha256: Sha256, bytesMax = MESSAGE_BYTES_MAX): Message {
  let bytes = messageBytes(message);
  if (bytes <= bytesMax) return message;
  const holders: Record<string, unknown>[] = [
    ...message.parts.map((part) => ({ ...part })),
    { ...message },
  ] as Record<string, unknown>[];
  for (const fields of [valueFields, ['metadata']] as const) {
    const candidates = holders.flatMap((holder, index) =>
      index === holders.length - 1 && fields === valueFields ? [] : candidatesOf(holder, index, fields),
    );
    candidates.sort((a, b) => b.bytes - a.bytes || a.index - b.index);
    for (const candidate of candidates) {
      if (bytes <= bytesMax) break;
      bytes -= elide(holders[candidate.index] as Record<string, unknown>, candidate, sha256);
    }
  }
  const elided = holders.pop() as unknown as Message;
  return { ...elided, parts: holders as unknown as readonly Part[] };
}

function messageBytes(message: Message): number {
  const { log: _log, digest: _digest, ...rest } = messageToJson(message);
  return utf8Length(JSON.stringify(rest));
}

interface Candidate {
  readonly index: number;
  readonly name: string;
  readonly text: string;
  readonly bytes: number;
}

function candidatesOf(
  holder: Record<string, unknown>,
  index: number,
  fields: readonly string[],
): Candidate[] {
  return fields.flatMap((name) => {
    const value = holder[name];
    if (value === undefined || value === '') return [];
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [{ index, name, text, bytes: utf8Length(text) }];
  });
}

/** Replaces one value by its size and hash, and answers by how many bytes the JSON form shrinks. */
function elide(holder: Record<string, unknown>, candidate: Candidate, sha256: Sha256): number {
  const { name, text, bytes } = candidate;
  const note: Elided = {
    bytes,
    sha256: sha256(text),
    event: (holder['last_event'] ?? holder['events']) as number,
  };
  const before = utf8Length(JSON.stringify({ [name]: holder[name] }));
  const noteName = `${name}_elided`;
  if (name === 'text') holder[name] = '';
  else delete holder[name];
  holder[noteName] = note;
  const after = utf8Length(
    JSON.stringify(name === 'text' ? { text: '', [noteName]: note } : { [noteName]: note }),
  );
  return before - after;
}
