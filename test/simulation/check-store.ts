import { isDeepStrictEqual } from 'node:util';
import type { Message } from '@stepfold/fold';
import { canonicalJson } from './canonical-json.js';
import { isEndedAt, livesAt, type Life } from './expectation.js';
import { FIRST_COLLECTION } from '@stepfold/message-store';
import { REFUSED_PREFIX } from './store-server.js';
import type { RunFacts, Violation } from './violation.js';

/** Invariant 3: when all is over, the live collection is the naive fold of the whole log, byte for byte. */
export function checkMessages(facts: RunFacts): Violation[] {
  const { store, expectations } = facts;
  const expected = new Map<string, Life>();
  for (const { lives } of expectations) {
    for (const life of lives) if (!isRefused(life.id)) expected.set(life.id, life);
  }
  const stored = store.collection(store.live);
  const violations: Violation[] = [];
  for (const [id, life] of expected) {
    const message = stored.get(id);
    const wanted = canonicalJson(life.message(life.events.length));
    if (message === undefined) violations.push({ invariant: 3, what: `${id} is not stored: ${wanted}` });
    else if (canonicalJson(message) !== wanted) {
      violations.push({
        invariant: 3,
        what: `${id} is stored as\n${canonicalJson(message)}\nand should be\n${wanted}`,
      });
    }
  }
  for (const id of stored.keys()) {
    if (!expected.has(id)) violations.push({ invariant: 3, what: `${id} is stored, and nothing on the log` });
  }
  return violations;
}

/** Invariants 4 and 5, at every write: `rev` rises, what has ended stays, and what is stored was on the log. */
export function checkWrites(facts: RunFacts): Violation[] {
  const lives = new Map<string, Life[]>();
  for (const expectation of facts.expectations) {
    for (const life of expectation.lives) lives.set(life.id, [...(lives.get(life.id) ?? []), life]);
  }
  return facts.store.writes.flatMap(({ id, message, before, by, collection }): Violation[] => {
    const violations: Violation[] = [];
    const at = `${by} wrote ${id} rev ${message.rev} to ${collection}`;
    if (before !== undefined && before.rev > message.rev) {
      violations.push({ invariant: 4, what: `${at} over rev ${before.rev}` });
    }
    if (before?.rev === message.rev && !isDeepStrictEqual(before, message)) {
      violations.push({ invariant: 4, what: `${at} over another one with the same rev` });
    }
    const life = lives.get(id)?.find((one) => one.attempt === message.attempt);
    const isOnLog = life !== undefined && message.events <= life.events.length;
    if (!isOnLog || !isSame(message, life.message(message.events))) {
      violations.push({
        invariant: 3,
        what: `${at}, which is no prefix of the log: ${canonicalJson(message)}`,
      });
    }
    return violations;
  });
}

function isSame(message: Message, expected: Message): boolean {
  return isDeepStrictEqual(message, expected) || canonicalJson(message) === canonicalJson(expected);
}

/** Invariant 2 of the writer: at every commit and whenever progress is told, what lies before it is stored. */
export function checkStoredProgress(facts: RunFacts): Violation[] {
  const { log, store, expectations } = facts;
  const violations: Violation[] = [];
  let live = FIRST_COLLECTION;
  const revs = new Map<string, number>();
  const told = [
    ...store.switches.map((fact) => ({ ordinal: fact.ordinal, kind: 'switch' as const, fact })),
    ...store.writes.map((fact) => ({ ordinal: fact.ordinal, kind: 'write' as const, fact })),
    ...store.progressFacts.map((fact) => ({ ordinal: fact.ordinal, kind: 'progress' as const, fact })),
    ...log.commits
      .filter((fact) => fact.topic === 'steps')
      .map((fact) => ({ ordinal: fact.ordinal, kind: 'commit' as const, fact })),
  ].sort((a, b) => a.ordinal - b.ordinal);
  const isStored = (id: string, rev: number): boolean => isRefused(id) || (revs.get(id) ?? -1) >= rev;

  for (const one of told) {
    if (one.kind === 'switch') {
      // The new collection begins as a copy of the one that was live.
      live = one.fact.to;
    } else if (one.kind === 'write') {
      if (one.fact.collection === live) revs.set(one.fact.id, one.fact.message.rev);
    } else if (one.kind === 'progress') {
      const { partition, folded_to } = one.fact.progress;
      for (const life of livesAt(expectations[partition]!, folded_to)) {
        if (!isEndedAt(life, folded_to)) continue;
        if (isStored(life.id, life.rev)) continue;
        const what = `${one.fact.by} told progress ${folded_to} of partition ${partition} before ${life.id} was stored`;
        violations.push({ invariant: 2, what });
      }
    } else {
      const { partition, position, by } = one.fact;
      for (const step of facts.steps[partition]!) {
        if (step.offset >= position.nextOffset) break;
        if (step.kind !== 'version' || isStored(step.id, step.rev)) continue;
        const what = `${by} committed ${position.nextOffset} of the steps before ${step.id} rev ${step.rev} was stored`;
        violations.push({ invariant: 2, what });
      }
    }
  }
  return violations;
}

export function isRefused(id: string): boolean {
  return id.slice(id.indexOf(':') + 1).startsWith(REFUSED_PREFIX);
}
