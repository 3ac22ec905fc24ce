import type {
  AppendedRange,
  AssignedPartition,
  CommittedPosition,
  EventLog,
  PartitionBounds,
  ReadLimits,
  ReadResult,
  RecordToAppend,
  SubscribeOptions,
  Topic,
} from '@stepfold/event-log';
import type { ConsumerGroup } from './consumer-group.js';
import type { Exchange } from './exchange.js';
import type { Incarnation } from './incarnation.js';
import type { LogServer } from './log-server.js';
import { Subscription } from './subscription.js';

export interface SimulatedLogOptions {
  readonly server: LogServer;
  readonly exchange: Exchange;
  readonly incarnation: Incarnation;
  readonly group: (name: string) => ConsumerGroup;
}

/** The log as one process sees it. All that the process gets from it comes through its incarnation. */
export class SimulatedLog implements EventLog {
  constructor(readonly options: SimulatedLogOptions) {}

  get generation(): number {
    return this.options.server.generation;
  }

  get partitionCount(): number {
    return this.options.server.partitionCount;
  }

  get topicPrefix(): string {
    return this.options.server.topicPrefix;
  }

  /** After an error none, some or all of the records are there, in order; or come later. */
  append(topic: Topic, partition: number, records: readonly RecordToAppend[]): Promise<AppendedRange> {
    const { server, exchange, incarnation } = this.options;
    const what = `append ${topic}/${partition} ${records.length}`;
    const kept = records.map((record) => ({ ...record }));
    server.noteAsked(kept);
    return exchange.request<AppendedRange>(incarnation, what, (answer, failHalfWay) => {
      const count = server.taken(kept.length);
      const range =
        count > 0 ? server.append(incarnation.name, topic, partition, kept.slice(0, count)) : undefined;
      if (range !== undefined && count === kept.length) answer(range);
      else failHalfWay();
    });
  }

  read(topic: Topic, partition: number, fromOffset: number, limits?: ReadLimits): Promise<ReadResult> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<ReadResult>(incarnation, `read ${topic}/${partition}`, (answer) => {
      answer(server.read(topic, partition, fromOffset, limits));
    });
  }

  bounds(topic: Topic, partition: number): Promise<PartitionBounds> {
    const { server, exchange, incarnation } = this.options;
    const answered = exchange.request<PartitionBounds>(
      incarnation,
      `bounds ${topic}/${partition}`,
      (answer) => {
        const end = server.end(topic, partition);
        const first = server
          .records(topic, partition)
          .find(({ offset }) => offset >= server.begin(topic, partition));
        answer({ begin: first?.offset ?? end, end });
      },
    );
    return answered.catch((error: unknown) => {
      const atMs = incarnation.scheduler.nowMs;
      server.setbacks.push({ by: incarnation.name, atMs, what: 'unanswered', partition });
      throw error;
    });
  }

  committed(group: string, topic: Topic, partition: number): Promise<CommittedPosition | undefined> {
    const { server, exchange, incarnation } = this.options;
    return exchange.request<CommittedPosition | undefined>(incarnation, 'committed', (answer) => {
      answer(server.committed(group, topic, partition));
    });
  }

  subscribe(
    options: SubscribeOptions,
    consume: (partition: AssignedPartition) => Promise<void>,
  ): Promise<void> {
    return new Subscription(this.options, options, consume).run();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
