import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { decodeCheckpoint, projectorDefaults } from '@stepfold/projector';
import { createPublisher, type Publisher } from '@stepfold/publisher';
import { sleep } from '@stepfold/runtime';
import { foldAll } from '../support/fold-all.js';
import { startService, type ServiceProcess } from '../support/service-process.js';
import { asStored, availableBackends, openTestData, type TestData } from '../support/test-data.js';

/** Time-outs so short that a frozen process is beyond all of them at once; a heartbeat comes far more often. */
const config = {
  openStepIntervalMs: 50,
  checkpointIntervalMs: 20,
  stepIdleTimeoutMs: 2_000,
  reaperGraceMs: 300,
  reaperLookMs: 100,
  reaperLookGapMaxMs: 400,
};
/** How long a projector stays frozen when another has its partitions: longer than a step may be silent. */
const FROZEN_MS = 3_000;
/** A write that takes so long is not slow but stuck. */
const STUCK_MS = 5_000;

const script = path.resolve(__dirname, 'processes/freezing-projector.mjs');

describe.each(availableBackends())('a projector that is frozen, replaced, and thawed on %s', (backend) => {
  let data: TestData;
  let publisher: Publisher;
  let services: ServiceProcess[];

  beforeEach(async () => {
    data = await openTestData(backend);
    publisher = createPublisher({ log: data.log, runtime: data.runtime, heartbeatIntervalMs: 100 });
    services = [startService(['writer', ...data.serviceArguments])];
  });

  afterEach(async () => {
    await publisher.close();
    await Promise.all(services.map((service) => service.end('SIGKILL')));
    await data[Symbol.asyncDispose]();
  });

  it.each([
    ['after-poll', 3],
    ['after-fold', 3],
    ['after-append', 3],
    ['before-commit', 3],
  ])(
    'changes nothing and closes no step that lives (frozen %s)',
    async (point, nth) => {
      const frozen = startProjector(point, nth);
      await frozen.saying('partition assigned');
      const step = publisher.openStep({ chatId: 'chat', stepId: 'lives' });
      void step.textStart('0');
      const writing = new AbortController();
      const written = writeUntil(writing.signal, () => void step.textDelta('0', 'word '));
      await frozen.saying(`frozen ${point}`);
      await untilOutsideOfWrites(frozen);

      const replacement = startProjector('never', 1);
      await replacement.saying('partition assigned');
      await sleep(data.runtime, FROZEN_MS);
      frozen.child.kill('SIGCONT');
      await frozen.saying(`thawed ${point}`);
      // The thawed one has to have had its chance: it goes on with what it had, until it finds out.
      await frozen.saying('partition left');

      writing.abort();
      await written;
      void step.textEnd('0');
      void step.finish({ finishReason: 'stop' });
      void step.end();
      await publisher.flush();
      await data.untilStored();

      const events = await eventsOfLog();
      expect(events.filter(({ type }) => type === 'interrupt')).toEqual([]);
      const stored = await data.messagesOf('chat');
      expect(stored).toEqual(foldAll(events).messages.map(asStored));
      expect(stored).toMatchObject([{ status: 'complete' }]);
      expect((await data.store.deadLetters()).items).toEqual([]);
    },
    60_000,
  );

  it('has its steps closed by its replacement, if they do not live', async () => {
    const frozen = startProjector('after-poll', 2);
    await frozen.saying('partition assigned');
    const dead = { chat_id: 'chat', step_id: 'dead' };
    // Nobody sends heartbeats for a step that somebody else is said to have opened.
    const { partition } = await publisher.publish({ type: 'step-start', ...dead }).acknowledged;
    await untilFolded(partition, 1);
    await publisher.publish({ type: 'text-delta', ...dead, id: '0', text: 'Half' }).acknowledged;
    await frozen.saying('frozen');
    await untilOutsideOfWrites(frozen);
    const replacement = startProjector('never', 1);
    await replacement.saying('step closed by the reaper');
    frozen.child.kill('SIGCONT');
    await frozen.saying('partition left');
    await data.untilStored();
    expect(await data.messagesOf('chat')).toMatchObject([
      { status: 'interrupted', interrupt: { reason: 'timeout' }, parts: [{ text: 'Half' }] },
    ]);
  }, 60_000);

  function startProjector(point: string, nth: number): ServiceProcess {
    const service = startService(
      [JSON.stringify(data.logPlace), point, String(nth), JSON.stringify(config)],
      script,
    );
    services.push(service);
    return service;
  }

  /**
   * Its point lies outside of its own writes, but a heartbeat may be under way on a thread: who is frozen in that holds the
   * lock of an embedded log, and nobody could replace it. Then it goes on for a moment.
   */
  async function untilOutsideOfWrites(frozen: ServiceProcess): Promise<void> {
    const isWritten = async (): Promise<boolean> => {
      const sign = publisher.publish({ type: 'heartbeat', chat_id: 'other', step_id: 'none' });
      return Promise.race([
        sign.acknowledged.then(() => true),
        sleep(data.runtime, STUCK_MS).then(() => false),
      ]);
    };
    while (!(await isWritten())) {
      frozen.child.kill('SIGCONT');
      await sleep(data.runtime, 20);
      frozen.child.kill('SIGSTOP');
    }
  }

  async function writeUntil(signal: AbortSignal, write: () => void): Promise<void> {
    while (!signal.aborted) {
      write();
      await sleep(data.runtime, 30);
    }
  }

  /** Waits until a projector has committed that it has made everything of the events before an offset. */
  async function untilFolded(partition: number, offset: number): Promise<void> {
    const folded = async (): Promise<number> =>
      decodeCheckpoint(await data.log.committed(projectorDefaults.group, 'events', partition)).foldedTo;
    while ((await folded()) < offset) await sleep(data.runtime, 20);
  }

  async function eventsOfLog(): Promise<readonly Event[]> {
    const events: Event[] = [];
    for (let partition = 0; partition < data.log.partitionCount; partition++) {
      const { records } = await data.log.read('events', partition, 0, { recordsMax: 100_000 });
      events.push(...records.map(({ value }) => JSON.parse(new TextDecoder().decode(value!)) as Event));
    }
    return events;
  }
});
