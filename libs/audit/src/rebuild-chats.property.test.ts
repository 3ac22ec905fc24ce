import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { arbitraryFrom } from '../../../test/support/arbitrary-events.js';
import { between, oneIn, pick } from '../../../test/support/chance.js';
import { rebuildChats } from './rebuild-chats.js';
import { someLog, System } from '../../../test/support/random-system.js';
import { tamper } from '../../../test/support/tamper.js';
import { verify } from './verify.js';

const createSha256 = () => createHash('sha256');
const TEST_TIMEOUT_MS = 120_000;

/** A random system whose projector and writer stand anywhere. */
const scenarioArbitrary = arbitraryFrom((chance) => {
  const log = someLog(chance);
  const system = new System(chance, log);
  for (const partition of [0, 1]) system.moveTo(between(chance, 1, log.nextOffset(partition) + 1), partition);
  return { chance, log, system };
}, 1_500);

describe('whatever was published and stored', () => {
  it(
    'one damaged field, or a message that is gone, is mended',
    async () => {
      await fc.assert(
        fc.asyncProperty(scenarioArbitrary, fc.integer({ min: 1, max: 20 }), async (made, pageRecordsMax) => {
          const { chance, log, system } = made;
          const { store } = system;
          fc.pre(store.all().length > 0);
          const message = pick(chance, store.all());
          const { chat_id: chatId, step_id: stepId } = message;
          let done: string | undefined = 'removed';
          if (oneIn(chance, 6)) store.remove(chatId, stepId);
          else {
            const tampered = tamper(chance, message);
            fc.pre(tampered !== undefined);
            store.damage(tampered!.message, chatId, stepId);
            done = tampered!.done;
          }
          const options = { log, store, createSha256, pageRecordsMax };
          const rebuilt = await rebuildChats({ ...options, chats: [chatId] });
          const verified = await verify(options);
          expect({ done, rebuilt: rebuilt.remaining, verified: verified.differences }).toEqual({
            done,
            rebuilt: [],
            verified: [],
          });
        }),
        { numRuns: 300, interruptAfterTimeLimit: 60_000 },
      );
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'no rank of a stored message falls, and one above the log is left as it is',
    async () => {
      await fc.assert(
        fc.asyncProperty(scenarioArbitrary, async ({ chance, log, system }) => {
          const { store } = system;
          fc.pre(store.all().length > 0);
          const message = pick(chance, store.all());
          const field = pick(chance, ['rev', 'fold_version'] as const);
          const forged = { ...message, [field]: message[field] + 2 ** 40, model: 'forged' };
          store.put(forged);
          const before = store.all();
          await rebuildChats({ log, store, createSha256, chats: [...new Set(before.map((m) => m.chat_id))] });
          // A fold version counts only at the same rev: an open step may have gone on.
          const stored = store.get(message.chat_id, message.step_id)!;
          if (field === 'rev' || stored.rev === forged.rev) expect(stored).toEqual(forged);
          for (const former of before) {
            const { rev, fold_version } = store.get(former.chat_id, former.step_id)!;
            expect(rev > former.rev || (rev === former.rev && fold_version >= former.fold_version)).toBe(
              true,
            );
          }
        }),
        { numRuns: 200, interruptAfterTimeLimit: 60_000 },
      );
    },
    TEST_TIMEOUT_MS,
  );
});
