import { describe, expect, it } from '@jest/globals';
import { formats, openaiChat } from '@stepfold/formats';
import {
  demandNoUnhandledRejections,
  options,
  parts,
  setUp,
} from '../../../test/support/recording-set-up.js';
import { recordFetch } from './record-fetch.js';

demandNoUnhandledRejections();

describe('a recorded iterable', () => {
  it('ends as its source does, whoever ends it and however often', async () => {
    const calls: string[] = [];
    const source = (): AsyncIterable<object> => ({
      [Symbol.asyncIterator]: () => {
        const given = [...parts];
        return {
          next: async () =>
            given.length > 0 ? { done: false, value: given.shift()! } : { done: true, value: undefined },
          return: async (value: unknown) => {
            calls.push('return');
            return { done: true, value };
          },
          throw: async (error: unknown) => {
            calls.push('throw');
            throw error;
          },
        };
      },
    });
    const { recorder, run, log, errors } = setUp();
    const first = run.recordIterable(source(), options);
    await first.next();
    expect(await first.return!('x')).toEqual({ done: true, value: 'x' });
    await first.return!();
    const second = run.recordIterable(source(), options);
    await second.next();
    await expect(second.throw!(new Error('mine'))).rejects.toThrow('mine');
    const third = run.recordIterable(source(), options);
    for await (const _ of third);
    expect(await third.next()).toMatchObject({ done: true });
    const bare = run.recordIterable(
      { [Symbol.asyncIterator]: () => ({ next: source()[Symbol.asyncIterator]().next }) },
      options,
    );
    expect(await bare.return!('y')).toEqual({ done: true, value: 'y' });
    await expect(bare.throw!(new Error('bare'))).rejects.toThrow('bare');
    expect(calls).toEqual(['return', 'return', 'throw']);
    await recorder.flush();
    const ends = log
      .events()
      .flatMap((event) =>
        event.type === 'interrupt' ? [event.reason] : event.type === 'error' ? ['error'] : [],
      );
    expect(ends).toEqual(['disconnect', 'error', 'eof']);
    expect(errors).toEqual([]);
  });

  it('that cannot begin leaves its run free for the next', () => {
    const { run } = setUp();
    const broken = {
      [Symbol.asyncIterator]: () => {
        throw new Error('broken');
      },
    };
    expect(() => run.recordIterable(broken, options)).toThrow('broken');
    const locked = new ReadableStream();
    locked.getReader();
    expect(() => run.recordStream(locked, options)).toThrow('locked');
    void run.openTap(options).part(parts[0]);
    expect(run.runId).toBe('r');
  });
});

describe('a recorded response', () => {
  const sse = 'data: {"type":"text-start","id":"t"}\n\ndata: {"type":"text-delta","id":"t","delta":"é"}\n\n';

  it('is the same response, byte for byte', async () => {
    const { run, recorder, log } = setUp();
    const init = {
      status: 201,
      statusText: 'Made',
      headers: { 'x-own': '1', 'content-type': 'text/event-stream' },
    };
    const given = new Response(sse, init);
    Object.defineProperty(given, 'url', { value: 'http://example.com/' });
    const recorded = run.recordResponse(given, options);
    expect(recorded).toMatchObject({ status: 201, statusText: 'Made', url: 'http://example.com/', ok: true });
    expect(recorded.headers.get('x-own')).toBe('1');
    expect(await recorded.text()).toBe(sse);
    await recorder.flush();
    expect(log.events().map(({ type }) => type)).toContain('text-delta');
  });

  it('may be read in buffers of the reader', async () => {
    const { run } = setUp();
    const reader = run.recordResponse(new Response(sse), options).body!.getReader({ mode: 'byob' });
    const bytes: number[] = [];
    for (let isDone = false; !isDone;) {
      const { done, value } = await reader.read(new Uint8Array(7));
      bytes.push(...(value ?? []));
      isDone = done;
    }
    expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(sse);
  });

  it('that has no body, or is read by somebody else, is left alone', () => {
    const { run, log } = setUp();
    const empty = new Response(null, { status: 204 });
    expect(run.recordResponse(empty, options)).toBe(empty);
    const read = new Response(sse);
    read.body!.getReader();
    expect(run.recordResponse(read, options)).toBe(read);
    expect(log.events()).toEqual([]);
  });
});

