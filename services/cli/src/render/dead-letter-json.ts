import { mayBeCut } from '@stepfold/audit';
import { deadLetterCatalogue, formatStamp } from '@stepfold/events';
import type { DeadLetter } from '@stepfold/message-store';
import { defined } from '../defined.js';

/** A letter without its value, as `dead-letters list --json` prints it. Bytes that are no UTF-8 stand as base64. */
export function listedLetter(letter: DeadLetter) {
  const { id, stage, reason, detail, chat_id, step_id, value, at } = letter;
  return {
    id,
    at: formatStamp(at),
    stage,
    reason,
    detail,
    ...defined({ chat_id, step_id }),
    ...bytesOf('key', letter.key),
    value_bytes: value?.byteLength ?? null,
  };
}

/** All of a letter, as `dead-letters show --json` prints it. */
export function shownLetter(letter: DeadLetter) {
  const { cause, remedy } = deadLetterCatalogue[letter.reason];
  return {
    ...listedLetter(letter),
    cause,
    remedy,
    ...(mayBeCut(letter) ? { value_cut: true } : {}),
    ...bytesOf('value', letter.value),
  };
}

function bytesOf(name: string, bytes: Uint8Array | null): Readonly<Record<string, string | null>> {
  if (bytes === null) return { [name]: null };
  const text = utf8Of(bytes);
  return text === undefined ? { [`${name}_base64`]: base64Of(bytes) } : { [name]: text };
}

/** Bytes as text, or undefined if they are not UTF-8. A value that was cut may end within a character. */
export function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
