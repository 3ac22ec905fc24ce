import type { ReadEvent } from '@stepfold/audit';
import { eventJson } from '../render/event-json.js';

/** Turns the events of one partition into what is written, in the order in which they come. */
export interface EventPrinter {
  /** Whole lines that this event completes; may be none. */
  event(read: ReadEvent): string;
  /** Called after each look at the log: what was gathered and has not grown since the look before. */
  settle(): string;
  /** All that was gathered: nothing more will come. */
  finish(): string;
}

export const jsonPrinter: EventPrinter = {
  event: (read) => `${eventJson(read)}\n`,
  settle: () => '',
  finish: () => '',
};
