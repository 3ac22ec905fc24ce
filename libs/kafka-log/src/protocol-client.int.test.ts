import { once } from 'node:events';
import type net from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { appendRecords } from './append-records.js';
import { clientConfig, createSocket } from './client-config.js';
import { openKafkaLog } from './open-kafka-log.js';
import { readBounds } from './partition-offsets.js';
import { createProtocolClient, type ProtocolClient } from './protocol-client.js';
import { readPartition } from './read-partition.js';
import { connectDevKafka, type DevKafka } from './testing/dev-kafka.js';

jest.setTimeout(60_000);

let kafka: DevKafka;
let topic: string;

beforeAll(async () => {
  kafka = await connectDevKafka();
  const { brokers, runtime, topicPrefix } = kafka;
  const log = await openKafkaLog({ brokers, runtime, topicPrefix, partitionCount: 4 });
  await log.close();
  topic = `${topicPrefix}events`;
});

afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
});

/** A client, and every connection that it has opened so far. */
function connect(): { readonly client: ProtocolClient; readonly sockets: net.Socket[] } {
  const sockets: net.Socket[] = [];
  const client = createProtocolClient({
    config: {
      ...clientConfig(kafka.options()),
      socketFactory: (options) => {
        const socket = createSocket(options) as net.Socket;
        sockets.push(socket);
        return socket;
      },
    },
    runtime: kafka.runtime,
    topics: [topic],
  });
  return { client, sockets };
}

const partitions = [0, 1, 2, 3];
const readAll = (client: ProtocolClient) =>
  Promise.all(partitions.map((partition) => readPartition(client, topic, partition, 0)));
const boundAll = (client: ProtocolClient) =>
  Promise.all(partitions.map((partition) => readBounds(client, topic, partition)));

describe('a client', () => {
  it('opens one connection however many requests find none, and leaves none behind', async () => {
    const { client, sockets } = connect();
    await readAll(client);
    // One for metadata and requests, one for fetches.
    expect(sockets).toHaveLength(2);
    // A broker closes one that was idle for long, while the other is in use.
    sockets[0]!.destroy();
    sockets[0]!.emit('end');
    await once(sockets[0]!, 'close');
    await boundAll(client);
    expect(sockets).toHaveLength(3);
    await client.close();
    expect(sockets.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('goes on when a connection breaks that many wait for', async () => {
    const { client, sockets } = connect();
    await readAll(client);
    for (let round = 0; round < 20; round++) {
      const failing = [readAll(client), boundAll(client), client.refresh()];
      // Some of them are on their way, others still look for a connection.
      for (let ticks = 0; ticks < round * 2; ticks++) await Promise.resolve();
      for (const socket of sockets) socket.destroy(new Error('cut'));
      await Promise.allSettled(failing);
      await Promise.allSettled([readAll(client), boundAll(client)]);
      await Promise.all([readAll(client), boundAll(client)]);
    }
    await client.close();
    for (const socket of sockets) if (!socket.destroyed) await once(socket, 'close');
  });

  it('goes on when a connection breaks in the middle of an answer', async () => {
    const { client, sockets } = connect();
    const record = { key: Buffer.from('key'), value: Buffer.alloc(100_000, 'x') };
    await appendRecords({ client, runtime: kafka.runtime, codec: 0 }, topic, 0, [record]);
    const read = () => readPartition(client, topic, 0, 0);
    await read();
    // Of its next answer the first half arrives.
    const socket = sockets.at(-1)!;
    const [onData] = socket.listeners('data') as [(bytes: Buffer) => void];
    socket.removeAllListeners('data');
    socket.on('data', (bytes: Buffer) => {
      onData(bytes.subarray(0, bytes.length / 2));
      socket.destroy(new Error('cut'));
    });
    await expect(read()).rejects.toMatchObject({ code: 'log-unavailable' });
    expect((await read()).records).toHaveLength(1);
    await client.close();
  });
});
