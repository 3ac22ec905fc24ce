import type { Position } from '@stepfold/event-log';
import type { MessageStore } from '@stepfold/message-store';
import { sleep, type Runtime } from '@stepfold/runtime';

const LOOK_MS = 20;

/**
 * Resolves when everything that was made of the events up to these positions is stored: when the stored
 * progress has passed them.
 * @throws the signal's reason when it is aborted before
 */
export async function whenStored(
  store: MessageStore,
  generation: number,
  positions: readonly Position[],
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const progress = await store.progress(generation);
    const foldedTo = new Map(progress.map(({ partition, folded_to }) => [partition, folded_to]));
    if (positions.every(({ partition, offset }) => (foldedTo.get(partition) ?? 0) > offset)) return;
    await sleep(runtime, LOOK_MS, signal);
  }
}
