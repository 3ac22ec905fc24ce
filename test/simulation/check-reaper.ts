import { projectorDefaults } from '@stepfold/projector';
import { attemptOf } from './naive-acceptance.js';
import { EPOCH_MS } from './simulated-runtime.js';
import { recoveryMs } from './simulation-options.js';
import type { RunFacts, Violation } from './violation.js';

/**
 * Invariant 10, both halves: in the end no step is open, and none was closed that was alive. A closing that
 * counted came after a silence as long as the time-out, in append time, or after the greatest age or size.
 */
export function checkReaper(facts: RunFacts): Violation[] {
  const config = { ...projectorDefaults, ...facts.options.projector };
  const lives = facts.expectations.flatMap(({ lives }) => lives);
  // More steps than a projector holds open: the longest silent ones are closed, however short that was.
  const isFull = lives.length > config.openStepsMax;
  return lives.flatMap((life): Violation[] => {
    const last = life.events.at(-1)!;
    if (life.endedAt === undefined) {
      return life.supersededAt === undefined
        ? [{ invariant: 10, what: `${life.id}, attempt ${life.attempt}, is open for ever` }]
        : [];
    }
    if (last.type !== 'interrupt' || last.reason !== 'timeout') return [];
    const closedAtMs = life.records.at(-1)!.appendedAtMs;
    const silentMs = closedAtMs - life.records.at(-2)!.appendedAtMs;
    const ageMs = closedAtMs - life.records[0]!.appendedAtMs;
    const bytes = life.records.slice(0, -1).reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
    const mayBeClosed =
      last.if_events === undefined
        ? ageMs >= config.stepAgeMaxMs || bytes > config.stepBytesMax
        : silentMs >= config.stepIdleTimeoutMs || isFull;
    if (mayBeClosed) return [];
    const what = `${life.id}, attempt ${attemptOf(last)}, was closed at ${life.endedAt} after ${silentMs} ms of silence at the age of ${ageMs} ms`;
    return [{ invariant: 10, what }];
  });
}

/**
 * The grace of the reaper: a projector decides that a step is idle or too old only when it has been caught
 * up for a while: since it was given the partition, since it could not reach the log, since it was frozen.
 */
export function checkReaperGrace(facts: RunFacts): Violation[] {
  const { log, options, expectations } = facts;
  const { reaperGraceMs, openStepsMax, stepBytesMax } = { ...projectorDefaults, ...options.projector };
  // Steps closed because they are too many or too large are closed at once.
  const steps = expectations.reduce((sum, { lives }) => sum + lives.length, 0);
  if (steps > openStepsMax || stepBytesMax < 100_000) return [];
  return expectations.flatMap(({ partition, verdicts }) =>
    verdicts.flatMap(({ record, event }): Violation[] => {
      if (event?.type !== 'interrupt' || event.reason !== 'timeout') return [];
      const since = [
        ...log.assignments
          .filter((one) => one.topic === 'events' && one.partition === partition)
          .map((one) => ({ ...one, what: 'given the partition' })),
        ...log.setbacks.filter((one) => (one.partition ?? partition) === partition),
      ].filter(({ by, atMs }) => by === record.by && atMs <= record.askedAtMs);
      const last = since.reduce((a, b) => (b.atMs > a.atMs ? b : a), { atMs: -Infinity, what: '' });
      const graceMs = record.askedAtMs - last.atMs;
      if (graceMs >= reaperGraceMs) return [];
      const what = `${record.by} closed a step at ${partition}:${record.offset}, ${graceMs} ms after it was ${last.what}`;
      return [{ invariant: 10, what }];
    }),
  );
}

/** For all that takes a little time, where nothing fails and where it has just come to an end. */
const SLACK_MS = 150;
const RECOVERY_MS = 2_500;

/**
 * Invariant 10: no step stays open beyond its time-out. Where nothing fails that is so at any moment, else
 * from the moment at which the faults are over.
 */
export function checkTimeOuts(facts: RunFacts): Violation[] {
  const config = { ...projectorDefaults, ...facts.options.projector };
  const recoveredAtMs = EPOCH_MS + recoveryMs(facts.options);
  const graceMs = config.reaperGraceMs + 3 * config.reaperLookMs + facts.options.timerLatenessMs * 4;
  const deadlineMs = (dueAtMs: number): number => {
    const isEarly = facts.options.isCalm && dueAtMs < recoveredAtMs - RECOVERY_MS;
    return isEarly
      ? Math.max(dueAtMs, EPOCH_MS + 600) + graceMs + SLACK_MS
      : Math.max(dueAtMs, recoveredAtMs) + graceMs + RECOVERY_MS;
  };
  return facts.expectations.flatMap(({ partition, lives, verdicts }) => {
    const timeOf = new Map(verdicts.map(({ record }) => [record.offset, record.appendedAtMs]));
    return lives.flatMap((life): Violation[] => {
      const endOffset = life.endedAt ?? life.supersededAt;
      const endMs = endOffset === undefined ? Infinity : timeOf.get(endOffset)!;
      const begunMs = life.records[0]!.appendedAtMs;
      const isOver = (dueAtMs: number | undefined): boolean =>
        dueAtMs !== undefined && endMs > deadlineMs(dueAtMs);
      // Whatever names the step is a sign of life.
      const signs = verdicts
        .filter(({ id }) => id === life.id)
        .map(({ record }) => record.appendedAtMs)
        .filter((atMs) => atMs >= begunMs && atMs <= endMs);
      let bytes = 0;
      const large = life.records.find((record) => {
        bytes += record.value?.byteLength ?? 0;
        return bytes > config.stepBytesMax;
      });
      const reasons = [
        isOver(begunMs + config.stepAgeMaxMs) ? 'old' : undefined,
        isOver(large?.appendedAtMs) ? 'large' : undefined,
        signs.some((atMs, i) => (signs[i + 1] ?? endMs) > deadlineMs(atMs + config.stepIdleTimeoutMs))
          ? 'idle'
          : undefined,
      ].filter((reason) => reason !== undefined);
      return reasons.map((reason) => ({
        invariant: 10,
        what: `${life.id}, begun at ${partition}:${life.firstOffset}, stayed open, ${reason} as it was`,
      }));
    });
  });
}
