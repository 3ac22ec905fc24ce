import { sleep } from '@stepfold/runtime';
import type { FaultData } from './fault-data.js';

/** Looks at the stored messages again and again, as a reader would. */
export interface RevWatcher {
  /** What nobody may ever see: a message that was there and is gone, or is older than it was. */
  readonly falls: readonly string[];
  /** How often a message was seen to have risen since the look before. */
  readonly rises: () => number;
  end(): Promise<void>;
}

const PAUSE_MS = 60;

/** Watches until `end`. What it cannot see while the store is away, it sees afterwards. */
export function watchRevs({ database, runtime }: FaultData): RevWatcher {
  const seen = new Map<string, number>();
  const falls: string[] = [];
  let rises = 0;
  let isEnding = false;

  async function look(): Promise<void> {
    const documents = await database
      .collection<{ _id: string; rev: number }>('messages')
      .find({}, { projection: { rev: 1 } })
      .toArray();
    const found = new Map(documents.map(({ _id, rev }) => [_id, rev]));
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
