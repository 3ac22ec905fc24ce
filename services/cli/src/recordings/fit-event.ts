import type { Event } from '@stepfold/events';
import { elideEvent } from '@stepfold/publisher';
import { UsageError } from '@stepfold/runtime';
import { sha256 } from './sha256.js';

/**
 * An event of a file as it fits the log.
 * @throws UsageError naming the file if it does not even with its values elided
 */
export function fitEvent(label: string, event: Event): Event {
  try {
    return elideEvent(event, { sha256 });
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new UsageError(cause.code, `${label}: ${cause.message}`, { cause });
  }
}
