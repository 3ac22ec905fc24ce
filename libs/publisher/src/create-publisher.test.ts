import { describe, expect, it } from '@jest/globals';
import { eventTypes, type Event } from '@stepfold/events';
import { evolve, initialState, toMessage } from '@stepfold/fold';
import { silentLogger, TransientError, type UsageError } from '@stepfold/runtime';
import { HandDrivenRuntime, startMicros } from './testing/hand-driven-runtime.js';
import { RecordingLog } from './testing/recording-log.js';
import { createPublisher } from './create-publisher.js';
import type { PublisherOptions } from './publisher.js';

function setUp(options: Partial<PublisherOptions> = {}) {
  const log = new RecordingLog();
  const runtime = new HandDrivenRuntime();
  const errors: Error[] = [];
  const publisher = createPublisher({
    log,
    runtime,
    producer: 'p',
    onError: (error) => errors.push(error),
    ...options,
  });
  return { log, runtime, errors, publisher };
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return (error as UsageError).code;
  }
}

function fail(): never {
  throw new Error('from onError');
}

function thrownCode(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as UsageError).code;
  }
}

describe('a step', () => {
  it('sends an event of every type, with wire names, one producer and contiguous numbers', async () => {
    const { log, publisher } = setUp();
    const step = publisher.openStep({ chatId: 'c', stepId: 's', model: 'm', runId: 'r', stepIndex: 2 });
    void step.textStart('t');
    void step.textDelta('t', 'Hello');
    void step.textEnd('t', { metadata: { openai: { itemId: 'i' } } });
    void step.reasoningStart('r');
    void step.reasoningDelta('r', 'hm', { metadata: { anthropic: { signature: 'x' } } });
    void step.reasoningEnd('r', { redacted: true });
    void step.toolInputStart('call', { toolName: 'search', providerExecuted: false });
    void step.toolInputDelta('call', '{"q":1}');
    void step.toolInputEnd('call');
    void step.toolCall({ toolCallId: 'call', toolName: 'search', args: { camelCase: { snake_case: 1 } } });
    void step.toolApproval({ toolCallId: 'call', approvalId: 'a', state: 'requested' });
    void step.toolExecutionStart('call');
    void step.toolResult({
      toolCallId: 'call',
      result: null,
      isError: true,
      executionStartedAt: startMicros,
    });
    void step.source({ sourceType: 'url', url: 'https://example.org', sourceId: '1' });
    void step.file({ mediaType: 'image/png', data: 'AAAA' });
    void step.data({ name: 'progress', dataId: 'd', data: [1] });
    void step.heartbeat();
    void step.error({ message: 'slow', fatal: false });
    void step.finish({ finishReason: 'stop', usage: { inputTokens: 3, cacheReadTokens: 1 } });
    void step.end();
    void publisher.message({ chatId: 'c', stepId: 'm', role: 'user', parts: [{ type: 'text', text: 'Hi' }] });
    void publisher
      .joinStep({ chatId: 'c', stepId: 's', attempt: 1 })
      .interrupt('user', { detectedAt: startMicros });
    await publisher.flush();

    const events = log.events();
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(eventTypes));
    const ofStep = events.filter((event) => event.step_id === 's' && event.attempt === undefined);
    expect(ofStep.map(({ seq }) => seq)).toEqual(ofStep.map((_, index) => index));
    expect(events.every(({ v, chat_id }) => v === 1 && chat_id === 'c')).toBe(true);
    expect(events.filter(({ producer }) => producer !== 'p').map(({ type }) => type)).toEqual(['interrupt']);
    expect(events[0]).toEqual({
      v: 1,
      chat_id: 'c',
      step_id: 's',
      at: startMicros,
      type: 'step-start',
      model: 'm',
      run_id: 'r',
      step_index: 2,
      producer: 'p',
      seq: 0,
    });
    expect(events.find(({ type }) => type === 'tool-call')).toMatchObject({
      tool_call_id: 'call',
      args: { camelCase: { snake_case: 1 } },
    });
    expect(events.find(({ type }) => type === 'tool-result')).toMatchObject({
      result: null,
      is_error: true,
      execution_started_at: startMicros,
    });
    expect(events.find(({ type }) => type === 'finish')).toMatchObject({
      finish_reason: 'stop',
      usage: { input_tokens: 3, cache_read_tokens: 1 },
    });
    expect(events.find(({ type }) => type === 'interrupt')).toMatchObject({
      attempt: 1,
      detected_at: startMicros,
    });
    expect(log.calls.every(({ topic }) => topic === 'events')).toBe(true);
    expect(new TextDecoder().decode(log.recordsOf(0)[0]?.key ?? undefined)).toBe('c');
  });

  it('takes the stamp that it is given, and otherwise a clock that never goes backwards', async () => {
    const { log, runtime, publisher } = setUp();
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.textDelta('t', 'a', { at: startMicros - 5 });
    runtime.wallOffsetMicros = -1_000_000;
    void step.textDelta('t', 'b');
    runtime.wallOffsetMicros = 7;
    void step.textDelta('t', 'c');
    await publisher.flush();
    expect(log.events().map(({ at }) => at - startMicros)).toEqual([0, -5, 0, 7]);
  });

  it('stamps an event when it happens, not when the log has room for it', async () => {
    const { log, runtime, publisher } = setUp({ queueEventsMax: 1, batchRecordsMax: 1 });
    log.pause();
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.textDelta('t', 'a');
    await runtime.advance(5_000);
    log.resume();
    await publisher.flush();
    expect(log.events().map(({ at }) => at)).toEqual([startMicros, startMicros]);
  });

  it('keeps what the caller gave as it was, whatever the caller does to it later', async () => {
    const { log, publisher } = setUp();
    const result = { list: [1], when: new Date(0), nothing: undefined };
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.toolResult({ toolCallId: 'x', result });
    result.list.push(2);
    await publisher.flush();
    expect(log.events()[1]).toMatchObject({ result: { list: [1], when: '1970-01-01T00:00:00.000Z' } });
  });

  it('lets no spread part of an SDK change the type or the address', async () => {
    const { log, publisher } = setUp();
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    const part = { type: 'tool-output', stepId: 'other', seq: 99, toolCallId: 'x', result: 1 };
    void step.toolResult({ ...part });
    await publisher.flush();
    expect(log.events()[1]).toMatchObject({ type: 'tool-result', step_id: 's', seq: 1 });
  });

  it('keeps a key __proto__ in a result as data', async () => {
    const { log, publisher } = setUp();
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.toolResult({ toolCallId: 'x', result: JSON.parse('{"__proto__":{"polluted":true}}') });
    await publisher.flush();
    expect(log.valuesOf()[1]).toContain('"result":{"__proto__":{"polluted":true}}');
  });

  it('refuses an invalid event with the sentence of the codec, and numbers on without a gap', async () => {
    const { log, publisher } = setUp();
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    await expect(step.textDelta('', 'x')).rejects.toThrow('id: must be a string of 1 to 512 characters');
    await expect(step.textDelta('t', 'x', { at: 1_700_000_000_000 })).rejects.toThrow('milliseconds');
    await expect(step.textDelta('t', 5 as never)).rejects.toThrow('text: must be a string');
    await expect(step.toolResult({ toolCallId: 'x', result: undefined })).rejects.toThrow(
      'result: is missing',
    );
    await expect(step.toolResult({ toolCallId: 'x', result: cyclic })).rejects.toThrow(
      'cannot be written as JSON',
    );
    await expect(step.toolResult({ toolCallId: 'x', result: 1n })).rejects.toThrow(
      'cannot be written as JSON',
    );
    expect(await codeOf(step.toolCall({ toolCallId: 'x', toolName: 'y' }))).toBe('event-invalid');
    expect(await codeOf(step.textDelta('', 'x').acknowledged)).toBe('event-invalid');
    expect(await codeOf(publisher.publish(null as never))).toBe('event-invalid');
    await step.textDelta('t', 'fine');
    await publisher.flush();
    expect(log.events().map(({ type, seq }) => [type, seq])).toEqual([
      ['step-start', 0],
      ['text-delta', 1],
    ]);
  });

  it('throws at once if it cannot be opened or joined', () => {
    const { publisher } = setUp();
    expect(thrownCode(() => publisher.openStep({ chatId: 'a:b', stepId: 's' }))).toBe('event-invalid');
    expect(() => publisher.openStep({ chatId: 'a:b', stepId: 's' })).toThrow('chat_id: must not hold ":"');
    expect(thrownCode(() => publisher.joinStep({ chatId: 'c', stepId: '' }))).toBe('event-invalid');
    expect(thrownCode(() => publisher.joinStep({ chatId: 'c', stepId: 's', attempt: -1 }))).toBe(
      'event-invalid',
    );
    publisher.openStep({ chatId: 'c', stepId: 's', attempt: 2 });
    expect(thrownCode(() => publisher.openStep({ chatId: 'c', stepId: 's', attempt: 2 }))).toBe('step-open');
    expect(thrownCode(() => publisher.openStep({ chatId: 'c', stepId: 's', attempt: 1 }))).toBe('step-open');
  });

  it('is closed by its end, a fatal error or an interrupt, for everybody in this publisher', async () => {
    const { publisher } = setUp();
    const ended = publisher.openStep({ chatId: 'c', stepId: 's1' });
    void ended.end();
    expect(ended.isEnded).toBe(true);
    expect(await codeOf(ended.textDelta('t', 'x'))).toBe('step-closed');
    expect(await codeOf(ended.end())).toBe('step-closed');
    expect(await codeOf(ended.interrupt('user'))).toBe('step-closed');
    expect(await codeOf(publisher.joinStep({ chatId: 'c', stepId: 's1' }).heartbeat())).toBe('step-closed');
    expect(thrownCode(() => publisher.openStep({ chatId: 'c', stepId: 's1' }))).toBe('step-closed');

    const failed = publisher.openStep({ chatId: 'c', stepId: 's2' });
    void failed.error({ message: 'no', fatal: false });
    expect(failed.isEnded).toBe(false);
    void failed.error({ message: 'no', fatal: true });
    expect(await codeOf(failed.heartbeat())).toBe('step-closed');

    const guarded = publisher.openStep({ chatId: 'c', stepId: 's3' });
    void guarded.interrupt('timeout', { ifEvents: 1 });
    expect(guarded.isEnded).toBe(false);

    void publisher.message({ chatId: 'c', stepId: 'm', role: 'user', parts: [] });
    expect(await codeOf(publisher.message({ chatId: 'c', stepId: 'm', role: 'user', parts: [] }))).toBe(
      'step-closed',
    );
    expect(await codeOf(publisher.message({ chatId: 'c', stepId: 's3', role: 'user', parts: [] }))).toBe(
      'step-open',
    );
    await publisher.flush();
  });

  it('is stopped by a stop button that does not know its attempt, again and again', async () => {
    const { log, publisher } = setUp();
    const first = publisher.openStep({ chatId: 'c', stepId: 's', attempt: 3 });
    const button = publisher.joinStep({ chatId: 'c', stepId: 's' });
    await button.interrupt('user');
    expect(await codeOf(first.textDelta('t', 'x'))).toBe('step-closed');
    const second = first.retry();
    await button.interrupt('user');
    expect(second.isEnded).toBe(true);
    expect(await codeOf(button.heartbeat())).toBe('step-closed');
    await publisher.flush();
    expect(log.events().map(({ type, attempt }) => [type, attempt])).toEqual([
      ['step-start', 3],
      ['interrupt', undefined],
      ['step-start', 4],
      ['interrupt', undefined],
    ]);
  });

  it('can be opened after a stop button was pressed too early', async () => {
    const { log, publisher } = setUp();
    void publisher.joinStep({ chatId: 'c', stepId: 's' }).interrupt('user');
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.textDelta('t', 'x');
    void step.end();
    await publisher.flush();
    const state = initialState();
    expect(log.events().map((event) => evolve(state, event))).toEqual([
      'not-open',
      'accepted',
      'accepted',
      'accepted',
    ]);
    expect(toMessage(state)).not.toHaveProperty('gaps');
  });

  it('is stopped by that button in the message too, where the worker beside it has numbers of its own', async () => {
    const { log, publisher } = setUp();
    const step = publisher.openStep({ chatId: 'c', stepId: 's', attempt: 3 });
    const worker = publisher.joinStep(step);
    void worker.data({ name: 'n', data: 1 });
    void publisher.joinStep({ chatId: 'c', stepId: 's' }).interrupt('user');
    await publisher.flush();
    const state = initialState();
    expect(log.events().map((event) => evolve(state, event))).toEqual(['accepted', 'accepted', 'accepted']);
    expect(toMessage(state)).toMatchObject({ status: 'interrupted', attempt: 3 });
    expect(toMessage(state)).not.toHaveProperty('gaps');
  });

  it('retries as the next attempt, with the same fields but a new stamp, and is over itself', async () => {
    const { log, runtime, publisher } = setUp();
    const step = publisher.openStep({ chatId: 'c', stepId: 's', model: 'a', provider: 'p', at: startMicros });
    await runtime.advance(1);
    const next = step.retry({ model: 'b' });
    expect(next.attempt).toBe(1);
    expect(await codeOf(step.heartbeat())).toBe('step-closed');
    expect(thrownCode(() => step.retry())).toBe('step-open');
    void next.heartbeat();
    await publisher.flush();
    expect(log.events()).toMatchObject([
      { type: 'step-start', model: 'a', provider: 'p', seq: 0, at: startMicros },
      { type: 'step-start', model: 'b', provider: 'p', attempt: 1, seq: 0, at: startMicros + 1_000 },
      { type: 'heartbeat', attempt: 1, seq: 1 },
    ]);
  });

  it('numbers what a tool worker of the same publisher adds after the end, so it is no duplicate', async () => {
    const { log, publisher } = setUp();
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.end();
    void publisher.publish({ chat_id: 'c', step_id: 's', type: 'tool-result', tool_call_id: 'x', result: 1 });
    await publisher.flush();
    expect(log.events().map(({ seq }) => seq)).toEqual([0, 1, 2]);
  });

  it('refuses to open more than openStepsMax at once', async () => {
    const { publisher } = setUp({ openStepsMax: 2 });
    const first = publisher.openStep({ chatId: 'c', stepId: '1' });
    publisher.openStep({ chatId: 'c', stepId: '2' });
    expect(thrownCode(() => publisher.openStep({ chatId: 'c', stepId: '3' }))).toBe('open-steps-full');
    first.retry();
    void publisher.joinStep({ chatId: 'c', stepId: '1' }).interrupt('user');
    expect(publisher.openStep({ chatId: 'c', stepId: '3' }).isEnded).toBe(false);
    await publisher.flush();
  });
});

