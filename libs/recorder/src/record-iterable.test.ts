import { describe, expect, it } from '@jest/globals';
import {
  demandNoUnhandledRejections,
  options,
  parts,
  setUp,
  typesOf,
} from '../../../test/support/recording-set-up.js';

demandNoUnhandledRejections();

describe('an iterator', () => {
  const iterating = (iterator: object): AsyncIterable<object> => ({
    [Symbol.asyncIterator]: () => iterator as AsyncIterator<object>,
  });

  it('that throws at once and not by a promise ends its step with the error', async () => {
    const { run, recorder, log } = setUp();
    const given: object[] = [...parts];
    const source = iterating({
      next() {
        const value = given.shift();
        if (value === undefined) throw new Error('at once');
        return { done: false, value };
      },
      return() {
        throw new Error('return');
      },
    });
    const recorded = run.recordIterable(source, options);
    // What it answers without a promise is taken, too.
    expect(await recorded.next()).toEqual({ done: false, value: parts[0] });
    expect(await recorded.next()).toEqual({ done: false, value: parts[1] });
    await expect(recorded.next()).rejects.toThrow('at once');
    await expect(recorded.return!()).rejects.toThrow('return');
    await recorder.flush();
    expect(log.events().at(-1)).toMatchObject({ type: 'error', message: 'at once' });
  });

  it('that catches what is thrown into it is recorded on', async () => {
    const { run, recorder, log } = setUp();
    async function* catching() {
      try {
        yield parts[0];
      } catch {
        yield parts[1];
      }
    }
    const recorded = run.recordIterable(catching(), options);
    await recorded.next();
    expect(await recorded.throw!(new Error('caught'))).toEqual({ done: false, value: parts[1] });
    expect(await recorded.next()).toMatchObject({ done: true });
    await recorder.flush();
    expect(typesOf(log)).toEqual(['step-start', 'text-start', 'text-delta', 'interrupt']);
  });

  it('that does not answer does not keep its step open when its reader leaves', async () => {
    const { run, recorder, log } = setUp();
    const source = iterating({
      next: () => new Promise(() => undefined),
      return: () => new Promise(() => undefined),
    });
    const first = run.openTap(options);
    void first.part(parts[0]);
    first.end();
    const recorded = run.recordIterable(source, options);
    void recorded.next();
    void recorded.return!();
    // The run is free for its next stream.
    void run.openTap(options).part(parts[0]);
    await recorder.flush();
    expect(log.events().map(({ step_id }) => step_id)).toEqual(['r.0', 'r.0', 'r.0', 'r.1', 'r.1']);
  });
});
