import { describe, expect, it } from '@jest/globals';
import { eventExamples, eventTypes, type Event } from '@stepfold/events';
import { evolve, initialState, toMessage } from '@stepfold/fold';
import { languageModel } from '@stepfold/formats';
import { createPublisher } from '@stepfold/publisher';
import * as fc from 'fast-check';
import { HandDrivenRuntime, startMicros } from '../../publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../publisher/src/testing/recording-log.js';
import { demandNoUnhandledRejections } from '../../../test/support/recording-set-up.js';
import { createRecorder } from './create-recorder.js';
import { createPatternRedactor, type Redact } from './index.js';

demandNoUnhandledRejections();

const parts = [
  { type: 'stream-start', warnings: [] },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'secret' },
  { type: 'text-end', id: 't' },
  { type: 'tool-call', toolCallId: 'a', toolName: 'add', input: '{"secret":1}' },
  { type: 'finish', finishReason: 'stop', usage: {} },
];

async function record(redact: Redact, given: readonly unknown[] = parts) {
  const log = new RecordingLog();
  const errors: Error[] = [];
  const runtime = new HandDrivenRuntime();
  const recorder = createRecorder({ log, runtime, redact, onError: (error) => void errors.push(error) });
  const tap = recorder.openRun({ chatId: 'c', runId: 'r' }).openTap({ format: languageModel });
  for (const part of given) {
    await runtime.advance(1);
    void tap.part(part);
  }
  tap.end();
  await recorder.flush();
  return { events: log.events(), values: log.valuesOf().join('\n'), errors };
}

function withPublisher(redact: Redact) {
  const log = new RecordingLog();
  const publisher = createPublisher({ log, runtime: new HandDrivenRuntime(), redact });
  return { log, publisher };
}

describe('a redaction hook', () => {
  it('decides what leaves: another event, several, or none', async () => {
    const { events } = await record((event) => {
      if (event.type === 'text-delta')
        return [
          { ...event, text: 'a' },
          { ...event, text: 'b' },
        ];
      return event.type === 'tool-call' ? null : event;
    });
    const texts = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : []));
    expect(texts).toEqual(['a', 'b']);
    expect(events.map(({ type }) => type)).not.toContain('tool-call');
  });

  const failures: readonly (readonly [string, Redact])[] = [
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['answers no event', () => ({}) as Event],
    ['answers nothing', () => undefined as unknown as Event],
    ['answers a promise', (async () => null) as unknown as Redact],
    ['answers a promise that rejects', (() => Promise.reject(new Error('secret'))) as unknown as Redact],
    ['answers an event of another step', (event) => ({ ...event, step_id: 'other' })],
    ['moves the event to another step', (event) => Object.assign(event, { step_id: 'other' })],
    ['answers the end of the step', (event) => [{ ...event, type: 'step-end' } as Event]],
  ];

  it.each(failures)('that %s lets nothing leave but the step itself', async (_name, redact) => {
    const { events, values, errors } = await record(redact);
    expect(values).not.toContain('secret');
    expect(events.map(({ type }) => type)).toEqual(['step-start', 'data', 'step-end']);
    expect(events[1]).toMatchObject({ name: 'redaction-failed', data: { type: 'text-start' } });
    expect(errors.map(({ message }) => message).join()).not.toContain('secret');
    // Once by the publisher for the step, once by the recorder for the run.
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThanOrEqual(2);
  });

  it('that answers what is no valid event lets nothing of it leave', async () => {
    const { events, errors } = await record((event) =>
      event.type === 'text-delta' ? ({ ...event, text: 7 } as unknown as Event) : event,
    );
    expect(events.map(({ type }) => type)).not.toContain('text-delta');
    expect(errors).toHaveLength(1);
  });

  it('cannot take away what opens and ends a step', async () => {
    const { events } = await record(() => null);
    expect(events.map(({ type }) => type)).toEqual(['step-start', 'step-end']);
    const { log, publisher } = withPublisher(() => null);
    const errors = ['interrupt', 'error'] as const;
    for (const type of errors) {
      const step = { chatId: 'c', stepId: type };
      const opened = publisher.openStep({ ...step, model: 'secret' });
      if (type === 'error') void opened.error({ message: 'secret', fatal: true });
      else void opened.interrupt('user', { message: 'secret' });
    }
    void publisher.message({
      chatId: 'c',
      stepId: 'm',
      role: 'user',
      parts: [{ type: 'text', text: 'secret' }],
    });
    await publisher.flush();
    expect(log.valuesOf().join()).not.toContain('secret');
    expect(log.events().map(({ type }) => type)).toEqual([
      'step-start',
      'interrupt',
      'step-start',
      'error',
      'message',
    ]);
  });

  it('sees everything that a publisher sends: messages, joined steps, events as they are', async () => {
    const { log, publisher } = withPublisher(createPatternRedactor({ pattern: /secret/, lengthMax: 6 }));
    const step = { chatId: 'c', stepId: 's' };
    void publisher.message({
      ...step,
      stepId: 'm',
      role: 'user',
      parts: [{ type: 'text', text: 'a secret' }],
    });
    void publisher.openStep({ ...step, model: 'm' });
    void publisher.joinStep(step).toolResult({ toolCallId: 'a', result: { secret: ['secret'] } });
    void publisher.publish({ chat_id: 'c', step_id: 's', type: 'data', name: 'n', data: 'secret' });
    await publisher.publishAsIs({
      v: 1,
      chat_id: 'c',
      step_id: 's',
      at: startMicros,
      type: 'data',
      name: 'n',
      data: 'secret',
    });
    await publisher.flush();
    expect(log.events()).toHaveLength(5);
    expect(log.valuesOf().join()).not.toContain('secret');
  });

  it('answers whoever waits for what it withheld', async () => {
    const { publisher } = withPublisher((event) => (event.type === 'data' ? null : event));
    const opened = publisher.openStep({ chatId: 'c', stepId: 's' });
    const publication = opened.data({ name: 'n', data: 1 });
    await expect(publication).resolves.toBeUndefined();
    await expect(publication.acknowledged).rejects.toMatchObject({ code: 'event-redacted' });
    await expect(opened.end().acknowledged).resolves.toMatchObject({ offset: 1 });
  });
});

