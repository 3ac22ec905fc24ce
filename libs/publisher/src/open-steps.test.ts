import { describe, expect, it } from '@jest/globals';
import { HandDrivenRuntime, startMicros } from './testing/hand-driven-runtime.js';
import { RecordingLog } from './testing/recording-log.js';
import { createPublisher } from './create-publisher.js';

function setUp() {
  const log = new RecordingLog();
  const runtime = new HandDrivenRuntime();
  const publisher = createPublisher({ log, runtime, producer: 'p', heartbeatIntervalMs: 60_000 });
  const heartbeats = (): string[] =>
    log
      .events()
      .filter(({ type }) => type === 'heartbeat')
      .map(({ step_id, at }) => `${step_id} ${(at - startMicros) / 1_000_000}`);
  return { log, runtime, publisher, heartbeats };
}

describe('heartbeats', () => {
  it('come for each open step that was silent for the interval, counted from its last event', async () => {
    const { runtime, publisher, heartbeats } = setUp();
    const busy = publisher.openStep({ chatId: 'c', stepId: 'busy' });
    publisher.openStep({ chatId: 'c', stepId: 'silent' });
    await runtime.advance(45_000);
    void busy.textDelta('t', 'x');
    await runtime.advance(59_999);
    expect(heartbeats()).toEqual(['silent 60']);
    await runtime.advance(1);
    expect(heartbeats()).toEqual(['silent 60', 'busy 105']);
    await runtime.advance(60_000);
    expect(heartbeats()).toEqual(['silent 60', 'busy 105', 'silent 120', 'busy 165']);
  });

  it('are put off by what a tool worker of the same publisher adds', async () => {
    const { runtime, publisher, heartbeats } = setUp();
    publisher.openStep({ chatId: 'c', stepId: 's' });
    const worker = publisher.joinStep({ chatId: 'c', stepId: 's' });
    await runtime.advance(30_000);
    void worker.toolResult({ toolCallId: 'x', result: 1 });
    await runtime.advance(59_999);
    expect(heartbeats()).toEqual([]);
    await runtime.advance(1);
    expect(heartbeats()).toEqual(['s 90']);
  });

  it('never come for a step that has ended, is joined, raw, or was taken over by its next attempt', async () => {
    const { log, runtime, publisher, heartbeats } = setUp();
    void publisher.openStep({ chatId: 'c', stepId: 'ended' }).end();
    void publisher.openStep({ chatId: 'c', stepId: 'failed' }).error({ message: 'no', fatal: true });
    void publisher.openStep({ chatId: 'c', stepId: 'stopped' }).interrupt('user');
    void publisher.joinStep({ chatId: 'c', stepId: 'joined' }).data({ name: 'n', data: 1 });
    void publisher.publish({ chat_id: 'c', step_id: 'raw', type: 'step-start' });
    expect(runtime.timerCount).toBe(0);
    publisher.openStep({ chatId: 'c', stepId: 'again' }).retry();
    await runtime.advance(70_000);
    expect(heartbeats()).toEqual(['again 60']);
    expect(log.events().at(-1)).toMatchObject({ type: 'heartbeat', attempt: 1 });
  });

  it('do not pile up while the log is away', async () => {
    const { log, runtime, publisher, heartbeats } = setUp();
    publisher.openStep({ chatId: 'c', stepId: 's' });
    await runtime.settle();
    log.pause();
    await runtime.advance(60_000 * 60);
    log.resume();
    await runtime.advance(60_000);
    expect(heartbeats()).toEqual(['s 60', 's 3660']);
  });

  it('end with the publisher', async () => {
    const { runtime, publisher, heartbeats } = setUp();
    publisher.openStep({ chatId: 'c', stepId: 's' });
    await publisher.close();
    expect(runtime.timerCount).toBe(0);
    await runtime.advance(120_000);
    expect(heartbeats()).toEqual([]);
  });
});