describe('fetch', () => {
  it('is left alone where nothing is to be recorded, or it cannot be told', async () => {
    const { run, log, recorder } = setUp();
    const seen: unknown[] = [];
    const fetch: typeof globalThis.fetch = async (...given) => {
      seen.push(given);
      return Response.json({ ok: true });
    };
    const recorded = recordFetch(fetch, run, ({ pathname }) => {
      if (pathname === '/broken') throw new Error('broken');
      return pathname === '/recorded'
        ? { format: openaiChat, resultsOf: () => JSON.parse('{') as never }
        : undefined;
    });
    for (const url of ['http://x/other', 'http://x/broken', 'http://x/recorded']) {
      const response = await recorded(url, { method: 'POST', body: '{' });
      expect(await response.json()).toEqual({ ok: true });
    }
    await recorded(new Request('http://x/recorded'));
    await recorded(new URL('http://x/recorded'), { method: 'post' });
    expect(seen).toHaveLength(5);
    await recorder.flush();
    expect(log.events()).toEqual([]);
  });

  it('throws what it threw', async () => {
    const { run } = setUp();
    const error = new TypeError('fetch failed');
    const recorded = recordFetch(
      () => Promise.reject(error),
      run,
      () => ({ format: openaiChat }),
    );
    await expect(recorded('http://x/', { method: 'POST' })).rejects.toBe(error);
  });
});

describe('a run', () => {
  it.each(Object.entries(formats))('goes on after any end of a stream of %s', async (_name, format) => {
    const { run, recorder, log, errors } = setUp();
    const starts: Readonly<Record<string, object>> = {
      anthropic: { type: 'message_start', message: { id: 'm', content: [], usage: {} } },
      'openai-responses': { type: 'response.created', response: { id: 'r', output: [] } },
      'openai-chat': { id: 'c', choices: [{ index: 0, delta: { role: 'assistant', content: 'x' } }] },
      fantasy: { type: 'text_delta', id: 't', delta: 'x' },
      google: { candidates: [{ content: { parts: [{ text: 'x' }] } }] },
    };
    const part = starts[format.name] ?? { type: 'text-delta', id: 't', delta: 'x', text: 'x' };
    const ends = [
      (tap: ReturnType<typeof run.openTap>) => tap.end(),
      (tap: ReturnType<typeof run.openTap>) => tap.cancel(),
      (tap: ReturnType<typeof run.openTap>) => tap.fail(new Error('x')),
    ];
    for (const end of ends) {
      const tap = run.openTap({ format });
      void tap.part(part);
      end(tap);
      // What comes behind the end is nobody's.
      void tap.part(part);
      tap.end();
    }
    await recorder.flush();
    const steps = new Set(log.events().map(({ step_id }) => step_id));
    expect([...steps]).toEqual(['r.0', 'r.1', 'r.2']);
    const terminals = log
      .events()
      .filter(({ type }) => type === 'interrupt' || type === 'error' || type === 'step-end');
    expect(terminals.map(({ step_id }) => step_id)).toEqual(['r.0', 'r.1', 'r.2']);
    expect(errors).toEqual([]);
  });

  it('records streams that overlap as runs of their own', async () => {
    const { run, recorder, log } = setUp();
    const [first, second] = [run.openTap(options), run.openTap(options)];
    for (const part of parts) {
      void first!.part(part);
      void second!.part(part);
    }
    first!.end();
    second!.end();
    await recorder.flush();
    expect(new Set(log.events().map(({ step_id }) => step_id))).toEqual(new Set(['r.0', 'r~1.0']));
  });

  it('with ids that none may have tells so once, and disturbs nothing', async () => {
    const { recorder, errors, log } = setUp();
    for (const bad of [
      { chatId: 'no id', runId: 'r' },
      { chatId: 'c', runId: 'x'.repeat(300) },
    ]) {
      const source = async function* () {
        yield* parts;
      };
      const read: unknown[] = [];
      for await (const part of recorder.openRun(bad).recordIterable(source(), options)) read.push(part);
      expect(read).toEqual(parts);
    }
    await recorder.flush();
    expect(errors).toMatchObject([{ code: 'event-invalid' }, { code: 'event-invalid' }]);
    expect(log.events()).toEqual([]);
  });

  it('tells of a publisher that is closed once, however much comes', async () => {
    const { recorder, run, errors } = setUp();
    await recorder.close();
    const tap = run.openTap(options);
    for (let i = 0; i < 1_000; i++) void tap.part(parts[i % 2]);
    tap.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toMatchObject([{ code: 'publisher-closed' }]);
  });

  it('tells of a result that no step can take', async () => {
    const { run, errors } = setUp();
    await run.runTool('a', () => 1);
    run.toolApproval({ toolCallId: 'a', approvalId: 'b', state: 'granted' });
    run.close();
    expect(errors).toMatchObject([{ code: 'result-unrecorded' }]);
    await expect(run.runTool('b', () => Promise.reject(new Error('tool')))).rejects.toThrow('tool');
  });
});
