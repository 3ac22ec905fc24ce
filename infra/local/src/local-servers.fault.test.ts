import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { MongoClient } from 'mongodb';
import { startKafka, type KafkaCluster } from './kafka-cluster.js';
import { startMongodb, type MongodbServer } from './mongodb-server.js';
import { identifyProcess, isStillRunning } from './process-identity.js';
import { waitUntil } from './wait-until.js';

// The first of them may have to fetch.
jest.setTimeout(300_000);

const WAIT_MS = 30_000;

function kafkaClient(brokers: readonly string[]): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
}

async function withAdmin<T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafkaClient(brokers).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

async function produce(brokers: readonly string[], values: readonly string[]): Promise<void> {
  const producer = kafkaClient(brokers).producer({ retry: { retries: 20 } });
  await producer.connect();
  await producer.send({ topic: 'events', messages: values.map((value) => ({ value, partition: 0 })) });
  await producer.disconnect();
}

async function lastOffset(brokers: readonly string[]): Promise<number> {
  const [partition] = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets('events'));
  return Number(partition?.offset);
}

describe('one Kafka node', () => {
  let kafka: KafkaCluster;
  let directory: string;
  beforeAll(async () => {
    kafka = await startKafka();
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-test-'));
  });
  afterAll(async () => {
    await kafka.stop();
    fs.rmSync(directory, { recursive: true, force: true });
    expect(fs.existsSync(kafka.directory)).toBe(false);
  });

  it('has what was acknowledged after it was killed and started again, on the same port', async () => {
    const { brokers } = kafka;
    await withAdmin(brokers, (admin) => admin.createTopics({ topics: [{ topic: 'events' }] }));
    await produce(brokers, ['one', 'two']);
    const [node] = kafka.nodes;
    const killed = identifyProcess(node!.pid()!)!;
    await node!.kill('SIGKILL');
    expect(isStillRunning(killed)).toBe(false);
    expect(node!.pid()).toBeUndefined();
    await node!.start();
    expect(kafka.brokers).toEqual(brokers);
    expect(await lastOffset(brokers)).toBe(2);
  });

  it('answers nothing while it is frozen, and goes on afterwards', async () => {
    const [node] = kafka.nodes;
    await node!.kill('SIGSTOP');
    const admin = new Kafka({
      brokers: [...kafka.brokers],
      logLevel: logLevel.NOTHING,
      requestTimeout: 500,
      retry: { retries: 0 },
    }).admin();
    await expect(admin.connect().then(() => admin.listTopics())).rejects.toThrow();
    await node!.kill('SIGCONT');
    await admin.disconnect();
    await node!.start();
    expect(await lastOffset(kafka.brokers)).toBe(2);
  });

  it('tells that its port is taken', async () => {
    const port = Number(kafka.brokers[0]!.split(':')[1]);
    await expect(startKafka({ ports: [port], directory })).rejects.toMatchObject({
      code: 'start-failed',
      message: expect.stringContaining(`127.0.0.1:${port}: another process does`),
    });
  });

  it('shows the end of its log if it cannot be started', async () => {
    await expect(startKafka({ properties: { 'num.io.threads': 'none' }, directory })).rejects.toMatchObject({
      code: 'start-failed',
      message: expect.stringContaining('num.io.threads'),
    });
  });
});

describe('three Kafka nodes', () => {
  it('take writes while one of them is gone, and have the node back with them afterwards', async () => {
    await using kafka = await startKafka({ nodes: 3 });
    const { brokers, nodes } = kafka;
    expect(brokers).toHaveLength(3);
    await withAdmin(brokers, (admin) => admin.createTopics({ topics: [{ topic: 'events' }] }));
    await produce(brokers, ['one']);
    const leader = await leaderOf(brokers);
    const lost = nodes.find(({ id }) => id === leader)!;
    await lost.kill('SIGKILL');
    const others = nodes.filter((node) => node !== lost).map(({ address }) => address);
    await produce(others, ['two']);
    expect(await lastOffset(others)).toBe(2);
    await lost.start({ awaited: nodes.map(({ id }) => id) });
    expect(await waitUntil(async () => (await inSync(brokers)) === 3, WAIT_MS)).toBe(true);
  });
});

