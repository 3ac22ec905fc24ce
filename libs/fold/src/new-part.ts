import { PARTS_MAX } from '@stepfold/events';
import type { PartState, StepState } from './state.js';

/** A part that begins with the present event. */
export function newPart(state: StepState, type: PartState['type'], createdAt?: number): PartState {
  return { type, first_event: state.events, last_event: state.events, created_at: createdAt };
}

/** Appends a part, or counts the event as omitted if there is no room. Answers whether there was. */
export function appendPart(state: StepState, part: PartState): boolean {
  if (state.parts.length >= PARTS_MAX) {
    state.omittedEvents++;
    return false;
  }
  state.parts.push(part);
  return true;
}

/** Booleans are kept only when true. */
export function flag(value: boolean | undefined): true | undefined {
  return value === true ? true : undefined;
}

/** A text in which a lone surrogate is U+FFFD. */
export function wellFormed(text: string | undefined): string | undefined {
  return text?.toWellFormed();
}
