import type { Topic } from '@stepfold/event-log';
import { isEndedAt, livesAt, lowWaterMarkAt, type PartitionExpectation } from './expectation.js';
import type { LogServer, StoredRecord } from './log-server.js';
import type { Message } from '@stepfold/fold';
import { decodeJson, type RunFacts, type StepFact, type Violation } from './violation.js';

/** Invariant 1, where it begins: what a publisher was told is on the log is there, with the same bytes. */
export function checkAcknowledged(facts: RunFacts): Violation[] {
  const values = facts.expectations.map(
    ({ verdicts }) => new Map(verdicts.map(({ record }) => [record.offset, record.value])),
  );
  return facts.acknowledged
    .filter(({ partition, offset, record }) => values[partition]?.get(offset) !== record.value)
    .map(({ partition, offset }) => ({ invariant: 1, what: `${partition}:${offset} is not on the log` }));
}

/**
 * Invariant 2 of the projector, for every commit that ever took effect: it lies at or below the first
 * event of the oldest step that is open when everything below `folded_to` has been folded, and what was made
 * of the events below `folded_to` was on the log by then.
 */
export function checkProjectorCommits(facts: RunFacts): Violation[] {
  const { log, expectations } = facts;
  const highest = new Map<number, number>();
  return log.commits
    .filter((commit) => commit.topic === 'events')
    .flatMap((commit): Violation[] => {
      const expectation = expectations[commit.partition]!;
      const { nextOffset, metadata } = commit.position;
      const foldedTo = (decodeJson(metadata) as { folded_to?: unknown } | undefined)?.folded_to;
      const at = `${commit.by} committed ${nextOffset} of partition ${commit.partition} with ${metadata || 'no metadata'}`;
      if (typeof foldedTo !== 'number') return [{ invariant: 2, what: `${at}: no folded_to` }];
      const reached = Math.max(foldedTo, highest.get(commit.partition) ?? 0);
      highest.set(commit.partition, reached);
      // Who begins without metadata cannot know how far the former owner was. The position stays as good
      // as it was, for the steps that began below it and had ended by then.
      const lowWaterMark = lowWaterMarkAt(expectation, facts.hasLostMetadata ? reached : foldedTo);
      return [
        ...(nextOffset > lowWaterMark
          ? [{ invariant: 2, what: `${at}: the low-water mark is ${lowWaterMark}` }]
          : []),
        ...missingBefore(facts, expectation, foldedTo, commit.ordinal).map((what) => ({
          invariant: 2,
          what: `${at}: ${what}`,
        })),
      ];
    });
}

/** Invariant 2 of the progress records: they stand behind everything that they speak of. */
export function checkProgressRecords(facts: RunFacts): Violation[] {
  return facts.expectations.flatMap((expectation) =>
    facts.steps[expectation.partition]!.flatMap((fact): Violation[] => {
      if (fact.kind !== 'progress') return [];
      const what = `the progress record at ${fact.offset} of partition ${expectation.partition} says ${fact.foldedTo}`;
      if (fact.foldedTo > facts.log.end('events', expectation.partition)) {
        return [{ invariant: 2, what: `${what}: beyond the end of the events` }];
      }
      return missingVersions(facts, expectation, fact.foldedTo, fact.offset).map((missing) => ({
        invariant: 2,
        what: `${what}: ${missing}`,
      }));
    }),
  );
}

/** What was made from the events below `foldedTo` and was not on the log at a moment. */
function missingBefore(
  facts: RunFacts,
  expectation: PartitionExpectation,
  foldedTo: number,
  ordinal: number,
): string[] {
  const { log } = facts;
  const { partition } = expectation;
  const stepsEnd = endAt(log, 'steps', partition, ordinal);
  const letters = facts.firstLetterOrdinals;
  const lost = expectation.verdicts
    .filter(
      ({ record, deadLetter }) =>
        deadLetter === 'must' &&
        record.offset < foldedTo &&
        (letters.get(`${log.topicPrefix}events:${partition}:${record.offset}`) ?? Infinity) > ordinal,
    )
    .map(({ record, outcome }) => `no dead letter of ${record.offset} (${outcome})`);
  return [...missingVersions(facts, expectation, foldedTo, stepsEnd), ...lost];
}

/** Steps that had ended below `foldedTo`, and whose last version does not stand before an offset of the steps. */
function missingVersions(
  facts: RunFacts,
  expectation: PartitionExpectation,
  foldedTo: number,
  stepsEnd: number,
): string[] {
  return livesAt(expectation, foldedTo)
    .filter((life) => isEndedAt(life, foldedTo))
    .flatMap((life) => {
      const isThere = (facts.versions.get(life.id) ?? []).some(
        (version) => version.rev >= life.rev && version.offset < stepsEnd,
      );
      return isThere ? [] : [`no version of ${life.id} since its end at ${life.endedAt}`];
    });
}

/** Where a partition ended at a moment. */
function endAt(log: LogServer, topic: Topic, partition: number, ordinal: number): number {
  const next = log.records(topic, partition).find((record) => record.ordinal > ordinal);
  return next?.offset ?? log.end(topic, partition);
}

/** A record of the topic of steps, read without the help of the product. */
export function readStep({ offset, by, key, value, appendedAtMs, askedOrdinal }: StoredRecord): StepFact {
  const id = decoder.decode(key ?? new Uint8Array());
  const text = decoder.decode(value ?? new Uint8Array());
  if (id === ':progress') {
    const { folded_to } = JSON.parse(text) as { folded_to: number };
    return { kind: 'progress', offset, by, foldedTo: folded_to, appendedAtMs, askedOrdinal };
  }
  const { rev, attempt, events, ended_at, log } = JSON.parse(text) as Message;
  return {
    ...{ kind: 'version', offset, by, id, rev, attempt, events, appendedAtMs, askedOrdinal },
    isEnded: ended_at !== undefined,
    lastOffset: log?.last_offset ?? -1,
  };
}

const decoder = new TextDecoder();
