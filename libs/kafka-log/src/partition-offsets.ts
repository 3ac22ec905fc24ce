import type { CommittedPosition, PartitionBounds } from '@stepfold/event-log';
import type { ProtocolClient } from './protocol-client.js';

const LATEST = -1;
const EARLIEST = -2;
/** Kafka's answer where a group has committed nothing. */
const NOTHING_COMMITTED = -1;

/** Where a partition begins and ends now. Transactions that are open are not waited for. */
export async function readBounds(
  client: ProtocolClient,
  topic: string,
  partition: number,
): Promise<PartitionBounds> {
  const doing = `asking where ${topic}, partition ${partition}, begins and ends`;
  const offsetOf = async (timestamp: number): Promise<number> => {
    const { responses } = await client.atLeader(topic, partition, doing, (broker) =>
      broker.listOffsets({
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ topic, partitions: [{ partition, timestamp }] }],
      }),
    );
    return Number(responses[0]?.partitions[0]?.offset);
  };
  // In this order: what is deleted in between can only make the range look longer than it is.
  const begin = await offsetOf(EARLIEST);
  const end = await offsetOf(LATEST);
  return { begin, end: Math.max(begin, end) };
}

/** What a group has committed for some partitions of a topic; those for which it has not are left out. */
export async function readCommitted(
  client: ProtocolClient,
  groupId: string,
  topic: string,
  partitions: readonly number[],
  patienceMs?: number,
): Promise<ReadonlyMap<number, CommittedPosition>> {
  const { responses } = await client.atCoordinator(
    groupId,
    `reading the positions of group ${groupId} in ${topic}`,
    (broker) =>
      broker.offsetFetch({
        groupId,
        topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }],
      }),
    patienceMs,
  );
  const committed = new Map<number, CommittedPosition>();
  for (const { partition, offset, metadata } of responses.flatMap((response) => response.partitions)) {
    if (Number(offset) === NOTHING_COMMITTED) continue;
    committed.set(partition, { nextOffset: Number(offset), metadata: metadata ?? '' });
  }
  return committed;
}
