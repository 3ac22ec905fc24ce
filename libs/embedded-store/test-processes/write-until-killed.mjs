/**
 * Writes ever higher versions to the store of a directory, as one partition of several, and says on
 * stdout what it was answered for. It never ends by itself.
 * Arguments: directory, partition.
 */
import { writeSync } from 'node:fs';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import { createSystemRuntime } from '@stepfold/runtime';
import { version } from './version.mjs';

const [directory, partition] = [process.argv[2], Number(process.argv[3])];
const STEPS = 12;

const store = await openEmbeddedStore({ directory, runtime: createSystemRuntime() });
const stored = (await store.progress(0)).find((progress) => progress.partition === partition);

for (let round = (stored?.folded_to ?? 0) + 1; ; round++) {
  const versions = Array.from({ length: STEPS }, (_, i) =>
    version(`chat-${partition}`, `step-${i}`, round, round % 5 === 0 ? round * 100 + i : i, { attempt: 0 }),
  );
  const shared = version('shared', 'step', round * 10 + partition, 1);
  const outcomes = await store.write('messages', [...versions, shared]);
  if (outcomes.some(({ outcome }) => outcome === 'refused')) throw new Error('refused');
  await store.writeDeadLetters([
    {
      id: `t:${partition}:${String(round).padStart(9, '0')}`,
      stage: 'writer',
      reason: 'store-refused',
      detail: `round ${round}`,
      key: null,
      value: new Uint8Array(round % 200).fill(round),
      at: 1_770_000_000_000_000,
    },
  ]);
  await store.raiseProgress({ generation: 0, partition, folded_to: round });
  writeSync(1, `${round}\n`);
}
