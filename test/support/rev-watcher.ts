import type { MessageStore } from '@stepfold/message-store';
import { sleep, type Runtime } from '@stepfold/runtime';

/** Looks at the stored messages again and again, as a reader would. */
export interface RevWatcher {
  /** What nobody may ever see: a message that was there and is gone, or is older than it was. */
  readonly falls: readonly string[];
  /** How often a message was seen to have risen since the look before. */
  readonly rises: () => number;
  /** Looks once more, and no longer. */
  end(): Promise<void>;
}

/** The `rev` of every message that is there, by `chat_id:step_id`. */
export type ReadRevs = () => Promise<ReadonlyMap<string, number>>;

const PAUSE_MS = 60;

/** Watches until `end`. What it cannot see while the store is away, it sees afterwards. */
export function watchRevs(runtime: Runtime, read: ReadRevs): RevWatcher {
  const seen = new Map<string, number>();
  const falls: string[] = [];
  let rises = 0;
  let isEnding = false;

  async function look(): Promise<void> {
    const found = await read();
    for (const [id, rev] of seen) {
      const now = found.get(id);
      if (now === undefined) falls.push(`${id} is gone`);
      else if (now < rev) falls.push(`${id} fell from ${rev} to ${now}`);
    }
    for (const [id, rev] of found) {
      if (rev > (seen.get(id) ?? 0)) rises++;
      seen.set(id, Math.max(rev, seen.get(id) ?? 0));
    }
  }

  const watching = (async () => {
    while (!isEnding) {
      await look().catch(() => undefined);
      await sleep(runtime, PAUSE_MS);
    }
    await look();
  })();
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

/** What any store says of some chats. */
export function revsOfChats(store: MessageStore, chatIds: readonly string[]): ReadRevs {
  return async () => {
    const revs = new Map<string, number>();
    for (const chatId of chatIds) {
      const { items } = await store.messages(chatId, { limit: 1_000 });
      for (const { step_id, rev } of items) revs.set(`${chatId}:${step_id}`, rev);
    }
    return revs;
  };
}
