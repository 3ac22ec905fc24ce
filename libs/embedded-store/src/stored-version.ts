import type { Message } from '@stepfold/fold';
import { headOf, versionProblem, type Head } from '@stepfold/message-store';

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
  const refusal = versionProblem(message);
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
