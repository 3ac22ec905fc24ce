import { describe, expect, it } from '@jest/globals';
import { InvariantViolation, TransientError } from '@stepfold/runtime';
import {
  guardedWrite,
  type GuardedWritePort,
  type ReplaceAnswer,
  type UpsertAnswer,
} from './guarded-write.js';

interface Version {
  readonly id: string;
  readonly rev: number;
}

type Answers = Partial<Record<string, UpsertAnswer['answer'] | ReplaceAnswer['answer']>>;

/** A port that answers as told, and keeps what it was asked. */
function scripted(upserts: Answers, replaces: Answers = {}) {
  const asked: [string, string, string[]][] = [];
  const answer = (answers: Answers, version: Version) =>
    answers[version.id] === 'refused'
      ? { answer: 'refused' as const, detail: `no ${version.id}` }
      : { answer: answers[version.id] };
  const port: GuardedWritePort<Version> = {
    upsert(collection, versions) {
      asked.push(['upsert', collection, versions.map((version) => version.id)]);
      return Promise.resolve(versions.map((version) => answer(upserts, version) as UpsertAnswer));
    },
    replace(collection, versions) {
      asked.push(['replace', collection, versions.map((version) => version.id)]);
      return Promise.resolve(versions.map((version) => answer(replaces, version) as ReplaceAnswer));
    },
  };
  return { port, asked };
}

const versions = ['a', 'b', 'c', 'd'].map((id, rev) => ({ id, rev }));

/** A store of documents in which another writer may act between the look of an upsert and its insert. */
function racing(between: (stored: Map<string, Version>) => void) {
  const stored = new Map<string, Version>();
  const isGuarded = (version: Version) => (stored.get(version.id)?.rev ?? -1) < version.rev;
  const port: GuardedWritePort<Version> = {
    upsert: (_collection, offered) => {
      const seen = offered.map((version) => stored.has(version.id));
      between(stored);
      return Promise.resolve(
        offered.map((version, i): UpsertAnswer => {
          if (seen[i] ? !isGuarded(version) : stored.has(version.id)) return { answer: 'duplicate' };
          stored.set(version.id, version);
          return { answer: 'written' };
        }),
      );
    },
    replace: (_collection, offered) =>
      Promise.resolve(
        offered.map((version): ReplaceAnswer => {
          if (!stored.has(version.id) || !isGuarded(version)) return { answer: 'unmatched' };
          stored.set(version.id, version);
          return { answer: 'matched' };
        }),
      ),
  };
  return { port, stored };
}

describe('a guarded write', () => {
  it('answers applied, stale and refused in the order of the versions', async () => {
    const { port, asked } = scripted(
      { a: 'duplicate', b: 'written', c: 'refused', d: 'duplicate' },
      { a: 'unmatched', d: 'matched' },
    );
    expect(await guardedWrite(port, 'messages', versions)).toEqual([
      { outcome: 'stale' },
      { outcome: 'applied' },
      { outcome: 'refused', detail: 'no c' },
      { outcome: 'applied' },
    ]);
    expect(asked).toEqual([
      ['upsert', 'messages', ['a', 'b', 'c', 'd']],
      ['replace', 'messages', ['a', 'd']],
    ]);
  });

  it('asks once if nothing was a duplicate, and never about nothing', async () => {
    const { port, asked } = scripted({ a: 'written', b: 'written', c: 'written', d: 'written' });
    await guardedWrite(port, 'messages', versions);
    expect(asked).toHaveLength(1);
    expect(await guardedWrite(port, 'messages', [])).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  it('keeps refused what is refused at the second try', async () => {
    const { port } = scripted({ a: 'duplicate' }, { a: 'refused' });
    expect(await guardedWrite(port, 'messages', versions.slice(0, 1))).toEqual([
      { outcome: 'refused', detail: 'no a' },
    ]);
  });

  it('lets the final version win over a first one that was inserted at the same moment', async () => {
    const { port, stored } = racing((documents) => documents.set('a', { id: 'a', rev: 3 }));
    expect(await guardedWrite(port, 'messages', [{ id: 'a', rev: 9 }])).toEqual([{ outcome: 'applied' }]);
    expect(stored.get('a')).toEqual({ id: 'a', rev: 9 });
  });

  it('leaves a later version that was inserted at the same moment, and the same one', async () => {
    for (const rev of [9, 10]) {
      const { port, stored } = racing((documents) => documents.set('a', { id: 'a', rev }));
      expect(await guardedWrite(port, 'messages', [{ id: 'a', rev: 9 }])).toEqual([{ outcome: 'stale' }]);
      expect(stored.get('a')).toEqual({ id: 'a', rev });
    }
  });

  it('throws what the store throws, in either try', async () => {
    const away = new TransientError('store-unavailable', 'away');
    const { port } = scripted({ a: 'duplicate' }, { a: 'matched' });
    await expect(guardedWrite({ ...port, upsert: () => Promise.reject(away) }, 'm', versions)).rejects.toBe(
      away,
    );
    await expect(
      guardedWrite({ ...port, replace: () => Promise.reject(away) }, 'm', versions.slice(0, 1)),
    ).rejects.toBe(away);
  });

  it('calls an adapter that answers too little broken', async () => {
    const { port } = scripted({});
    await expect(
      guardedWrite({ ...port, upsert: () => Promise.resolve([]) }, 'm', versions),
    ).rejects.toBeInstanceOf(InvariantViolation);
  });
});