describe('the redactor of a pattern', () => {
  const redactor = (lengthMax = 12) => createPatternRedactor({ pattern: /SECRET\d{1,6}/, lengthMax });

  it('refuses a length that cannot work', () => {
    for (const lengthMax of [0, 1.5, 10_001, Number.NaN]) {
      expect(() => createPatternRedactor({ pattern: /x/, lengthMax })).toThrow('lengthMax');
    }
  });

  it('finds what is planted in any field of any event', () => {
    const planted = 'SECRET123456';
    for (const type of eventTypes) {
      const kept = new Set([
        'type',
        'chat_id',
        'step_id',
        'producer',
        'id',
        'tool_call_id',
        'role',
        'provider',
        'model',
        'run_id',
      ]);
      for (const name of [
        'tool_name',
        'parent_tool_call_id',
        'data_id',
        'approval_id',
        'state',
        'source_type',
        'finish_reason',
        'response_id',
        'media_type',
        'file_id',
        'reason',
        'enc',
      ])
        kept.add(name);
      const plant = (value: unknown, name = ''): unknown => {
        if (typeof value === 'string') return kept.has(name) ? value : `${value} ${planted}`;
        if (typeof value !== 'object' || value === null) return value;
        if (Array.isArray(value)) return value.map((item) => plant(item));
        const entries = Object.entries(value).map(([key, item]) => [key, plant(item, key)] as const);
        return Object.fromEntries([
          ...entries,
          ...(name === 'args' || name === 'result' ? [[planted, planted]] : []),
        ]);
      };
      const event = plant({
        ...eventExamples[type],
        metadata: { provider1: { key: 'value', list: ['x', { deep: 'y' }] } },
      }) as Event;
      const redact = redactor();
      const end = { ...eventExamples['step-end'], step_id: event.step_id } as Event;
      const answered = [redact(event), redact(end)];
      expect(JSON.stringify(event)).toContain(planted);
      expect(JSON.stringify(answered)).not.toContain(planted);
    }
  });

  it('keeps a secret from leaving, wherever a stream cuts it, and the rest whole, in order and in its time', async () => {
    const piece = fc.oneof(
      fc.constantFrom('SECRET1', 'SECRET123456', 'SECRET12', 'SECRE', 'SECRET', '1', ' ', 'é', '😀', 'x\n'),
      fc.string({ maxLength: 5 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 20 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 20 }),
        fc.constantFrom('text', 'reasoning', 'tool-input'),
        fc.constantFrom('end', 'finish', 'cut'),
        async (pieces, cuts, kind, ending) => {
          const text = pieces.join('');
          const deltas: string[] = [];
          let from = 0;
          for (const cut of cuts) {
            deltas.push(text.slice(from, from + cut));
            from += cut;
          }
          deltas.push(text.slice(from));
          const { events, values } = await record(redactor(), [
            parts[0],
            { type: `${kind}-start`, id: 't', toolName: 'n' },
            ...deltas.map((delta) => ({ type: `${kind}-delta`, id: 't', delta })),
            ...(ending === 'end' ? [{ type: `${kind}-end`, id: 't' }] : []),
            ...(ending === 'cut' ? [] : [parts.at(-1)]),
          ]);
          expect(values).not.toMatch(/SECRET\d/);
          const state = initialState();
          for (const event of events) expect(evolve(state, event)).toBe('accepted');
          const [part] = toMessage(state).parts as unknown as Record<string, string>[];
          const written = part?.['text'] ?? part?.['args_text'] ?? JSON.stringify(part?.['args']) ?? '';
          const expected = text.replaceAll(/SECRET\d{1,6}/g, '[redacted]').toWellFormed();
          if (part?.['args'] === undefined) expect(written).toBe(expected);
          const times = events.filter(({ type }) => type.endsWith('-delta')).map(({ at }) => at);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
          const given = new Set(deltas.map((_, index) => startMicros + (index + 3) * 1_000));
          expect(times.filter((at) => !given.has(at))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  const envelope = { v: 1, chat_id: 'c', at: startMicros } as const;
  const delta = (stepId: string, text: string, more: object = {}): Event => ({
    ...{ ...envelope, step_id: stepId, type: 'text-delta', id: 't', text },
    ...more,
  });
  const end = (stepId: string, more: object = {}): Event => ({
    ...{ ...envelope, step_id: stepId, type: 'text-end', id: 't' },
    ...more,
  });
  const textOf = (answer: ReturnType<Redact>): string =>
    [answer ?? []].flat().reduce((text, event) => text + (event.type === 'text-delta' ? event.text : ''), '');

  it('refuses a pattern that looks at what stands around a match', () => {
    for (const pattern of [/a(?=b)/, /a(?!b)/, /(?<=b)a/, /(?<!b)a/, /\Ba/, /[)](?=b)/]) {
      expect(() => createPatternRedactor({ pattern, lengthMax: 9 })).toThrow('around');
    }
    for (const pattern of [/\bab?/, /\(?=a/, /[(?=]a/, /(?:a)(?<name>b)\\B/, /[\](?=]/, /^a$/m]) {
      expect(() => createPatternRedactor({ pattern, lengthMax: 9 })).not.toThrow();
    }
  });

  it('finds numbers in JSON, and leaves the numbers of the contract as they are', () => {
    const redact = createPatternRedactor({ pattern: /\d{16}/, lengthMax: 16 });
    const card = 4_111_111_111_111_111;
    const approval = { approval_id: 'a', state: 'granted', requested_at: startMicros } as const;
    const parts = [
      {
        type: 'tool-call' as const,
        tool_call_id: 'a',
        args: { card, [card]: 7 },
        created_at: startMicros,
        approval,
      },
      { type: 'tool-result' as const, tool_call_id: 'a', result: card },
    ];
    const event: Event = { ...envelope, step_id: 's', type: 'message', role: 'assistant', parts };
    const written = JSON.stringify(redact(event));
    expect(written).not.toContain(String(card));
    expect(redact(event)).toMatchObject([
      {
        at: startMicros,
        parts: [{ args: { card: '[redacted]', '[redacted]': 7 }, created_at: startMicros, approval }, {}],
      },
    ]);
    const interrupt = {
      ...envelope,
      step_id: 's',
      type: 'interrupt',
      reason: 'timeout',
      if_events: card,
    } as const;
    expect(redact(interrupt)).toMatchObject([{ if_events: card }]);
  });

  it('holds the text of each attempt back on its own', () => {
    const redact = redactor();
    redact(delta('s', 'old SEC'));
    redact({ ...envelope, step_id: 's', attempt: 1, type: 'step-start' });
    // What comes late of the attempt before stays with it.
    expect(textOf(redact(delta('s', 'RET1')))).toBe('');
    redact(delta('s', 'new SEC', { attempt: 1 }));
    const ended = redact({ ...envelope, step_id: 's', type: 'interrupt', reason: 'user' });
    expect(ended).toMatchObject([{ text: 'RET1' }, { type: 'interrupt' }]);
    expect(redact(end('s', { attempt: 1 }))).toMatchObject([{ text: 'new SEC', attempt: 1 }, {}]);
  });

  it('has nothing more to say of a block that has left as a whole', () => {
    const redact = redactor();
    expect(textOf(redact(delta('s', 'SECRET123456')))).toBe('[redacted]');
    expect(redact(end('s'))).toMatchObject([{ type: 'text-end' }]);
  });

  it('keeps the held text of a step whose start is repeated', () => {
    const redact = redactor();
    redact(delta('s', 'text'));
    expect(textOf(redact({ ...envelope, step_id: 's', type: 'step-start' }))).toBe('text');
  });

  it('holds text back for a bounded number of steps and blocks', () => {
    const redact = redactor();
    for (let step = 0; step < 10_000; step++) redact(delta(`s${step}`, 'SEC'));
    redact(delta('s0', 'RET'));
    redact(delta('one-more', 'SEC'));
    expect(textOf(redact(end('s1')))).toBe('');
    for (const [stepId, text] of Object.entries({ s0: 'SECRET', s2: 'SEC', 'one-more': 'SEC' })) {
      expect(textOf(redact(end(stepId)))).toBe(text);
    }
    for (let block = 0; block < 10_000; block++) redact(delta('s', 'SEC', { id: `t${block}` }));
    expect(() => redact(delta('s', 'SEC', { id: 'one-more' }))).toThrow('limit');
    // Blocks whose text has left do not count.
    redact(end('s', { id: 't0' }));
    redact(delta('s', 'SEC', { id: 'one-more' }));
  });

  it('lets the held text leave at a shutdown, before the interrupt', async () => {
    const { log, publisher } = withPublisher(redactor());
    const step = publisher.openStep({ chatId: 'c', stepId: 's' });
    void step.textStart('t');
    void step.textDelta('t', 'a SECRET12 and SEC');
    await publisher.shutdown();
    const events = log.events();
    expect(events.at(-1)).toMatchObject({ type: 'interrupt', reason: 'shutdown' });
    expect(textOf(events)).toBe('a [redacted] and SEC');
    expect(events.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
  });
});
