import { isRefused } from './check-store.js';
import { foldedToOf, type RunFacts, type Violation } from './violation.js';

/**
 * Invariant 1: an event whose content is in no message is a dead letter, on its topic and in the store; and
 * no false one: nothing that is in its message is, unless the metadata of a commit was lost.
 */
export function checkDeadLetters(facts: RunFacts): Violation[] {
  const { log, store, expectations, firstLetterOrdinals } = facts;
  const violations: Violation[] = [];
  for (const { verdicts } of expectations) {
    for (const { record, partition, outcome, event, deadLetter } of verdicts) {
      const id = `${log.topicPrefix}events:${partition}:${record.offset}`;
      const what = `${event?.type ?? 'the record'} at ${partition}:${record.offset} (${outcome})`;
      if (deadLetter === 'must') {
        if (!firstLetterOrdinals.has(id))
          violations.push({ invariant: 1, what: `${what} is no dead letter` });
        else if (!store.letters.has(id)) {
          violations.push({ invariant: 1, what: `the dead letter of ${what} is not stored` });
        }
      } else if (deadLetter === 'never' && firstLetterOrdinals.has(id) && !facts.hasLostMetadata) {
        violations.push({ invariant: 1, what: `${what} is a dead letter, and need not be` });
      }
    }
  }
  for (const id of firstLetterOrdinals.keys()) {
    if (!store.letters.has(id)) violations.push({ invariant: 1, what: `dead letter ${id} is not stored` });
  }
  const refused = expectations.flatMap(({ lives }) => lives).filter((life) => isRefused(life.id));
  for (const life of refused) {
    if (life.endedAt === undefined || life.supersededAt !== undefined) continue;
    const hasLetter = [...store.letters.values()].some(
      (letter) =>
        letter.reason === 'store-refused' &&
        letter.chat_id === life.events[0]!.chat_id &&
        letter.step_id === life.events[0]!.step_id,
    );
    if (!hasLetter) {
      violations.push({ invariant: 1, what: `${life.id} was refused by the store, and is no dead letter` });
    }
  }
  return violations;
}

/**
 * What a former owner had acknowledged is only read again: below the `folded_to` from which a projector
 * began it makes no dead letter, and no version of a step that has ended there.
 */
export function checkSilence(facts: RunFacts): Violation[] {
  const { log, expectations } = facts;
  return expectations.flatMap(({ partition }) => {
    const begunAt = new Map<string, number>();
    for (const one of log.assignments) {
      if (one.topic !== 'events' || one.partition !== partition) continue;
      begunAt.set(one.by, Math.min(begunAt.get(one.by) ?? Infinity, foldedToOf(one.committed)));
    }
    const foldedTo = (by: string): number => begunAt.get(by) ?? Infinity;
    const letters = log.records('dead-letters', partition).flatMap(({ by, headers }): Violation[] => {
      const offset = Number(headers['stepfold-offset']);
      if (headers['stepfold-stage'] !== 'projector' || offset >= foldedTo(by)) return [];
      return [{ invariant: 1, what: `${by} made a dead letter of ${partition}:${offset}, which was done` }];
    });
    const ends = facts.steps[partition]!.flatMap((fact): Violation[] => {
      if (fact.kind !== 'version' || !fact.isEnded || fact.lastOffset >= foldedTo(fact.by)) return [];
      const what = `${fact.by} told the end of ${fact.id} at ${partition}:${fact.lastOffset}, which was done`;
      return [{ invariant: 8, what }];
    });
    return [...letters, ...ends];
  });
}
