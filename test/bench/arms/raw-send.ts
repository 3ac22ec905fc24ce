import net from 'node:net';
import tls from 'node:tls';
import { Kafka, logLevel, Partitioners, type ISocketFactory, type Message, type Producer } from 'kafkajs';
import { partitionOf } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import type { ArmJob } from '../arm.js';
import { topicPrefixOf } from '../bench-places.js';
import type { SendingPart } from './sending-arm.js';

/** As many as the publisher puts into one send, and holds in its queue. */
const BATCH_RECORDS = 500;
const QUEUED_RECORDS_MAX = 10_000;
const ACKS_ALL = -1;

/**
 * `producer.send` of kafkajs used well: the partition chosen before, events of one partition sent together, one send
 * of each partition in flight, at most so many waiting. `tuned` adds what its defaults lack: TCP_NODELAY.
 */
export async function openRawSending(job: ArmJob): Promise<SendingPart> {
  const isTuned = job.arm === 'raw-send-tuned';
  const kafka = new Kafka({
    brokers: [...job.brokers],
    clientId: 'bench',
    logLevel: logLevel.NOTHING,
    ...(isTuned ? { socketFactory: promptSocket } : {}),
  });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const topic = `${topicPrefixOf(job, 'publish')}events`;
  return {
    async publishAll(events) {
      const sending = createSending(producer, topic, job.partitionCount);
      for (const event of events) {
        const room = sending.add(event);
        if (room !== undefined) await room;
      }
      await sending.flush();
    },
    close: () => producer.disconnect(),
  };
}

function createSending(producer: Producer, topic: string, partitionCount: number) {
  const lanes = Array.from({ length: partitionCount }, (_, partition) => ({
    partition,
    queue: [] as Message[],
    work: undefined as Promise<void> | undefined,
  }));
  const encoder = new TextEncoder();
  let queued = 0;

  async function drain(lane: (typeof lanes)[number]): Promise<void> {
    // What is added in one go travels together.
    await Promise.resolve();
    while (lane.queue.length > 0) {
      const messages = lane.queue.splice(0, BATCH_RECORDS);
      await producer.send({ topic, acks: ACKS_ALL, messages });
      queued -= messages.length;
    }
    lane.work = undefined;
  }

  return {
    /** Answers something to wait for when too many are waiting. */
    add(event: Event): Promise<unknown> | undefined {
      const partition = partitionOf(encoder.encode(event.chat_id), partitionCount);
      const lane = lanes[partition]!;
      lane.queue.push({ key: event.chat_id, value: JSON.stringify(event), partition });
      queued++;
      lane.work ??= drain(lane);
      if (queued < QUEUED_RECORDS_MAX) return undefined;
      return Promise.race(lanes.flatMap(({ work }) => work ?? []));
    },
    async flush(): Promise<void> {
      while (queued > 0) await Promise.all(lanes.flatMap(({ work }) => work ?? []));
    },
  };
}

const promptSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = (ssl as tls.ConnectionOptions | null)
    ? tls.connect({ host, port, servername: host, ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  return socket;
};
