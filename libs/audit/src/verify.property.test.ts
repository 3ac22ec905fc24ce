import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { arbitraryFrom } from '../../../test/support/arbitrary-events.js';
import { between, oneIn, pick } from '../../../test/support/chance.js';
import { someLog, System } from '../../../test/support/random-system.js';
import { tamper } from '../../../test/support/tamper.js';
import { verify } from './verify.js';

const createSha256 = () => createHash('sha256');

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
          const tampered = tamper(chance, message);
          fc.pre(tampered !== undefined);
          const { done } = tampered!;
          system.store.put(tampered!.message, message.chat_id, message.step_id);
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
