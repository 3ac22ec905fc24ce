import { projectorDefaults } from '@stepfold/projector';
import { checkDeadLetters, checkSilence } from './check-dead-letters.js';
import { checkFreshness, checkTakeover } from './check-freshness.js';
import { checkAcknowledged, checkProgressRecords, checkProjectorCommits, readStep } from './check-log.js';
import { checkReaper, checkReaperGrace, checkTimeOuts } from './check-reaper.js';
import { checkMessages, checkStoredProgress, checkWrites } from './check-store.js';
import { expectPartition } from './expectation.js';
import type { RunFacts, VersionFact, Violation } from './violation.js';

export function gatherFacts(
  run: Pick<RunFacts, 'options' | 'log' | 'store' | 'acknowledged' | 'hasLostMetadata'>,
): RunFacts {
  const { log, options } = run;
  const partitions = Array.from({ length: log.partitionCount }, (_, partition) => partition);
  const { eventBytesMax } = { ...projectorDefaults, ...options.projector };
  const steps = partitions.map((partition) => log.records('steps', partition).map(readStep));
  const versions = new Map<string, VersionFact[]>();
  for (const fact of steps.flat()) {
    if (fact.kind !== 'version') continue;
    const known = versions.get(fact.id);
    if (known === undefined) versions.set(fact.id, [fact]);
    else known.push(fact);
  }
  const firstLetterOrdinals = new Map<string, number>();
  for (const partition of partitions) {
    for (const { headers, ordinal } of log.records('dead-letters', partition)) {
      const names = ['stepfold-topic', 'stepfold-partition', 'stepfold-offset'];
      const id = names.map((name) => headers[name]).join(':');
      if (!firstLetterOrdinals.has(id)) firstLetterOrdinals.set(id, ordinal);
    }
  }
  const expectations = partitions.map((partition) => expectPartition(log, partition, { eventBytesMax }));
  return { ...run, expectations, steps, versions, firstLetterOrdinals };
}

/** All that can be wrong with a run. What concerns its end is checked only if it came to one. */
export function checkAll(facts: RunFacts, { isComplete }: { readonly isComplete: boolean }): Violation[] {
  return [
    ...checkProjectorCommits(facts),
    ...checkProgressRecords(facts),
    ...checkWrites(facts),
    ...checkStoredProgress(facts),
    ...checkAcknowledged(facts),
    ...checkSilence(facts),
    ...checkReaperGrace(facts),
    ...checkTimeOuts(facts),
    ...checkFreshness(facts),
    ...checkTakeover(facts),
    ...(isComplete ? [...checkMessages(facts), ...checkDeadLetters(facts), ...checkReaper(facts)] : []),
  ];
}
