import { projectorDefaults } from '@stepfold/projector';
import { isEndedAt, livesAt } from './expectation.js';
import { recoveryMs } from './simulation-options.js';
import { EPOCH_MS } from './simulated-runtime.js';
import { foldedToOf, type RunFacts, type Violation } from './violation.js';

/** Until then processes start and the group comes to rest. */
const SETTLED_MS = 600;
const EVENTS_SHOWN_AT_ONCE_MAX = 35;
/** For all that takes a little time where nothing fails: timers, requests, a batch. */
const SLACK_MS = 120;

/**
 * Where nothing fails, what has changed is told when its interval is over, whether anything comes after it
 * or not: versions of open steps when their structure changed, and how far the events have been folded.
 */
export function checkFreshness(facts: RunFacts): Violation[] {
  const config = { ...projectorDefaults, ...facts.options.projector };
  const { openStepIntervalMs, checkpointIntervalMs } = config;
  // Record by record a busy partition falls behind, which is nobody's fault.
  if (!facts.options.isCalm || config.batchEventsMax === 1 || config.outputBytesMax === 1) return [];
  const lateMs = (appendedAtMs: number, intervalMs: number): number =>
    Math.max(appendedAtMs, EPOCH_MS + SETTLED_MS) + intervalMs + SLACK_MS;
  // Then all services begin anew.
  const endMs = EPOCH_MS + recoveryMs(facts.options) - 1_000;
  return facts.expectations.flatMap(({ partition, lives, verdicts }) => {
    const steps = facts.steps[partition]!;
    const untold = verdicts.flatMap(({ record }): Violation[] => {
      if (record.appendedAtMs > endMs) return [];
      const isTold = steps.some(
        (fact) =>
          fact.kind === 'progress' &&
          fact.foldedTo > record.offset &&
          fact.appendedAtMs <= lateMs(record.appendedAtMs, checkpointIntervalMs),
      );
      if (isTold) return [];
      return [{ invariant: 10, what: `progress past ${partition}:${record.offset} was told late` }];
    });
    // A long step uses up the bytes that its versions may have, and is shown as seldom as they allow.
    const short = lives.filter(({ events }) => events.length <= EVENTS_SHOWN_AT_ONCE_MAX);
    const unseen = short.flatMap((life) =>
      life.events.flatMap((event, index): Violation[] => {
        if (event.type.endsWith('-delta') || event.type === 'heartbeat') return [];
        const record = life.records[index]!;
        if (record.appendedAtMs > endMs) return [];
        const isSeen = (facts.versions.get(life.id) ?? []).some(
          (version) =>
            version.appendedAtMs <= lateMs(record.appendedAtMs, openStepIntervalMs) &&
            (version.attempt > life.attempt || (version.attempt === life.attempt && version.events > index)),
        );
        if (isSeen || (life.supersededAt ?? Infinity) < Infinity) return [];
        return [{ invariant: 10, what: `${event.type} at ${partition}:${record.offset} was shown late` }];
      }),
    );
    return [...untold, ...unseen];
  });
}

/**
 * A new owner tells one version of each step that it finds open when it has read what the former owner had
 * acknowledged, before it tells how far it is: the former one may have died with the last change.
 */
export function checkTakeover(facts: RunFacts): Violation[] {
  const { assignments } = facts.log;
  return assignments.flatMap((assignment): Violation[] => {
    const { by, partition, topic, ordinal, committed } = assignment;
    if (topic !== 'events') return [];
    const foldedTo = foldedToOf(committed);
    if (foldedTo <= (committed?.nextOffset ?? 0)) return [];
    // What a process does that was given the partition twice may come from either time.
    const own = assignments.filter(
      (one) => one.by === by && one.partition === partition && one.topic === topic,
    );
    if (own.length > 1) return [];
    const told = facts.steps[partition]!.filter((fact) => fact.by === by && fact.askedOrdinal >= ordinal);
    const progress = told.find((fact) => fact.kind === 'progress');
    if (progress?.kind !== 'progress') return [];
    const expectation = facts.expectations[partition]!;
    const isOpenAt = (offset: number, id: string): boolean =>
      livesAt(expectation, offset).some((life) => life.id === id && !isEndedAt(life, offset));
    return (
      livesAt(expectation, foldedTo)
        .filter((life) => isOpenAt(foldedTo, life.id) && isOpenAt(progress.foldedTo, life.id))
        .filter((life) => (life.supersededAt ?? Infinity) >= progress.foldedTo)
        // Where metadata was lost, the position may lie behind the beginning of what was open at what is folded again.
        .filter((life) => !facts.hasLostMetadata || life.firstOffset >= (committed?.nextOffset ?? 0))
        .filter((life) => !told.some((fact) => fact.kind === 'version' && fact.id === life.id))
        .map((life) => ({
          invariant: 10,
          what: `${by} took ${partition} over and told nothing of ${life.id}`,
        }))
    );
  });
}
