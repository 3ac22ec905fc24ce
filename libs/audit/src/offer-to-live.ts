import type { Message } from '@stepfold/fold';
import type { MessageStore, WriteOutcome } from '@stepfold/message-store';

/**
 * Offers versions to the collection that readers read, and to the next one if it changes meanwhile, as the
 * writer does: a switch between the two would otherwise lose them. Answers the outcomes of the last one.
 */
export async function offerToLive(
  store: MessageStore,
  way: 'write' | 'repair',
  versions: readonly Message[],
): Promise<readonly WriteOutcome[]> {
  let collection = await store.liveCollection();
  for (;;) {
    const outcomes = await store[way](collection, versions);
    const live = await store.liveCollection();
    if (live === collection) return outcomes;
    collection = live;
  }
}
