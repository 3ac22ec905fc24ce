import { createEventCodec, type Event } from '@stepfold/events';
import { evolve } from '../evolve.js';
import type { Message } from '../message.js';
import { initialState } from '../state.js';
import { toMessage } from '../to-message.js';

/** An event of a test without its envelope. */
export type Draft = Readonly<Record<string, unknown>>;

const { check } = createEventCodec();

/** When the events of a test begin to happen, in microseconds. */
export const started = 1_775_822_400_000_000;

/** Event n of a test (from 1) happens at `at(n)`, unless it says otherwise. */
export const at = (n: number): number => started + n;

export function eventOf(draft: Draft, index: number): Event {
  const decoded = check({ v: 1, chat_id: 'chat', step_id: 'step', at: at(index + 1), ...draft });
  if (!decoded.ok) throw new Error(`${JSON.stringify(draft).slice(0, 200)}: ${decoded.detail}`);
  return decoded.event;
}

/**
 * `given(…events).when(event)` folds them all, each of which has to be accepted, and answers the message as
 * JSON, integers for stamps.
 */
export function given(...drafts: readonly Draft[]): { when(...more: readonly Draft[]): Message } {
  return {
    when: (...more) => {
      const state = initialState();
      for (const [index, draft] of [...drafts, ...more].entries()) {
        const outcome = evolve(state, eventOf(draft, index));
        if (outcome !== 'accepted') throw new Error(`event ${index + 1} was not accepted: ${outcome}`);
      }
      return JSON.parse(JSON.stringify(toMessage(state))) as Message;
    },
  };
}
