import type { Event } from '@stepfold/events';
import type { OpenStep } from './open-step.js';

/** The bytes emitted for an open step stay below this multiple of the bytes folded … */
const EMITTED_PER_FOLDED = 4;
/** … plus this many, so that small steps are shown at once. */
const EMITTED_BYTES_FREE = 64 * 1024;
/** A step whose structure stays the same is shown again when it has grown by this factor. */
const GROWTH = 1.5;

/** Whether a version of the step should follow this event, which has been folded. */
export function isWorthAVersion(step: OpenStep, event: Event, partsBefore: number): boolean {
  switch (event.type) {
    case 'heartbeat':
      return false;
    case 'text-delta':
    case 'reasoning-delta':
    case 'tool-input-delta':
      // A delta without a start begins a part.
      return (
        step.state.parts.length !== partsBefore ||
        step.state.bytes >= step.emission.bytesFoldedAtLast * GROWTH
      );
    default:
      return true;
  }
}

/**
 * Whether one more version keeps the bytes emitted linear in the bytes folded. Its size is estimated from
 * the last one, so that a version that would not fit is never made at all.
 */
export function isWithinBudget(step: OpenStep): boolean {
  const { emission } = step;
  const bytesFolded = step.state.bytes;
  const estimate = emission.lastVersionBytes + (bytesFolded - emission.bytesFoldedAtLast);
  return emission.bytes + estimate <= bytesFolded * EMITTED_PER_FOLDED + EMITTED_BYTES_FREE;
}

export function noteVersion(step: OpenStep, bytes: number, nowMs: number): void {
  const { emission } = step;
  emission.isDue = false;
  emission.atMs = nowMs;
  emission.bytes += bytes;
  emission.lastVersionBytes = bytes;
  emission.bytesFoldedAtLast = step.state.bytes;
}
