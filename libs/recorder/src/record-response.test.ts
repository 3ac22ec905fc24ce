import { describe, expect, it } from '@jest/globals';
import { recordFetch } from './record-fetch.js';
import {
  demandNoUnhandledRejections,
  options,
  parts,
  setUp,
  sse,
  typesOf,
} from '../../../test/support/recording-set-up.js';

demandNoUnhandledRejections();

describe('a response', () => {
  it('hands chunks on as they are, whoever else uses their memory', async () => {
    const { run, recorder, log } = setUp();
    const bytes = new TextEncoder().encode(sse);
    // Node's buffers are views of one pool; the two others of one array.
    const chunks = [Buffer.from(': comment\n'), bytes.subarray(0, 30), new Uint8Array(), bytes.subarray(30)];
    const source = new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    const read: unknown[] = [];
    for await (const chunk of run.recordResponse(new Response(source), options).body!) read.push(chunk);
    expect(read).toHaveLength(4);
    for (const [index, chunk] of chunks.entries()) expect(read[index]).toBe(chunk);
    expect(new TextDecoder().decode(bytes)).toBe(sse);
    await recorder.flush();
    expect(typesOf(log)).toContain('text-delta');
  });

  it('whose chunks are no bytes reaches its reader, and the recorder tells so once', async () => {
    const { run, errors } = setUp();
    const source = new ReadableStream({
      start(controller) {
        for (const chunk of ['a', null, 7]) controller.enqueue(chunk);
        controller.close();
      },
    });
    const read: unknown[] = [];
    for await (const chunk of run.recordResponse(new Response(source), options).body!) read.push(chunk);
    expect(read).toEqual(['a', null, 7]);
    expect(errors.length).toBe(1);
  });

  it('that was read, is an error, or is none of the platform is left alone', async () => {
    const { run, recorder, log, errors } = setUp();
    const used = new Response(sse);
    await used.text();
    const stream = new Response(sse);
    await stream.body!.getReader().read();
    const released = new Response(sse);
    const reader = released.body!.getReader();
    await reader.read();
    reader.releaseLock();
    const refused = new Response(sse, { status: 529 });
    const broken = Object.defineProperty(new Response(sse), 'status', { value: 7 });
    const foreign = { ok: true, status: 200, body: { pipe: () => undefined } } as unknown as Response;
    for (const response of [used, stream, released, refused, foreign, broken, Response.error()]) {
      expect(run.recordResponse(response, options)).toBe(response);
    }
    expect(await broken.text()).toBe(sse);
    expect(errors).toMatchObject([{ code: 'stream-unrecorded' }, { name: 'RangeError' }]);
    void run.openTap(options).part(parts[0]);
    await recorder.flush();
    expect(log.events()[0]).toMatchObject({ step_id: 'r.0' });
  });

  it('whose parts cannot be told from its body is the same, and that is told', async () => {
    const { run, errors } = setUp();
    const partsOf = function* () {
      yield parts[0];
      throw new RangeError('parts');
    };
    const given = { ...options, partsOf };
    expect(await run.recordResponse(new Response('{}'), given).text()).toBe('{}');
    expect(await run.recordResponse(new Response('no json'), given).text()).toBe('no json');
    expect(errors).toMatchObject([{ message: 'parts' }]);
  });

  it('is not followed on the log while nobody listens to its signal', async () => {
    const { run, runtime, log } = setUp();
    const { signal } = new AbortController();
    await run
      .recordResponse(new Response(sse), { ...options, signal })
      .body!.getReader()
      .read();
    await runtime.advance(5_000);
    expect(log.reads).toBe(0);
  });

  it('of a request with a signal of its own kind is as that signal says', async () => {
    const { run, recorder, log } = setUp();
    const own = { aborted: false } as AbortSignal;
    let given: unknown;
    const fetch: typeof globalThis.fetch = async (_input, init) => {
      given = init?.signal;
      return new Response(sse);
    };
    const recorded = recordFetch(fetch, run, () => options);
    const response = await recorded('http://x/', { method: 'POST', signal: own });
    Object.assign(own, { aborted: true });
    await response.text();
    expect(given === own).toBe(true);
    await recorder.flush();
    expect(log.events().at(-1)).toMatchObject({ type: 'interrupt', reason: 'user' });
  });
});
