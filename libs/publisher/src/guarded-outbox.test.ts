import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { demandNoUnhandledRejections } from '../../../test/support/recording-set-up.js';
import { createPublisher } from './create-publisher.js';
import type { Outbox } from './outbox.js';
import type { PublisherOptions } from './publisher.js';
import { HandDrivenRuntime, startMicros } from './testing/hand-driven-runtime.js';
import { RecordingLog } from './testing/recording-log.js';

demandNoUnhandledRejections();

function setUp(options: Partial<PublisherOptions>) {
  const runtime = new HandDrivenRuntime();
  const log = new RecordingLog();
  const errors: Error[] = [];
  const onError = (error: Error): void => void errors.push(error);
  const publisher = createPublisher({ log, runtime, producer: 'p', onError, ...options });
  return { runtime, log, errors, publisher };
}

const quiet: Outbox = { recover: () => [], keep: () => () => undefined, close: () => undefined };
const fail = (): never => {
  throw new Error('from the outbox');
};
const reject = (): Promise<never> => Promise.reject(new Error('from the outbox'));
const hang = (): Promise<never> => new Promise(() => undefined);
const heartbeat: Event = { v: 1, chat_id: 'c', step_id: 's', at: startMicros, type: 'heartbeat' };

describe('an outbox of the application', () => {
  it.each<[string, object]>([
    ['whose recover throws', { recover: fail }],
    ['whose recover rejects', { recover: reject }],
    ['whose recover hangs', { recover: hang }],
    ['whose recover answers nothing', { recover: () => undefined }],
    ['whose recover answers no events', { recover: () => [null] }],
    ['whose keep throws', { keep: fail }],
    ['whose keep rejects', { keep: reject }],
    ['whose keep hangs', { keep: hang }],
    ['whose keep answers nothing', { keep: () => undefined }],
    ['that throws when an event is on the log', { keep: () => fail }],
    ['that rejects when an event is on the log', { keep: () => reject }],
    [
      'that throws when a recovered event is on the log',
      { recover: () => [{ event: heartbeat, onSettled: fail }] },
    ],
    ['whose close throws', { close: fail }],
    ['whose close rejects', { close: reject }],
  ])('%s breaks no stream, and is told of once', async (_, wrong) => {
    const { runtime, log, errors, publisher } = setUp({ outbox: { ...quiet, ...wrong } as Outbox });
    for (const stepId of ['a', 'b', 'd']) {
      const opened = publisher.openStep({ chatId: 'c', stepId });
      await opened.textDelta('t', 'x');
      await opened.end().acknowledged;
    }
    await publisher.close();
    await runtime.settle();
    expect(log.events().filter(({ type }) => type !== 'heartbeat')).toHaveLength(9);
    expect(errors).toMatchObject([{ code: 'outbox-unavailable' }]);
  });

  it('that answers an event which is none, and throws when it is told, breaks no stream', async () => {
    const event = { ...heartbeat, v: 9 } as unknown as Event;
    const { runtime, log, errors, publisher } = setUp({
      outbox: { ...quiet, recover: () => [{ event, onSettled: fail }] },
    });
    await publisher.openStep({ chatId: 'c', stepId: 's' }).end();
    await publisher.close();
    await runtime.settle();
    expect(log.events()).toHaveLength(2);
    expect(errors).toMatchObject([{ code: 'event-invalid' }, { code: 'outbox-unavailable' }]);
  });
});
