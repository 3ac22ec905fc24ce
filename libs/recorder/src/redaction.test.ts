import { describe, expect, it } from '@jest/globals';
import { eventExamples, eventTypes, type Event } from '@stepfold/events';
import { evolve, initialState, toMessage } from '@stepfold/fold';
import { languageModel } from '@stepfold/formats';
import { createPublisher } from '@stepfold/publisher';
import * as fc from 'fast-check';
import { HandDrivenRuntime, startMicros } from '../../publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../publisher/src/testing/recording-log.js';
import { createRecorder } from './create-recorder.js';
import { createPatternRedactor, type Redact } from './index.js';

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
    ['answers an event of another step', (event) => ({ ...event, step_id: 'other' })],
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
          for (const at of times) expect(at).toBeLessThanOrEqual(startMicros + (deltas.length + 2) * 1_000);
        },
      ),
      { numRuns: 300 },
    );
  });
});
