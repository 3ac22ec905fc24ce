import { isId } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { headOf, type Head } from './guard.js';

/** Largest message as UTF-8 JSON, everything included. The fold keeps messages below 12 MiB. */
export const STORED_BYTES_MAX = 15 * 1024 * 1024;

/** A version that can be stored: checked and encoded before any lock is taken. */
export interface StoredVersion {
  readonly message: Message;
  readonly head: Head;
  readonly bytes: Buffer;
}

export interface RefusedVersion {
  readonly refusal: string;
}

/** Checks and encodes a version, or says in a sentence why it can never be stored. */
export function encodeVersion(message: Message): StoredVersion | RefusedVersion {
  const refusal = problemOf(message);
  if (refusal !== undefined) return { refusal };
  let text: string;
  try {
    text = JSON.stringify(message);
  } catch (error) {
    const reason = error instanceof Error ? error.name : 'error';
    return { refusal: `The message cannot be written as JSON (${reason}).` };
  }
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > STORED_BYTES_MAX) {
    return {
      refusal: `The message has ${bytes.length} bytes, and at most ${STORED_BYTES_MAX} can be stored.`,
    };
  }
  return { message, head: headOf(message), bytes };
}

export function storedBytesOf(version: StoredVersion | RefusedVersion): number {
  return 'bytes' in version ? version.bytes.length : 0;
}

/** JSON keeps every key and every lone surrogate, and gives a `__proto__` key back as an own property. */
export function decodeMessage(bytes: Buffer): Message {
  return JSON.parse(bytes.toString('utf8')) as Message;
}

/**
 * What keys and guards are made of must be what it should be, or a message would lie where nobody finds it.
 * Everything else is the fold's business.
 */
function problemOf(message: Message): string | undefined {
  for (const name of ['chat_id', 'step_id'] as const) {
    if (!isId(message[name])) return `The field ${name} of the message is not an id.`;
  }
  for (const name of ['rev', 'fold_version', 'started_at', 'last_event_at'] as const) {
    if (!isCount(message[name])) return `The field ${name} of the message is not a whole number.`;
  }
  if (typeof message.status !== 'string') return 'The field status of the message is not a text.';
  const { log } = message;
  if (log === undefined) return undefined;
  if (!isCount(log.generation) || log.generation > GENERATION_MAX) {
    return `The field log.generation of the message is not a whole number up to ${GENERATION_MAX}.`;
  }
  if (!isCount(log.first_offset) || log.first_offset >= OFFSET_END) {
    return 'The field log.first_offset of the message is not a whole number below 2^48.';
  }
  return undefined;
}

const GENERATION_MAX = 32_767;
/** An offset beyond would reach into the generation's part of the order. */
const OFFSET_END = 2 ** 48;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
