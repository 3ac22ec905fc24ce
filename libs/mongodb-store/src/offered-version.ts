import type { Message } from '@stepfold/fold';
import { headOf, versionProblem, type Head } from '@stepfold/message-store';
import { encodeMessage, NotEncodableError, type MessageDocument } from './encode-message.js';

/** Largest document. The server takes 16 MiB; the operation that carries it needs some of it. */
export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024 - 16 * 1024;

/** A version that can be offered to the server. */
export interface OfferedVersion {
  readonly message: Message;
  readonly head: Head;
  readonly document: MessageDocument;
  readonly bytes: number;
}

export interface RefusedVersion {
  readonly refusal: string;
}

/** Checks and encodes a version, or says in a sentence why it can never be stored. */
export function offeredVersionOf(message: Message): OfferedVersion | RefusedVersion {
  const refusal = versionProblem(message);
  if (refusal !== undefined) return { refusal };
  try {
    const { document, bytes } = encodeMessage(message);
    if (bytes <= DOCUMENT_BYTES_MAX) return { message, head: headOf(message), document, bytes };
    return {
      refusal: `The message has ${bytes} bytes of BSON, and at most ${DOCUMENT_BYTES_MAX} can be stored.`,
    };
  } catch (error) {
    if (error instanceof NotEncodableError) return { refusal: error.message };
    // The stack is full. A server takes far less, and no event is nested like that.
    if (error instanceof RangeError) return { refusal: 'The message is nested too deeply.' };
    throw error;
  }
}

export function offeredBytesOf(version: OfferedVersion | RefusedVersion): number {
  return 'bytes' in version ? version.bytes : 0;
}
