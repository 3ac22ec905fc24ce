import { describe, expect, it } from '@jest/globals';
import {
  demandNoUnhandledRejections,
  options,
  parts,
  setUp,
  sse,
  typesOf,
} from '../../../test/support/recording-set-up.js';

demandNoUnhandledRejections();

describe('a stream', () => {
  it('is read when its reader reads, and not ahead', async () => {
    const { run } = setUp();
    let pulls = 0;
    const counting = (part: unknown): ReadableStream => {
      const pull = (controller: ReadableStreamDefaultController): void => {
        pulls++;
        controller.enqueue(part);
      };
      return new ReadableStream({ pull }, { highWaterMark: 0 });
    };
    const bytes = new TextEncoder().encode(sse);
    for (const recorded of [
      run.recordStream(counting(parts[0]), options),
      run.recordResponse(new Response(counting(bytes)), options).body!,
    ]) {
      pulls = 0;
      const reader = recorded.getReader();
      await new Promise((resolve) => setImmediate(resolve));
      expect(pulls).toBe(0);
      await reader.read();
      await new Promise((resolve) => setImmediate(resolve));
      expect(pulls).toBe(1);
    }
  });

  it('that is cancelled before its first part leaves nothing on the log', async () => {
    const { run, recorder, log, errors } = setUp();
    let reason: unknown;
    const source = new ReadableStream({ cancel: (given) => void (reason = given) }, { highWaterMark: 0 });
    await run.recordStream(source, options).cancel('enough');
    const response = run.recordResponse(new Response(sse), options);
    await response.body!.cancel();
    await run.recordIterable((async function* () {})(), options).return!();
    await recorder.flush();
    expect(reason).toBe('enough');
    expect(log.events()).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('that is cancelled while a part is awaited ends its step once', async () => {
    const { run, recorder, log } = setUp();
    const source = new ReadableStream({
      start: (controller) => controller.enqueue(parts[0]),
    });
    const reader = run.recordStream(source, options).getReader();
    await reader.read();
    const read = reader.read();
    await reader.cancel();
    expect(await read).toEqual({ done: true, value: undefined });
    await recorder.flush();
    expect(typesOf(log)).toEqual(['step-start', 'text-start', 'interrupt']);
  });
});
