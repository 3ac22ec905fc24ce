import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { partitionOf } from '@stepfold/event-log';
import type { Message } from '@stepfold/fold';
import * as fc from 'fast-check';
import { arbitraryFrom } from '../../../test/support/arbitrary-events.js';
import { between, oneIn, pick, type Chance } from '../../../test/support/chance.js';
import { generateEvents } from '../../../test/support/generate-events.js';
import { allVersions, type MadeVersion } from './testing/all-versions.js';
import { InMemoryLog } from './testing/in-memory-log.js';
import { InMemoryStore } from './testing/in-memory-store.js';
import { verify } from './verify.js';

const createSha256 = () => createHash('sha256');

/** Random events on a log of two partitions, with bad records and holes between them. */
function someLog(chance: Chance): InMemoryLog {
  const log = new InMemoryLog(2);
  for (const event of generateEvents(chance, { eventsMax: 60, stepsMax: 4 })) {
    log.appendEvent(event, oneIn(chance, 15) ? between(chance, 1, 3) : 0);
    if (!oneIn(chance, 15)) continue;
    const key = Buffer.from(event.chat_id);
    const partition = partitionOf(key, 2);
    const { value } = log.records(partition).at(-1)!;
    log.appendRecord(
      pick(chance, [
        { key, value: Buffer.from('{"v": 1') },
        { key, value: null },
        { key: null, value },
        { key: Buffer.from('chat-x'), value },
      ]),
      partition,
    );
  }
  return log;
}

/** What a projector and a writer can have stored, partition by partition. */
class System {
  readonly store = new InMemoryStore();
  readonly #partitions: {
    readonly versions: readonly MadeVersion[];
    stored: Map<string, number>;
    progress: number;
    visibleEnd: number;
  }[];

  constructor(
    readonly chance: Chance,
    readonly log: InMemoryLog,
  ) {
    this.#partitions = [0, 1].map((partition) => ({
      versions: allVersions(log, createSha256, partition),
      stored: new Map<string, number>(),
      progress: 0,
      visibleEnd: 0,
    }));
  }

  /** The projector has folded up to here, and the writer has stored some of what it made. */
  moveTo(end: number, partition: number): void {
    const { chance, log, store } = this;
    const state = this.#partitions[partition]!;
    state.visibleEnd = Math.max(state.visibleEnd, Math.min(end, log.nextOffset(partition)));
    const progress = oneIn(chance, 4) ? state.progress : between(chance, 0, state.visibleEnd);
    state.progress = Math.max(state.progress, progress);
    // All that ended before the progress is stored; of the rest some, and of open steps some version.
    for (const [index, { offset, message }] of state.versions.entries()) {
      if (offset >= state.visibleEnd) break;
      const key = `${message.chat_id}:${message.step_id}`;
      if (index <= (state.stored.get(key) ?? -1)) continue;
      const isDemanded = message.status !== 'open' && offset < state.progress;
      if (!isDemanded && !oneIn(chance, 3)) continue;
      store.put(message);
      state.stored.set(key, index);
    }
    store.setProgress(state.progress, partition);
  }

  /** Deletes from the beginning, never inside of an attempt, as a retention that is long enough does. */
  deleteSome(partition: number): void {
    const { chance, log } = this;
    const { versions, stored, progress } = this.#partitions[partition]!;
    const cut = between(chance, 0, progress);
    const isInside = versions.some(({ message: { log: range } }) => {
      return range !== undefined && range.first_offset < cut && cut <= range.last_offset;
    });
    const leavesOpen = versions.some(({ message, offset }, index) => {
      const latest = stored.get(`${message.chat_id}:${message.step_id}`) ?? -1;
      return offset < cut && index >= latest && message.status === 'open';
    });
    if (!isInside && !leavesOpen) log.deleteBefore(cut, partition);
  }
}

/** Every path of a JSON value that leads to a value, containers included. */
function pathsOf(value: unknown): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    [name],
    ...pathsOf(inner).map((path) => [name, ...path]),
  ]);
}

