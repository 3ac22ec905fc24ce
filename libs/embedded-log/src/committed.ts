import type { CommittedPosition, Topic } from '@stepfold/event-log';
import { InvariantViolation } from '@stepfold/runtime';
import type { Environment } from './environment.js';
import { committedKey } from './keys.js';
import type { WriteQueue } from './write-queue.js';

const METADATA_BYTES_MAX = 1_000;

interface CommittedDocument {
  readonly next_offset: number;
  readonly metadata: string;
}

export function readCommitted(
  environment: Environment,
  group: string,
  topic: Topic,
  partition: number,
): CommittedPosition | undefined {
  environment.refresh();
  const bytes = environment.heads.get(committedKey(group, topic, partition));
  if (bytes === undefined) return undefined;
  const document = JSON.parse(bytes.toString()) as CommittedDocument;
  return { nextOffset: document.next_offset, metadata: document.metadata };
}

export async function writeCommitted(
  environment: Environment,
  writeQueue: WriteQueue,
  group: string,
  topic: Topic,
  partition: number,
  { nextOffset, metadata }: CommittedPosition,
): Promise<void> {
  const bytes = Buffer.byteLength(metadata);
  if (!Number.isSafeInteger(nextOffset) || nextOffset < 0 || bytes > METADATA_BYTES_MAX) {
    throw new InvariantViolation(
      `group ${group} commits offset ${nextOffset} with ${bytes} bytes of metadata ` +
        `to ${topic}, partition ${partition}`,
    );
  }
  const document: CommittedDocument = { next_offset: nextOffset, metadata };
  await writeQueue.submit(() => ({
    apply() {
      void environment.heads.put(
        committedKey(group, topic, partition),
        Buffer.from(JSON.stringify(document)),
        0,
      );
    },
  }));
}
