import { describe, expect, it } from '@jest/globals';
import type { AppendedRange, EventLog } from '@stepfold/event-log';
import { createPublisher } from '@stepfold/publisher';
import { TransientError } from '@stepfold/runtime';
import { createInstantRuntime } from '../testing/instant-runtime.js';
import { LogGivenUp, withBoundedPatience } from './bounded-patience.js';

/** A log on which every `append` does what is said. */
function scriptedLog(append: () => Promise<AppendedRange>): EventLog {
  return { generation: 0, partitionCount: 1, topicPrefix: 'stepfold.', append } as unknown as EventLog;
}

const away = () => Promise.reject(new TransientError('log-unavailable', 'nobody answers'));
const range = { firstOffset: 7, lastOffset: 7, appendedAtMs: 0 };

describe('a log that a command waits for', () => {
  it('is sent to again for as long as it is patient, and then given up', async () => {
    const runtime = createInstantRuntime();
    let sends = 0;
    const log = scriptedLog(() => {
      sends++;
      return away();
    });
    const publisher = createPublisher({ log: withBoundedPatience(log, runtime, 30_000), runtime });
    const { acknowledged } = publisher.publish({ chat_id: 'c', step_id: 's', type: 'step-start' });
    await expect(acknowledged).rejects.toThrow(LogGivenUp);
    await expect(acknowledged).rejects.toThrow(/^the log was away for 3\d s: nobody answers$/);
    expect(sends).toBeGreaterThan(5);
    expect(runtime.monotonicMs()).toBeGreaterThanOrEqual(30_000);
    await expect(publisher.close()).rejects.toThrow();
  });

  it('is counted anew after each success', async () => {
    const runtime = createInstantRuntime();
    const answers = [away, away, () => Promise.resolve(range), away, away];
    const patient = withBoundedPatience(
      scriptedLog(() => answers.shift()!()),
      runtime,
      30_000,
    );
    const append = () => patient.append('events', 0, []);
    await expect(append()).rejects.toThrow(TransientError);
    runtime.advance(29_999);
    await expect(append()).rejects.toThrow(TransientError);
    expect(await append()).toBe(range);
    runtime.advance(60_000);
    await expect(append()).rejects.toThrow(TransientError);
    runtime.advance(30_000);
    await expect(append()).rejects.toThrow(LogGivenUp);
  });
});
