import { randomSuffix, type Runtime } from '@stepfold/runtime';
import type { EventOf } from '@stepfold/events';
import { PRODUCERS_MAX } from '@stepfold/fold';
import type { ProjectorConfig } from './config.js';
import type { OpenStep } from './open-step.js';
import type { Projection } from './projection.js';

/**
 * Closes steps that nobody will end: idle ones, too old ones, too large ones. It does so as any publisher
 * would, by an `interrupt` on the log, so that a replay sees it too.
 *
 * 1. Nothing is closed for its age or idleness before the projector has been caught up for `reaperGraceMs`:
 *    what it has not read may be a sign of life.
 * 2. Time is the partition's: the highest append time seen, and what has passed since on the monotonic
 *    clock. The wall clock gives only `detected_at`.
 * 3. A process that was frozen sees a gap between two looks, and its grace begins anew.
 * 4. The closing of an idle step counts only if the step has exactly the events that were known when it was
 *    decided on (`if_events`), so one decided on old knowledge changes nothing.
 */
export interface Reaper {
  /** The name of this incarnation as a producer. */
  readonly producer: string;
  lookedAtMs: number | undefined;
  /** The end of the partition that the last look saw. */
  endAtLook: number;
  /** Whether the closings that the last look allows have been made. */
  isLookDone: boolean;
  caughtUpSinceMs: number | undefined;
  /** When the highest append time was seen, on the monotonic clock. */
  appendedAtMs: number;
  appendTimeSeenAtMs: number;
}

export function createReaper(runtime: Runtime): Reaper {
  return {
    producer: `projector-${randomSuffix(runtime, 12)}`,
    lookedAtMs: undefined,
    endAtLook: Infinity,
    isLookDone: true,
    caughtUpSinceMs: undefined,
    appendedAtMs: -Infinity,
    appendTimeSeenAtMs: 0,
  };
}

/** To be called after each batch: moves the partition's clock on. */
export function noteAppendTime(reaper: Reaper, projection: Projection, nowMs: number): void {
  if (projection.appendedAtMs <= reaper.appendedAtMs) return;
  reaper.appendedAtMs = projection.appendedAtMs;
  reaper.appendTimeSeenAtMs = nowMs;
}

/** The log could not be reached: nothing is known about signs of life until it has been caught up again. */
export function noteConnectionLost(reaper: Reaper): void {
  reaper.caughtUpSinceMs = undefined;
  reaper.isLookDone = true;
  reaper.endAtLook = Infinity;
}

/** The end of the log was asked for at `nowMs` and answered. */
export function noteLook(
  reaper: Reaper,
  projection: Projection,
  config: ProjectorConfig,
  endOffset: number,
  nowMs: number,
): void {
  const gapMs = nowMs - (reaper.lookedAtMs ?? -Infinity);
  // Caught up means: folded everything below the end that the look before has seen.
  const isCaughtUp = projection.nextOffset >= reaper.endAtLook && gapMs <= config.reaperLookGapMaxMs;
  if (!isCaughtUp) reaper.caughtUpSinceMs = undefined;
  else reaper.caughtUpSinceMs ??= nowMs;
  reaper.lookedAtMs = nowMs;
  reaper.endAtLook = endOffset;
  reaper.isLookDone = false;
}

/** The interrupts to append now. Each is made once: the step remembers it. */
export function closingsDue(
  reaper: Reaper,
  projection: Projection,
  config: ProjectorConfig,
  runtime: Runtime,
): EventOf<'interrupt'>[] {
  const closings: EventOf<'interrupt'>[] = [];
  const nowMs = runtime.monotonicMs();
  for (const step of projection.oversizeSteps) {
    projection.oversizeSteps.delete(step);
    close(reaper, closings, step, false, runtime);
  }
  if (reaper.isLookDone || projection.nextOffset < reaper.endAtLook) return closings;
  reaper.isLookDone = true;
  // Frozen since the look: what it saw is old, and the age of every step would seem greater than it is.
  if (nowMs - (reaper.lookedAtMs ?? -Infinity) > config.reaperLookGapMaxMs) return closings;
  // The first as if they were idle, the second as if each were too large.
  for (const step of silentBeyond(config.openStepsMax, projection))
    close(reaper, closings, step, true, runtime);
  for (const step of largestBeyond(config.openBytesMax, projection))
    close(reaper, closings, step, false, runtime);
  if (reaper.caughtUpSinceMs === undefined || nowMs - reaper.caughtUpSinceMs < config.reaperGraceMs)
    return closings;
  const logNowMs = reaper.appendedAtMs + (nowMs - reaper.appendTimeSeenAtMs);
  for (const step of projection.openSteps.values()) {
    if (logNowMs - step.firstAppendedAtMs > config.stepAgeMaxMs)
      close(reaper, closings, step, false, runtime);
    else if (logNowMs - step.lastAppendedAtMs > config.stepIdleTimeoutMs) {
      close(reaper, closings, step, true, runtime);
    }
  }
  return closings;
}

/** Of more open steps than memory is meant for, those that were silent for longest. */
function silentBeyond(openStepsMax: number, { openSteps }: Projection): readonly OpenStep[] {
  const excess = openSteps.size - openStepsMax;
  if (excess <= 0) return [];
  const bySilence = [...openSteps.values()].sort((a, b) => a.lastAppendedAtMs - b.lastAppendedAtMs);
  return bySilence.slice(0, excess);
}

/** Of open steps of more bytes than memory is meant for, the largest, until the others fit. */
function largestBeyond(openBytesMax: number, { openSteps }: Projection): readonly OpenStep[] {
  let openBytes = 0;
  for (const { state } of openSteps.values()) openBytes += state.bytes;
  if (openBytes <= openBytesMax) return [];
  const bySize = [...openSteps.values()].sort((a, b) => b.state.bytes - a.state.bytes);
  const largest: OpenStep[] = [];
  for (const step of bySize) {
    if (openBytes <= openBytesMax) break;
    largest.push(step);
    openBytes -= step.state.bytes;
  }
  return largest;
}

function close(
  reaper: Reaper,
  closings: EventOf<'interrupt'>[],
  step: OpenStep,
  isConditional: boolean,
  runtime: Runtime,
): void {
  const { state, closing } = step;
  // An unconditional closing holds whatever has come since; a conditional one only for the same events.
  if (closing !== undefined && (!closing.isConditional || (isConditional && closing.events === state.events)))
    return;
  step.closing = { events: state.events, isConditional };
  const isKnown = state.producers.has(reaper.producer);
  const hasRoom = isKnown || state.producers.size < PRODUCERS_MAX;
  closings.push({
    v: 1,
    chat_id: state.chatId,
    step_id: state.stepId,
    ...(state.attempt === 0 ? {} : { attempt: state.attempt }),
    ...(hasRoom ? { producer: reaper.producer, seq: step.closingSeq++ } : {}),
    // The last moment at which the step is known to have lived.
    at: state.lastEventAt,
    type: 'interrupt',
    reason: 'timeout',
    detected_at: runtime.nowMicros(),
    ...(isConditional ? { if_events: state.events } : {}),
  });
}
