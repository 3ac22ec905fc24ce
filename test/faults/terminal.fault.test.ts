import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startKafka, startMongodb, type KafkaCluster, type MongodbServer } from '@stepfold/local-servers';
import { startService } from '../support/service-process.js';
import { checkMessages, untilCaughtUp } from './check-outcome.js';
import {
  openFaultData,
  until,
  untilBothPassed,
  untilEnded,
  untilSaid,
  type FaultData,
} from './fault-data.js';
import { publishSteadily } from './steady-publishing.js';

/*
 * What somebody reads in the terminal (docs/operating.md). Servers that are away or refuse the log-in when a
 * command starts: services/cli/src/servers.int.test.ts and secured-kafka.fault.test.ts.
 */

jest.setTimeout(300_000);

let kafka: KafkaCluster;
let mongodb: MongodbServer;
let folder: string;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-terminal-'));
  [kafka, mongodb] = await Promise.all([startKafka(), startMongodb()]);
});

afterAll(async () => {
  await Promise.all([kafka?.stop(), mongodb?.stop()]);
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('one Kafka node, one store: what is read in the terminal', () => {
  it('of a broker that goes away: warnings of services, and the end of a publish after half a minute', async () => {
    await using data = await openFaultData({ brokers: kafka.brokers, mongodbUrl: mongodb.url });
    const services = [data.start('projector'), data.start('writer')];
    for (const service of services) await untilSaid(data, service, 'partition assigned');
    const publishing = publishSteadily(data);
    await publishing.more(50);
    await publishing.end();
    await untilBothPassed(data);
    const publish = startService([
      ...['publish', recording(), '--format', 'stepfold', '--speed', '1', '--log-level', 'info'],
      ...['--kafka', kafka.brokers.join(','), '--topic-prefix', data.topicPrefix],
    ]);
    await untilPublished(data, 'played');
    await kafka.nodes[0]!.kill('SIGKILL');

    try {
      expect(await untilEnded(data, publish, undefined, 90_000)).toBe(3);
      expect(publish.log()).toMatch(
        /^stepfold: the log was away for \d+ s: Kafka (cannot be reached|closed the connection) at 127\.0\.0\.1:\d+.*$/m,
      );
      for (const service of services) {
        expect(service.child.exitCode).toBeNull();
        // Which of them comes first depends on what the service was doing, and on how long its session is.
        expect(service.log()).toMatch(/"msg":"(log is away|trying again|the group is out of reach)"/);
        expect(service.log()).toMatch(
          /"level":"warn".*Kafka cannot be reached at 127\.0\.0\.1:\d+ \(connection refused\)/,
        );
      }
    } finally {
      await kafka.nodes[0]!.start();
    }
    const after = publishSteadily(data, 'after-');
    await after.more(50);
    await after.end();
    await untilBothPassed(data);
    for (const service of services) expect(await untilEnded(data, service, 'SIGTERM')).toBe(0);
  });

  it('of a store that is read-only: the end of a writer that never used it, warnings of one that did', async () => {
    await using data = await openFaultData({ brokers: kafka.brokers, mongodbUrl: mongodb.url });
    await using fresh = await openFaultData({ brokers: kafka.brokers, mongodbUrl: mongodb.url });
    const former = data.start('writer');
    await untilSaid(data, former, 'partition assigned');
    expect(await untilEnded(data, former, 'SIGTERM')).toBe(0);
    await setReadOnly(true);
    try {
      const refused = fresh.start('writer');
      expect(await untilEnded(fresh, refused)).toBe(3);
      expect(refused.log()).toMatch(
        /^stepfold: The store at 127\.0\.0\.1:\d+ is read-only\. Let it take writes again\.$/m,
      );
      // Where the generation of the log is registered, services start and wait for better times.
      const writer = data.start('writer');
      data.start('projector');
      const publishing = publishSteadily(data);
      await publishing.more(50);
      await publishing.end();
      await untilSaid(data, writer, 'is read-only. Let it take writes again.');
      expect(writer.log()).toMatch(/"level":"warn".*"operation":".*"attempt":\d+.*"msg":"trying again"/);
      await setReadOnly(false);
      await untilCaughtUp(data);
      await checkMessages(data, [...publishing.chats]);
    } finally {
      await setReadOnly(false);
    }
  });

  it('of a store that refuses the password: the end of a writer, and nothing of the password', async () => {
    const credentials = { user: 'alice', password: 'Zanzibar' };
    await using secured = await startMongodb({ credentials });
    await using data = await openFaultData({ brokers: kafka.brokers, mongodbUrl: secured.url });
    const wrong = startService([
      ...['writer', '--kafka', kafka.brokers.join(','), '--topic-prefix', data.topicPrefix],
      ...['--mongodb', `mongodb://alice:Timbuktu@127.0.0.1:${secured.port}/`],
    ]);
    expect(await untilEnded(data, wrong)).toBe(3);
    expect(wrong.log()).toMatch(
      /^stepfold: The store at 127\.0\.0\.1:\d+ refuses the user or the password\. Correct them in its URL\.$/m,
    );
    const nobody = startService([
      ...['writer', '--kafka', kafka.brokers.join(','), '--topic-prefix', data.topicPrefix],
      ...['--mongodb', `mongodb://127.0.0.1:${secured.port}/`],
    ]);
    expect(await untilEnded(data, nobody)).toBe(3);
    expect(nobody.log()).toMatch(
      /^stepfold: The store at 127\.0\.0\.1:\d+ asks for a user and a password\. Put them into its URL\.$/m,
    );
    expect(wrong.log()).not.toMatch(/Timbuktu|Zanzibar/);
  });
});

/** A step that takes twenty seconds to play. */
function recording(): string {
  const startAt = 1_767_225_600_000_000;
  const events = [
    { type: 'step-start' },
    ...Array.from({ length: 200 }, (_, i) => ({ type: 'text-delta', id: '0', text: `word ${i} ` })),
    { type: 'step-end' },
  ].map((fields, i) => ({ v: 1, chat_id: 'played', step_id: 'step', at: startAt + i * 100_000, ...fields }));
  const file = path.join(folder, 'played.jsonl');
  fs.writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return file;
}

/** Waits until the chat is stored, and so has been published in part. */
async function untilPublished({ store, runtime }: FaultData, chatId: string): Promise<void> {
  await until(runtime, `${chatId} is stored`, async () => (await store.messages(chatId)).items.length > 0);
}

async function setReadOnly(isReadOnly: boolean): Promise<void> {
  await mongodb.sql(
    isReadOnly
      ? 'alter system set default_transaction_read_only = on'
      : 'set default_transaction_read_only = off; alter system reset default_transaction_read_only',
  );
  await mongodb.sql('select pg_reload_conf()');
}
