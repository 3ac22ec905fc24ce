import { sleep } from '@stepfold/runtime';
import type { TestData } from './test-data.js';

/** Looks at the stored messages of some chats again and again, as a reader would. */
export interface RevWatcher {
  /** What nobody may ever see: a message that was there and is gone, or is older than it was. */
  readonly falls: readonly string[];
  /** How often a message was seen to have risen since the look before. */
  readonly rises: () => number;
  /** Looks once more, and no longer. */
  end(): Promise<void>;
}

const PAUSE_MS = 50;

export function watchRevs({ store, runtime }: TestData, chatIds: readonly string[]): RevWatcher {
  const seen = new Map<string, number>();
  const falls: string[] = [];
  let rises = 0;
  let isEnding = false;

  async function look(chatId: string): Promise<void> {
    const { items } = await store.messages(chatId, { limit: 1_000 });
    const found = new Map(items.map(({ step_id, rev }) => [`${chatId}:${step_id}`, rev]));
    for (const [id, rev] of seen) {
      if (id.startsWith(`${chatId}:`) && !found.has(id)) falls.push(`${id} is gone, it had ${rev}`);
    }
    for (const [id, rev] of found) {
      const before = seen.get(id) ?? -1;
      if (rev < before) falls.push(`${id} fell from ${before} to ${rev}`);
      if (rev > before) rises++;
      seen.set(id, Math.max(rev, before));
    }
  }

  async function lookAtAll(): Promise<void> {
    for (const chatId of chatIds) await look(chatId);
  }

  const watching = (async () => {
    while (!isEnding) {
      await lookAtAll();
      await sleep(runtime, PAUSE_MS);
    }
    await lookAtAll();
  })();
  // Told by `end`, which may come late.
  watching.catch(() => undefined);

  return {
    falls,
    rises: () => rises,
    async end() {
      isEnding = true;
      await watching;
    },
  };
}
