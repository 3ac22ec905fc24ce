import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startKafka, startMongodb, type KafkaCluster, type MongodbServer } from '@stepfold/local-servers';
import { sleep } from '@stepfold/runtime';
import { until, untilSaid } from './fault-data.js';
import { openFaultRun } from './fault-run.js';

jest.setTimeout(300_000);

/** As long as a server takes that is started anew by somebody who was called. */
const AWAY_MS = 30_000;
/** Longer than a writer waits for a server (5 s) and pauses between attempts (5 s): it fails more than once. */
const BRIEFLY_AWAY_MS = 12_000;
const SMALL_FOLDER_MEBIBYTES = 320;
const whereFoldersMount = canMountFolders() ? it : it.skip;

let kafka: KafkaCluster;

beforeAll(async () => {
  kafka = await startKafka();
});

afterAll(async () => {
  await kafka?.stop();
});

describe('one Kafka node, one store, 4 partitions, a projector, two writers', () => {
  let mongodb: MongodbServer;

  beforeAll(async () => {
    mongodb = await startMongodb();
  });

  afterAll(async () => {
    await mongodb?.stop();
  });

  it.each([
    ['killed', AWAY_MS, undefined, /The store at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/],
    [
      'without the database that is below it',
      BRIEFLY_AWAY_MS,
      'database',
      /The store at 127\.0\.0\.1:\d+ did not do what/,
    ],
  ] as const)(
    'stores the fold of the log after the store was %s for %d ms',
    async (_, awayMs, part, words) => {
      await using run = await openFaultRun(kafka, mongodb);
      const { data, publishing } = run;
      data.start('projector');
      const writers = [data.start('writer'), data.start('writer')];
      for (const writer of writers) await untilSaid(data, writer, 'writer started');
      await publishing.more(200);
      await mongodb.kill('SIGKILL', part);
      await sleep(data.runtime, awayMs);
      await mongodb.start();
      await run.check();
      for (const writer of writers) expect(writer.log()).toMatch(words);
    },
  );

  it('stores the fold of the log after the store was frozen for longer than a write may take', async () => {
    await using run = await openFaultRun(kafka, mongodb);
    const { data, publishing } = run;
    data.start('projector');
    const store = { connectTimeoutMs: 1_000, operationTimeoutMs: 1_000 };
    const writer = data.startStopping('writer', { point: 'never', nth: 1, signal: 'SIGKILL', store });
    await untilSaid(data, writer, 'partition assigned');
    await publishing.more(200);
    await mongodb.kill('SIGSTOP');
    await untilSaid(data, writer, 'trying again');
    await sleep(data.runtime, 3_000);
    await mongodb.kill('SIGCONT');
    await run.check();
    expect(writer.log()).toMatch(/The store at 127\.0\.0\.1:\d+ (did not answer in time|cannot be reached)/);
  });

  it('stores the fold of the log after the store was read-only', async () => {
    await using run = await openFaultRun(kafka, mongodb);
    const { data, publishing } = run;
    data.start('projector');
    const writers = [data.start('writer'), data.start('writer')];
    for (const writer of writers) await untilSaid(data, writer, 'writer started');
    await publishing.more(200);
    await setReadOnly(mongodb, true);
    try {
      for (const writer of writers) await untilSaid(data, writer, 'is read-only. Let it take writes again.');
      await publishing.more(300);
    } finally {
      await setReadOnly(mongodb, false);
    }
    await run.check();
  });
});

describe('one Kafka node, one store on a small disk, 4 partitions, a projector, a writer', () => {
  whereFoldersMount('stores the fold of the log after the disk of the store was full', async () => {
    using disk = mountSmallFolder();
    await using mongodb = await startMongodb({ directory: path.join(disk.folder, 'mongodb'), fsync: false });
    await using run = await openFaultRun(kafka, mongodb);
    const { data, publishing } = run;
    data.start('projector');
    const writer = data.start('writer');
    await untilSaid(data, writer, 'writer started');
    await publishing.more(100);
    const ballast = path.join(disk.folder, 'ballast');
    fillUp(ballast);
    await untilSaid(data, writer, 'is full. Give it room.', 60_000);
    await publishing.more(300);
    fs.rmSync(ballast);
    // A database that could not write its journal has ended: its operator starts it again.
    await mongodb.start();
    await until(data.runtime, 'the store takes writes again', async () => {
      const probe = data.database.collection('probe');
      return probe.insertOne({}).then(
        () => true,
        () => false,
      );
    });
    await run.check();
  });
});

async function setReadOnly(mongodb: MongodbServer, isReadOnly: boolean): Promise<void> {
  await mongodb.sql(
    isReadOnly
      ? 'alter system set default_transaction_read_only = on'
      : 'set default_transaction_read_only = off; alter system reset default_transaction_read_only',
  );
  await mongodb.sql('select pg_reload_conf()');
}

/** Whether a small folder can be had, which takes root and CAP_SYS_ADMIN. */
function canMountFolders(): boolean {
  try {
    mountSmallFolder()[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}

/** A folder that holds little. @throws if this process may not mount one */
function mountSmallFolder(): Disposable & { readonly folder: string } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-small-'));
  try {
    const options = `size=${SMALL_FOLDER_MEBIBYTES}m,mode=755`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder], { stdio: 'pipe' });
  } catch (error) {
    fs.rmdirSync(folder);
    throw error;
  }
  return {
    folder,
    [Symbol.dispose]() {
      // Its servers may need a moment to close their files.
      execFileSync('umount', ['--lazy', folder]);
      fs.rmdirSync(folder);
    },
  };
}

/** Takes all the room that is left. */
function fillUp(file: string): void {
  const descriptor = fs.openSync(file, 'w');
  const chunk = Buffer.alloc(64 * 1024);
  try {
    for (;;) fs.writeSync(descriptor, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}