describe('raw events', () => {
  it('gets what it lacks, and keeps unknown fields', async () => {
    const { log, publisher } = setUp();
    void publisher.publish({ chat_id: 'c', step_id: 's', type: 'step-start' });
    void publisher.publish({
      v: 1,
      chat_id: 'c',
      step_id: 's',
      at: startMicros + 9,
      type: 'heartbeat',
      later: { a: 1 },
    } as never);
    await publisher.flush();
    expect(log.events()).toEqual([
      { chat_id: 'c', step_id: 's', type: 'step-start', v: 1, at: startMicros, producer: 'p', seq: 0 },
      {
        v: 1,
        chat_id: 'c',
        step_id: 's',
        at: startMicros + 9,
        type: 'heartbeat',
        later: { a: 1 },
        producer: 'p',
        seq: 1,
      },
    ]);
  });

  it('keeps the producer and seq of an event that has them', async () => {
    const { log, publisher } = setUp();
    void publisher.publish({ chat_id: 'c', step_id: 's', type: 'heartbeat', producer: 'other', seq: 7 });
    void publisher.publish({ chat_id: 'c', step_id: 's', type: 'heartbeat' });
    await expect(
      publisher.publish({ chat_id: 'c', step_id: 's', type: 'heartbeat', seq: 7 }),
    ).rejects.toThrow('producer: is missing');
    await publisher.flush();
    expect(log.events()).toMatchObject([
      { producer: 'other', seq: 7 },
      { producer: 'p', seq: 0 },
    ]);
  });

  it('sends an event as it is, byte for byte', async () => {
    const { log, publisher } = setUp({ coalesceMs: 50 });
    const lines = [
      `{"type":"step-start","v":1,"at":${startMicros},"step_id":"s","chat_id":"c","unknown":[{}]}`,
      `{"v":1,"chat_id":"c","step_id":"s","at":${startMicros},"type":"text-delta","id":"t","text":"\\ud83d"}`,
      `{"v":1,"chat_id":"c","step_id":"s","at":${startMicros},"type":"text-delta","id":"t","text":"\\ude00"}`,
    ];
    for (const line of lines) void publisher.publishAsIs(JSON.parse(line) as Event);
    await expect(publisher.publishAsIs({ type: 'heartbeat' } as never)).rejects.toThrow('v: is missing');
    await publisher.flush();
    expect(log.valuesOf()).toEqual(lines);
  });

  it('answers the position of the event', async () => {
    const { log, publisher } = setUp({ log: new RecordingLog(4) });
    const publication = publisher.publish({ chat_id: 'c', step_id: 's', type: 'step-start' });
    const { acknowledged } = publication;
    const next = publisher.publish({ chat_id: 'c', step_id: 's', type: 'heartbeat' });
    const { partition } = await acknowledged;
    expect(await next.acknowledged).toEqual({ partition, offset: 1 });
    expect(await publication.acknowledged).toEqual({ partition, offset: 0 });
    expect(await publisher.flush()).toEqual([{ partition, offset: 1 }]);
    expect(log.calls).toHaveLength(0);
  });

  it('ends the open step that it addresses', async () => {
    const { publisher } = setUp();
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void publisher.publishAsIs({ v: 1, chat_id: 'c', step_id: 's', at: startMicros, type: 'step-end' });
    expect(step.isEnded).toBe(true);
    const other = publisher.openStep({ chatId: 'c', stepId: 'o' });
    void publisher.publish({ chat_id: 'c', step_id: 'o', type: 'step-start' });
    expect(other.isEnded).toBe(false);
    void publisher.publish({ chat_id: 'c', step_id: 'o', attempt: 1, type: 'step-start' });
    expect(other.isEnded).toBe(true);
    await publisher.flush();
  });
});