/** Changes, removes or adds one field. Answers what it did, or undefined if it came to nothing. */
function tamper(chance: Chance, store: InMemoryStore, message: Message): string | undefined {
  const copy = structuredClone(message);
  const path = pick(chance, pathsOf(copy));
  const names = [...path];
  const last = names.pop()!;
  const holder = names.reduce<Record<string, unknown>>(
    (inner, name) => Object.getOwnPropertyDescriptor(inner, name)!.value as Record<string, unknown>,
    copy as unknown as Record<string, unknown>,
  );
  const former = Object.getOwnPropertyDescriptor(holder, last)!.value as unknown;
  const way = chance.below(3);
  let done: string;
  if (way === 0) {
    const value = changed(chance, former);
    Object.defineProperty(holder, last, { value, enumerable: true, configurable: true, writable: true });
    done = `changed ${path.join('.')} from ${JSON.stringify(former)} to ${JSON.stringify(value)}`;
  } else if (way === 1) {
    if (Array.isArray(holder)) holder.splice(Number(last), 1);
    else delete holder[last];
    done = `removed ${path.join('.')}`;
  } else {
    if (Array.isArray(holder)) holder.splice(Number(last), 0, 'added');
    else holder['added'] = 1;
    done = `added beside ${path.join('.')}`;
  }
  const before = JSON.stringify(sorted(message));
  store.put(copy, message.chat_id, message.step_id);
  return JSON.stringify(sorted(store.get(message.chat_id, message.step_id))) === before ? undefined : done;
}

function changed(chance: Chance, value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return pick(chance, [value + 1, value - 1, 0, -1, String(value), null]);
    case 'string':
      return pick(chance, [`${value}x`, '', 'open', 'complete', 0]);
    default:
      return pick(chance, ['x', 0, null, {}, []]);
  }
}

/** Key order means nothing to a store. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)]);
}

/** Enough to find each planted bug within a few runs of this file; a failure is shrunk for so long only. */
const run = { numRuns: 150, interruptAfterTimeLimit: 60_000 };
const TEST_TIMEOUT_MS = 120_000;

describe('whatever was published, and wherever the projector and the writer stand', () => {
  it(
    'a store that they have made is fine',
    async () => {
      const scenario = arbitraryFrom((chance) => {
        const log = someLog(chance);
        return { chance, log, system: new System(chance, log) };
      }, 1_500);
      await fc.assert(
        fc.asyncProperty(scenario, fc.integer({ min: 1, max: 20 }), async (made, pageRecordsMax) => {
          const { chance, log, system } = made;
          for (const partition of [0, 1]) {
            system.moveTo(between(chance, 0, log.nextOffset(partition)), partition);
            system.moveTo(between(chance, 0, log.nextOffset(partition)), partition);
            if (oneIn(chance, 3)) system.deleteSome(partition);
          }
          const result = await verify({ log, store: system.store, createSha256, pageRecordsMax });
          expect(result.differences).toEqual([]);
          expect(result.ok).toBe(true);
          expect(result.checked + result.beyond_log).toBe(system.store.all().length);
        }),
        run,
      );
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'a store that they go on changing is fine',
    async () => {
      const scenario = arbitraryFrom((chance) => {
        const log = someLog(chance);
        return { chance, log, system: new System(chance, log) };
      }, 1_500);
      await fc.assert(
        fc.asyncProperty(scenario, fc.integer({ min: 1, max: 20 }), async (made, pageRecordsMax) => {
          const { chance, log, system } = made;
          let end = between(chance, 0, 30);
          const step = (): void => {
            log.visibleEnd = end += chance.below(4);
            for (const partition of [0, 1]) {
              if (oneIn(chance, 2)) system.moveTo(end, partition);
              if (oneIn(chance, 10)) system.deleteSome(partition);
            }
          };
          step();
          log.onCall = step;
          system.store.onCall = step;
          const result = await verify({ log, store: system.store, createSha256, pageRecordsMax });
          expect(result.differences).toEqual([]);
          expect(result.ok).toBe(true);
        }),
        run,
      );
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'one field of one message that was changed, removed or added is found',
    async () => {
      const scenario = arbitraryFrom((chance) => {
        const log = someLog(chance);
        return { chance, log, system: new System(chance, log) };
      }, 1_500);
      await fc.assert(
        fc.asyncProperty(scenario, async ({ chance, log, system }) => {
          for (const partition of [0, 1]) {
            system.moveTo(between(chance, 1, log.nextOffset(partition) + 1), partition);
          }
          const stored = system.store.all();
          fc.pre(stored.length > 0);
          const message = pick(chance, stored);
          const done = tamper(chance, system.store, message);
          fc.pre(done !== undefined);
          const { ok, differences } = await verify({ log, store: system.store, createSha256 });
          expect({ done, ok }).toEqual({ done, ok: false });
          expect(differences.every(({ step_id }) => step_id === message.step_id || step_id === 'x')).toBe(
            true,
          );
        }),
        { ...run, numRuns: 300 },
      );
    },
    TEST_TIMEOUT_MS,
  );
});
