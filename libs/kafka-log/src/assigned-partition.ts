import type {
  AssignedPartition,
  CommittedPosition,
  LogRecord,
  ReadLimits,
  ReadResult,
  Topic,
} from '@stepfold/event-log';
import {
  abortReason,
  CorruptStateError,
  InvariantViolation,
  TransientError,
  type Metrics,
} from '@stepfold/runtime';
import { decompress } from './compression.js';
import type { Fetched, Fetcher } from './fetcher.js';
import type { GroupMember } from './group-member.js';
import { kafkaError, typeOf } from './kafka-error.js';
import { readBounds } from './partition-offsets.js';
import type { ProtocolClient } from './protocol-client.js';
import { cutToLimits, RECORDS_MAX } from './read-partition.js';
import { decodeBatches } from './record-batch.js';

export interface AssignedPartitionContext {
  readonly client: ProtocolClient;
  readonly fetcher: Fetcher;
  readonly member: GroupMember;
  readonly metrics: Metrics;
  readonly groupId: string;
  readonly fullName: (topic: Topic) => string;
}

export interface Assignment {
  readonly topic: Topic;
  readonly partition: number;
  readonly committed: CommittedPosition | undefined;
  readonly limits: ReadLimits | undefined;
  readonly signal: AbortSignal;
  /** False once another member may have it. */
  readonly isOurs: () => boolean;
}

/** As much as one request may hold for one partition; what the caller's limit leaves over is kept for the next poll. */
const FETCH_BYTES_MIN = 1024 * 1024;

/** What `consume` is given. See `AssignedPartition`. */
export function createAssignedPartition(
  context: AssignedPartitionContext,
  assignment: Assignment,
): AssignedPartition {
  const { client, fetcher, member, metrics, groupId, fullName } = context;
  const { topic, partition, committed, limits = {}, signal, isOurs } = assignment;
  const fullTopic = fullName(topic);
  let nextOffset = committed?.nextOffset;
  let hasReachedEnd = false;
  let isPolling = false;
  /** Fetched, and not given to the caller yet: records, and bytes behind them. */
  let rest: Fetched | undefined;
  const { recordsMax = RECORDS_MAX } = limits;

  async function poll(): Promise<ReadResult> {
    for (;;) {
      if (signal.aborted) throw abortReason(signal);
      // Somebody who was frozen for long has to learn whether it is still a member before it reads on.
      await member.whenHeard(signal);
      if (signal.aborted) throw abortReason(signal);
      nextOffset ??= (await readBounds(client, fullTopic, partition)).begin;
      const result = rest === undefined ? await fetchNext(nextOffset) : await giveRest(rest, nextOffset);
      if (signal.aborted) throw abortReason(signal);
      if (result !== undefined) return result;
    }
  }

  async function fetchNext(offset: number): Promise<ReadResult | undefined> {
    const fetched = await fetch(offset);
    return fetched.records.length > 0 ? give(fetched) : giveNone(fetched, offset);
  }

  /** An answer without records, where the caller has to have one; undefined if more has to be fetched. */
  function giveNone(fetched: Fetched, offset: number): ReadResult | undefined {
    const hasMoved = fetched.nextOffset > offset;
    nextOffset = fetched.nextOffset;
    if (fetched.nextOffset < fetched.endOffset || (hasReachedEnd && !hasMoved)) return undefined;
    hasReachedEnd = true;
    return { records: noRecords, nextOffset, endOffset: fetched.endOffset };
  }

  function give(fetched: Fetched): ReadResult {
    const result = cutToLimits(fetched.records, fetched.nextOffset, fetched.endOffset, limits);
    const count = result.records.length;
    const isEmpty = count === fetched.records.length && fetched.undecoded === undefined;
    rest = isEmpty ? undefined : { ...fetched, records: fetched.records.slice(count) };
    nextOffset = result.nextOffset;
    return result;
  }

  async function giveRest(fetched: Fetched, offset: number): Promise<ReadResult | undefined> {
    const { records, undecoded, endOffset } = fetched;
    if (records.length > 0 || undecoded === undefined) return give(fetched);
    rest = undefined;
    let decoded: Fetched;
    try {
      decoded = { ...(await decodeBatches(undecoded, offset, decompress, recordsMax)), endOffset };
    } catch (error) {
      throw kafkaError(error, `fetching ${fullTopic}, partition ${partition}`);
    }
    // Without records: the markers of transactions, or the beginning of a batch that was cut off.
    return decoded.records.length > 0 ? give(decoded) : giveNone(decoded, offset);
  }

  async function fetch(offset: number): Promise<Fetched> {
    try {
      const bytesMax = Math.max(FETCH_BYTES_MIN, limits.bytesMax ?? 0);
      return await fetcher.fetch(
        { topic: fullTopic, partition, offset, bytesMax, recordsMax, isEndKnown: hasReachedEnd },
        signal,
      );
    } catch (error) {
      if (signal.aborted) throw abortReason(signal);
      if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') await refuseOffset(offset);
      throw kafkaError(error, `fetching ${fullTopic}, partition ${partition}`);
    }
  }

  /** Never goes on elsewhere by itself: what lies between would be lost without a word (C8). */
  async function refuseOffset(offset: number): Promise<void> {
    const { begin, end } = await readBounds(client, fullTopic, partition);
    const place = `group ${groupId} stands at ${fullTopic}, partition ${partition}, offset ${offset}`;
    if (offset < begin) {
      metrics.count('log_positions_deleted_total', { topic });
      throw new CorruptStateError('position-deleted', `${place}; the log begins at ${begin}`);
    }
    if (offset > end) {
      metrics.count('log_positions_beyond_end_total', { topic });
      throw new CorruptStateError('position-beyond-end', `${place}; the log ends at ${end}`);
    }
  }

  /** Again and again while the group changes: the position is true whichever generation it goes by. */
  async function commit(position: CommittedPosition): Promise<void> {
    for (;;) {
      if (!isOurs()) throw lostError();
      const membership = await member.present();
      if (!isOurs()) throw lostError();
      try {
        await client.atCoordinator(
          groupId,
          `committing for group ${groupId}`,
          (broker) =>
            broker.offsetCommit({
              groupId,
              groupGenerationId: membership.generation,
              memberId: membership.memberId,
              topics: [
                {
                  topic: fullTopic,
                  partitions: [
                    { partition, offset: String(position.nextOffset), metadata: position.metadata },
                  ],
                },
              ],
            }),
          member.patienceMs,
        );
        return;
      } catch (error) {
        const type = typeOf(error);
        if (type === undefined || !changedTypes.has(type)) throw error;
        member.outdated(membership);
      }
    }
  }

  function lostError(): Error {
    return new TransientError(
      'log-unavailable',
      `${fullTopic}, partition ${partition}, belongs to another member of group ${groupId}`,
    );
  }

  return {
    topic,
    partition,
    committed,
    signal,
    commit,
    async poll() {
      if (isPolling) {
        throw new InvariantViolation(
          `two polls at once of ${topic}, partition ${partition}, group ${groupId}`,
        );
      }
      isPolling = true;
      try {
        return await poll();
      } finally {
        isPolling = false;
      }
    },
  };
}

const noRecords: readonly LogRecord[] = [];

/** The group has gone on since the membership was asked for. */
const changedTypes: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
]);