describe('the producer', () => {
  it('is new for every publisher', () => {
    const { publisher } = setUp();
    expect(publisher.producer).toBe('p');
    const runtime = new HandDrivenRuntime();
    const log = new RecordingLog();
    const names = [1, 2].map(() => createPublisher({ log, runtime, name: 'chat' }).producer);
    expect(names[0]).toMatch(/^chat-[a-z0-9]{12}$/);
    expect(names[1]).not.toBe(names[0]);
  });

  it('must make an id', () => {
    expect(thrownCode(() => setUp({ producer: 'a:b' }))).toBe('bad-configuration');
    const log = new RecordingLog();
    const runtime = new HandDrivenRuntime();
    expect(() => createPublisher({ log, runtime, name: 'a b' })).toThrow('name must make a producer id');
  });

  it('is another one for a step that was forgotten, so its numbers are no duplicates', async () => {
    const { log, publisher } = setUp({ stepsRememberedMax: 2 });
    const open = publisher.openStep({ chatId: 'c', stepId: 'open' });
    for (const stepId of ['1', '2', '3', '4', '5', '1', '5']) {
      void publisher.publish({ chat_id: 'c', step_id: stepId, type: 'heartbeat' });
    }
    void open.heartbeat();
    await publisher.flush();
    const names = log.events().map(({ step_id, producer, seq }) => `${step_id} ${producer} ${seq}`);
    expect(names).toEqual([
      'open p 0',
      '1 p 0',
      '2 p 0',
      '3 p.1 0',
      '4 p.1 0',
      '5 p.2 0',
      '1 p.2 0',
      '5 p.2 1',
      'open p 1',
    ]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('an event that is too large', () => {
  const sha256 = (text: string): string => `hash of ${text.length}`;

  it('is refused by name, type and size, and takes no number', async () => {
    const { log, publisher } = setUp({ eventBytesMax: 2_000 });
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    const refused = step.toolResult({ toolCallId: 'x', result: 'x'.repeat(3_000) });
    await expect(refused).rejects.toThrow(/^the tool-result event of step s has 3\d{3} bytes; at most 2000/);
    expect(await codeOf(refused)).toBe('event-oversize');
    await step.heartbeat();
    await publisher.flush();
    expect(log.events().map(({ seq }) => seq)).toEqual([0, 1]);
  });

  it('is elided where that was chosen, except one that is sent as it is', async () => {
    const { log, publisher } = setUp({ eventBytesMax: 2_000, oversize: 'elide', sha256 });
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.toolResult({ toolCallId: 'x', result: 'x'.repeat(3_000) });
    void step.textDelta('t', 'y'.repeat(4_000));
    const asIs = publisher.publishAsIs({
      v: 1,
      chat_id: 'c',
      step_id: 's',
      at: startMicros,
      type: 'data',
      name: 'n',
      data: 'z'.repeat(3_000),
    });
    expect(await codeOf(asIs)).toBe('event-oversize');
    await publisher.flush();
    expect(log.events()).toMatchObject([
      {},
      { result: { $elided: { bytes: 3_000, sha256: 'hash of 3000' } } },
      { text: '{"$elided":{"bytes":4000,"sha256":"hash of 4000"}}' },
    ]);
  });

  it('can be elided only with a hash', () => {
    expect(thrownCode(() => setUp({ oversize: 'elide' }))).toBe('bad-configuration');
  });

  it('never reaches the log above the limit, producer and number included', async () => {
    const { log, publisher } = setUp({ eventBytesMax: 2_000, producer: 'p'.repeat(180) });
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    let taken = 0;
    for (let length = 1_500; length < 2_000; length++) {
      if ((await codeOf(step.textDelta('t', 'x'.repeat(length)))) === undefined) taken++;
    }
    await publisher.flush();
    expect(taken).toBeGreaterThan(50);
    expect(taken).toBeLessThan(450);
    expect(Math.max(...log.valuesOf().map((value) => value.length))).toBeLessThanOrEqual(2_000);
  });
});

describe('errors that nobody awaited', () => {
  it('go to onError, once each, and are never unhandled rejections', async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    try {
      const { runtime, errors, publisher } = setUp();
      const step = publisher.openStep({ chatId: 'c', stepId: 's' });
      void step.textDelta('', 'x');
      void step.toolCall({ toolCallId: 'x', toolName: 'y' });
      await runtime.advance(1);
      expect(errors.map((error) => (error as UsageError).code)).toEqual(['event-invalid', 'event-invalid']);
      await expect(step.textDelta('', 'x')).rejects.toThrow();
      await expect(Promise.all([step.textDelta('', 'x'), step.heartbeat()])).rejects.toThrow();
      await expect((async () => step.textDelta('', 'x'))()).rejects.toThrow();
      await expect(step.textDelta('', 'x').acknowledged).rejects.toThrow();
      await runtime.advance(1);
      expect(errors).toHaveLength(2);
      void step.textDelta('', 'x').acknowledged;
      await runtime.advance(1);
      expect(errors).toHaveLength(3);
    } finally {
      process.off('unhandledRejection', onUnhandled);
    }
    expect(unhandled).toEqual([]);
  });

  it('are logged by code, without text of anybody, if there is no onError', async () => {
    const lines: unknown[] = [];
    const note = (fields: unknown, message: string): void => void lines.push([fields, message]);
    const logger = { debug: note, info: note, warn: note, error: note };
    const log = new RecordingLog();
    const runtime = new HandDrivenRuntime();
    const publisher = createPublisher({ log, runtime, logger });
    void publisher.openStep({ chatId: 'c', stepId: 's' }).textDelta('', 'secret');
    await runtime.advance(1);
    expect(lines).toEqual([[{ code: 'event-invalid', error: 'UsageError' }, 'an event was not published']]);
  });

  it('do not come from a logger that throws, which breaks nothing either', async () => {
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    const { log, runtime, publisher } = setUp({
      logger,
      onError: fail,
      whenFull: 'drop',
      queueEventsMax: 16,
      batchRecordsMax: 16,
    });
    const append = log.append.bind(log);
    let failures = 2;
    log.append = async (...given) => {
      if (failures-- > 0) throw new TransientError('log-unavailable', 'away');
      return append(...given);
    };
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    for (let i = 0; i < 30; i++) void step.textDelta('t', 'x');
    await runtime.advance(1_000);
    await step.textDelta('t', 'behind a gap');
    await step.end();
    await publisher.close();
    expect(log.events().at(-1)).toMatchObject({ type: 'step-end' });
  });

  it.each<[string, (error: Error) => unknown]>([
    ['throws', () => fail()],
    ['rejects', async () => fail()],
  ])('survive an onError that %s, and say so to the logger', async (_, onError) => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    const lines: string[] = [];
    const logger = { ...silentLogger, error: (_: unknown, message: string) => void lines.push(message) };
    const { runtime, publisher } = setUp({ onError: onError as () => void, logger });
    void publisher.openStep({ chatId: 'c', stepId: 's' }).textDelta('', 'x');
    await runtime.advance(1);
    await publisher.close();
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
    expect(lines).toEqual(['onError has thrown']);
  });
});

describe('an end', () => {
  it('flushes what was published, and takes nothing more', async () => {
    const { log, runtime, publisher } = setUp({ coalesceMs: 50 });
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.textDelta('t', 'x');
    await publisher.close();
    expect(log.events().map(({ type }) => type)).toEqual(['step-start', 'text-delta']);
    expect(runtime.timerCount).toBe(0);
    expect(await codeOf(step.textDelta('t', 'x'))).toBe('publisher-closed');
    expect(await codeOf(publisher.publish({ chat_id: 'c', step_id: 's', type: 'heartbeat' }))).toBe(
      'publisher-closed',
    );
    expect(thrownCode(() => publisher.openStep({ chatId: 'c', stepId: 's2' }))).toBe('publisher-closed');
    expect(thrownCode(() => publisher.joinStep({ chatId: 'c', stepId: 's2' }))).toBe('publisher-closed');
    await publisher.close();
    await publisher.shutdown();
    expect(log.events()).toHaveLength(2);
  });

  it('interrupts every open step at shutdown, and only those', async () => {
    const { log, publisher } = setUp({ coalesceMs: 50 });
    const open = publisher.openStep({ chatId: 'c', stepId: 'open' });
    void open.textDelta('t', 'x');
    void publisher.openStep({ chatId: 'c', stepId: 'ended' }).end();
    void publisher.joinStep({ chatId: 'c', stepId: 'joined' }).heartbeat();
    void publisher.publish({ chat_id: 'c', step_id: 'raw', type: 'step-start' });
    await publisher.shutdown();
    const interrupts = log.events().filter(({ type }) => type === 'interrupt');
    expect(interrupts).toMatchObject([{ step_id: 'open', reason: 'shutdown', seq: 2 }]);
    expect(log.events().findLast(({ step_id }) => step_id === 'open')?.type).toBe('interrupt');
    expect(open.isEnded).toBe(true);
  });

  it('says what was not acknowledged when the log does not answer in time', async () => {
    const { log, runtime, errors, publisher } = setUp({ closeTimeoutMs: 1_000 });
    log.pause();
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    const { acknowledged } = step.heartbeat();
    const closed = publisher.close();
    await expect(runtime.runUntil(closed)).rejects.toThrow('did not acknowledge 2 events within 1000 ms');
    await expect(closed).rejects.toBeInstanceOf(TransientError);
    await expect(acknowledged).rejects.toBeInstanceOf(TransientError);
    log.resume();
    await runtime.settle();
    expect(errors).toEqual([]);
    expect(runtime.timerCount).toBe(0);
  });

  it('comes by itself with `await using`', async () => {
    const { log, publisher } = setUp();
    {
      await using scoped = publisher;
      void scoped.publish({ chat_id: 'c', step_id: 's', type: 'step-start' });
    }
    expect(log.events()).toHaveLength(1);
  });
});