describe('Kafka with users', () => {
  it('lets in who has the password, over TLS, and nobody else', async () => {
    await using kafka = await startKafka({ users: [{ name: 'alice', password: 'open-sesame' }] });
    const connect = async (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', password: string) => {
      const admin = new Kafka({
        brokers: [...kafka.secureBrokers],
        logLevel: logLevel.NOTHING,
        retry: { retries: 0 },
        ssl: { ca: [kafka.certificate!] },
        sasl: { mechanism, username: 'alice', password } as never,
      }).admin();
      try {
        await admin.connect();
        await admin.listTopics();
      } finally {
        await admin.disconnect();
      }
    };
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      await connect(mechanism, 'open-sesame');
      await expect(connect(mechanism, 'wrong')).rejects.toThrow(/SASL|auth/i);
    }
    const [host, port] = kafka.secureBrokers[0]!.split(':');
    const refused = new Promise((resolve, reject) => {
      const socket = tls.connect({ host: host!, port: Number(port) }, () => {
        socket.destroy();
        reject(new Error('trusted without the certificate'));
      });
      socket.once('error', resolve);
    });
    expect(await refused).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});

describe('the MongoDB-wire server', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-test-'));
  let server: MongodbServer;
  beforeAll(async () => {
    server = await startMongodb({ directory });
  });
  afterAll(async () => {
    await server.stop();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  const withCollection = async <T>(
    work: (collection: ReturnType<ReturnType<MongoClient['db']>['collection']>) => Promise<T>,
  ): Promise<T> => {
    const client = new MongoClient(server.url, { serverSelectionTimeoutMS: 5_000 });
    try {
      return await work(client.db('local_servers').collection('things'));
    } finally {
      await client.close();
    }
  };
  const count = (): Promise<number> => withCollection((collection) => collection.countDocuments());
  const insert = (): Promise<unknown> => withCollection((collection) => collection.insertOne({}));

  it('has what was acknowledged after both of its processes were killed', async () => {
    await insert();
    const { url } = server;
    await server.kill('SIGKILL');
    expect(server.pids()).toEqual({});
    await server.start();
    expect(server.url).toBe(url);
    expect(await count()).toBe(1);
  });

  it.each(['gateway', 'database'] as const)('has it after only its %s was killed', async (part) => {
    const before = server.pids();
    await server.kill('SIGKILL', part);
    await server.start();
    const after = server.pids();
    const other = part === 'gateway' ? 'database' : 'gateway';
    expect(after[other]).toBe(before[other]);
    expect(after[part]).not.toBe(before[part]);
    expect(await count()).toBe(1);
  });

  it('has it after a stop in order, started again on the same folder', async () => {
    await server.stop();
    server = await startMongodb({ directory });
    expect(await count()).toBe(1);
  });

  it('refuses writes while it is read-only, and starts like that if it is told so', async () => {
    const setReadOnly = (value: 'on' | 'off') =>
      server.sql(`alter system set default_transaction_read_only = ${value}; select pg_reload_conf()`);
    await setReadOnly('on');
    await server.kill('SIGKILL');
    await server.start({ isWritable: false });
    await expect(insert()).rejects.toThrow(/read-only/);
    expect(await count()).toBe(1);
    await server.sql(
      'set default_transaction_read_only = off; alter system reset default_transaction_read_only',
    );
    await server.sql('select pg_reload_conf()');
    await server.start();
    expect(
      await waitUntil(
        () =>
          insert().then(
            () => true,
            () => false,
          ),
        WAIT_MS,
      ),
    ).toBe(true);
  });

  it('does not quote a refused statement', async () => {
    const failure = server.sql("select 'sesame' from nowhere");
    await expect(failure).rejects.toMatchObject({ code: 'sql-failed' });
    await expect(failure).rejects.toThrow(/nowhere/);
    await expect(failure).rejects.not.toThrow(/sesame/);
    expect(fs.readFileSync(server.logFiles.database, 'utf8')).not.toContain('sesame');
  });

  it('asks for credentials if it was given some, and writes them to no log', async () => {
    const password = "open'sesame/1";
    await using secured = await startMongodb({ credentials: { user: 'alice', password } });
    const tryInsert = async (url: string): Promise<unknown> => {
      const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000 });
      try {
        return await client.db('local_servers').collection('things').insertOne({});
      } finally {
        await client.close();
      }
    };
    await tryInsert(secured.url);
    await expect(tryInsert(`mongodb://127.0.0.1:${secured.port}/`)).rejects.toThrow(/auth/i);
    await expect(tryInsert(`mongodb://alice:wrong@127.0.0.1:${secured.port}/`)).rejects.toThrow(/auth/i);
    for (const file of Object.values(secured.logFiles)) {
      expect(fs.readFileSync(file, 'utf8')).not.toMatch(/open.{1,2}sesame/);
    }
  });
});

async function leaderOf(brokers: readonly string[]): Promise<number> {
  return (await partitionOf(brokers)).leader;
}

async function inSync(brokers: readonly string[]): Promise<number> {
  return (await partitionOf(brokers)).isr.length;
}

async function partitionOf(brokers: readonly string[]): Promise<{ leader: number; isr: number[] }> {
  const { topics } = await withAdmin(brokers, (admin) => admin.fetchTopicMetadata({ topics: ['events'] }));
  return topics[0]!.partitions[0]!;
}
