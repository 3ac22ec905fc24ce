import { createHash } from 'node:crypto';
import { messageToJson, type Message } from '@stepfold/fold';

type Fields = Readonly<Record<string, unknown>>;

const valueNames = ['result', 'args', 'args_text', 'data', 'text'];

/**
 * A message of at most this many bytes, made as `contract/message.md` § Size says: one value after the
 * other gives way, and the whole message is measured again each time.
 */
export function naiveElide(message: Message, bytesMax = 12 * 1024 * 1024): Message {
  let present = message;
  for (const give of [giveWayValue, giveWayMetadata]) {
    while (bytesOf(withoutLog(present)) > bytesMax) {
      const smaller = give(present);
      if (smaller === undefined) break;
      present = smaller;
    }
  }
  return present;
}

const bytesOf = (value: unknown): number => new TextEncoder().encode(textOf(value)).length;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function withoutLog(message: Message): unknown {
  const { log: _log, digest: _digest, ...rest } = messageToJson(message);
  return rest;
}

function giveWayValue(message: Message): Message | undefined {
  return replaceLargest(message, (part) =>
    valueNames.filter(
      (name) => part[name] !== undefined && part[name] !== '' && part[`${name}_elided`] === undefined,
    ),
  );
}

function giveWayMetadata(message: Message): Message | undefined {
  const own = message as unknown as Fields;
  const parts = message.parts as readonly unknown[] as readonly Fields[];
  const largestOfParts = Math.max(0, ...parts.map((part) => sizeOf(part, 'metadata')));
  if (own['metadata'] !== undefined && sizeOf(own, 'metadata') > largestOfParts) {
    return withElided(own, 'metadata', message.events) as unknown as Message;
  }
  return replaceLargest(message, (part) => (part['metadata'] === undefined ? [] : ['metadata']));
}

const sizeOf = (part: Fields, name: string): number => (part[name] === undefined ? 0 : bytesOf(part[name]));

/** Without the largest of the values that a part may give; of equal ones the first. */
function replaceLargest(
  message: Message,
  candidates: (part: Fields) => readonly string[],
): Message | undefined {
  const parts = message.parts as readonly unknown[] as readonly Fields[];
  const all = parts.flatMap((part, index) =>
    candidates(part).map((name) => ({ index, name, bytes: sizeOf(part, name) })),
  );
  const largest = all.reduce<(typeof all)[number] | undefined>(
    (best, one) => (best === undefined || one.bytes > best.bytes ? one : best),
    undefined,
  );
  if (largest === undefined) return undefined;
  const replaced = parts.map((part, index) =>
    index === largest.index ? withElided(part, largest.name, part['last_event']) : part,
  );
  return { ...message, parts: replaced } as unknown as Message;
}

function withElided(fields: Fields, name: string, event: unknown): Fields {
  const { [name]: value, ...rest } = fields;
  const text = textOf(value);
  const sha256 = createHash('sha256').update(text, 'utf8').digest('hex');
  return {
    ...rest,
    ...(name === 'text' ? { text: '' } : {}),
    [`${name}_elided`]: { bytes: bytesOf(value), sha256, event },
  };
}
