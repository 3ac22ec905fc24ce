import { isId } from '@stepfold/events';
import type { Message } from '@stepfold/fold';

/**
 * Why a version can never be stored, in a sentence, or undefined if it can. What keys and guards are made of
 * must be what it should be, or a message would lie where nobody finds it. Everything else is the fold's business.
 */
export function versionProblem(message: Message): string | undefined {
  for (const name of ['chat_id', 'step_id'] as const) {
    if (!isId(message[name])) return `The field ${name} of the message is not an id.`;
  }
  for (const name of ['rev', 'fold_version', 'started_at', 'last_event_at'] as const) {
    if (!isCount(message[name])) return `The field ${name} of the message is not a whole number.`;
  }
  if (typeof message.status !== 'string') return 'The field status of the message is not a text.';
  if (!isParts(message.parts)) return 'The field parts of the message is not an array of parts.';
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

function isParts(parts: unknown): boolean {
  return Array.isArray(parts) && parts.every((part) => typeof part === 'object' && part !== null);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
