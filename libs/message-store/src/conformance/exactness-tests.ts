import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import type { JsonValue, Metadata } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import type { Suite } from './message-store-conformance.js';
import { START_MICROS, version, writeOne } from './versions.js';

export function exactnessTests({ test, propertyRuns }: Suite): void {
  test('gives back every kind of part with all of its fields', async (open) => {
    const store = await open();
    await writeOne(store, fullMessage);
    const stored = await store.message('chat', 'step');
    expect(stored).toEqual(fullMessage);
    expect((await store.messages('chat')).items).toEqual([fullMessage]);
  });

  test('gives back a message without a log, and one with the least of fields', async (open) => {
    const store = await open();
    const { log: _log, ...bare } = version({ step: 'bare', rest: { parts: [] } });
    await writeOne(store, bare);
    const stored = await store.message('chat', 'bare');
    expect(stored).toEqual(bare);
    expect(Object.keys(stored ?? {}).sort()).toEqual(Object.keys(bare).sort());
  });

  test('gives back keys that stores and languages treat specially', async (open) => {
    const store = await open();
    const message = messageWith(JSON.parse(hostileJson) as JsonValue);
    expect(await writeOne(store, message)).toBe('applied');
    const stored = await store.message('chat', 'step');
    expect(opaqueTextsOf(stored)).toEqual(opaqueTextsOf(message));
    const polluted: Record<string, unknown> = {};
    expect(polluted['polluted']).toBeUndefined();
  });

  test('gives back numbers and strings at their limits', async (open) => {
    const store = await open();
    const message = messageWith(limits);
    await writeOne(store, message);
    expect(opaqueTextsOf(await store.message('chat', 'step'))).toEqual(opaqueTextsOf(message));
  });

  test('gives back values nested as deep as events may be', async (open) => {
    const store = await open();
    let value: JsonValue = 'bottom';
    for (let depth = 0; depth < 64; depth++) value = depth % 2 === 0 ? [value] : { deeper: value };
    const message = messageWith(value);
    await writeOne(store, message);
    expect(opaqueTextsOf(await store.message('chat', 'step'))).toEqual(opaqueTextsOf(message));
  });

  test('gives back any JSON in args, result, data and metadata', async (open) => {
    const store = await open();
    let events = 0;
    await fc.assert(
      fc.asyncProperty(jsonArbitrary, async (value) => {
        const message = { ...messageWith(value), rev: ++events, events };
        expect(await writeOne(store, message)).toBe('applied');
        const stored = await store.message('chat', 'step');
        expect(opaqueTextsOf(stored)).toEqual(opaqueTextsOf(message));
        expect(stored?.parts.map((part) => part.type)).toEqual(message.parts.map((part) => part.type));
      }),
      { numRuns: propertyRuns },
    );
  });
}

/** Texts of the application's own JSON: they show the order of keys, and own `__proto__` keys, too. */
function opaqueTextsOf(message: Message | undefined): string[] {
  const values: unknown[] = [message?.metadata];
  for (const part of message?.parts ?? []) {
    if (part.type === 'tool-call') values.push(part.args);
    if (part.type === 'tool-result') values.push(part.result);
    if (part.type === 'data') values.push(part.data);
    values.push(part.metadata);
  }
  return values.map((value) => JSON.stringify(value) ?? 'absent');
}

function messageWith(value: JsonValue): Message {
  const metadata = { provider: { key: value } } satisfies Metadata;
  const place = { first_event: 1, last_event: 1, created_at: START_MICROS };
  return version({
    rest: {
      metadata,
      parts: [
        { type: 'tool-call', tool_call_id: 'call', tool_name: 'tool', args: value, metadata, ...place },
        { type: 'tool-result', tool_call_id: 'call', tool_name: 'tool', result: value, ...place },
        { type: 'data', name: 'data', data: value, ...place },
      ],
    },
  });
}

const hostileJson = `{
  "__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}, "prototype": null,
  "": "empty", " ": "blank", ".": "dot", "a.b": {"c.d": 1}, "$set": {"a": 1}, "$oid": "x", "$date": 0,
  "$ref": "x", "$id": "y", "_id": "z", "_bsontype": "ObjectId", "toJSON": 1, "then": "not a promise",
  "toString": "x", "hasOwnProperty": "x", "length": 3, "0": "zero", "-1": "minus", "ключ": "ü", "nul\\u0000": "nul\\u0000",
  "list": [{"__proto__": [1]}, {"$gt": ""}, [], {}, [[]], null, true, false]
}`;

const limits: JsonValue = {
  numbers: [0, 1, -1, 0.1, 1e-7, 1.7976931348623157e308, 5e-324, -1.5],
  integers: [
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    -(2 ** 53),
    1e21,
    2 ** 63,
    2 ** 64,
  ],
  strings: [
    '',
    ' ',
    '\0',
    '\u0001\u001f\u007f',
    '\u2028\u2029',
    '\ufeff',
    '\ufffd',
    '😀',
    '\\',
    '"',
    '</script>',
  ],
  long: 'é'.repeat(10_000),
  dates: ['2026-04-10T12:00:00.000Z', '2026-04-10T12:00:00.000000Z'],
};

/** Well-formed strings only: the fold shows a lone surrogate as U+FFFD. A −0 is written as 0 in JSON. */
const keyArbitrary = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    '$a',
    'a.b',
    '',
    '_bsontype',
    '_id',
    'toJSON',
    '7',
  ),
);

const jsonArbitrary: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer().map((number) => number + 0),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.maxSafeInteger().map((number) => number + 0),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(keyArbitrary, tie('value')), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;

const stamped = { created_at: START_MICROS + 1, first_event: 2, last_event: 3 };
const elided = { bytes: 20_000_000, sha256: 'a'.repeat(64), event: 3 };

const fullMessage: Message = version({
  attempt: 3,
  events: 40,
  status: 'interrupted',
  generation: 2,
  firstOffset: 2 ** 40,
  rest: {
    role: 'tool',
    provider: 'provider',
    model: 'model-1',
    run_id: 'run-1',
    step_index: 0,
    response_id: 'response-1',
    metadata: { provider: { nothing: null, list: [], object: {} } },
    pending_tool_call_ids: ['call-1', 'call-2'],
    finish_reason: 'tool-calls',
    raw_finish_reason: 'tool_use',
    usage: { input_tokens: 0, output_tokens: 2 ** 53 - 1, reasoning_tokens: 1 },
    interrupt: { reason: 'timeout', message: 'no event', at: START_MICROS, detected_at: START_MICROS + 7 },
    errors: [{ message: 'overloaded', code: '529', retryable: true, at: START_MICROS }],
    error_count: 101,
    first_output_at: START_MICROS + 2,
    finished_at: START_MICROS + 3,
    ended_at: START_MICROS + 4,
    gaps: [{ producer: 'p', from: 0, to: 2 ** 53 - 1 }],
    gap_count: 102,
    anomalies: [{ code: 'implied-start', event: 4 }],
    anomaly_count: 103,
    omitted_events: 5,
    digest: `sha256:${'f'.repeat(64)}`,
    parts: [
      {
        type: 'text',
        id: 'block 1',
        text: 'Grüße 😀\n\0',
        ...stamped,
        last_delta_at: START_MICROS + 2,
        completed_at: 2 ** 53 - 1,
        end_reason: 'interrupt',
        metadata: { p: { k: 1 } },
      },
      { type: 'text', id: 'block 2', text: '', text_elided: elided, ...stamped },
      { type: 'reasoning', text: 'hm', redacted: true, ...stamped },
      {
        type: 'tool-call',
        tool_call_id: 'call:1 $',
        tool_name: 'search',
        args: null,
        invalid: true,
        error: 'no such tool',
        input_started_at: START_MICROS,
        execution_started_at: START_MICROS + 5,
        approval: {
          approval_id: 'approval',
          state: 'granted',
          automatic: true,
          reason: 'policy',
          requested_at: START_MICROS,
          responded_at: START_MICROS + 1,
        },
        provider_executed: true,
        dynamic: true,
        title: 'Search',
        parent_tool_call_id: 'call-0',
        ...stamped,
      },
      {
        type: 'tool-call',
        tool_call_id: 'call-2',
        args_text: '{"a',
        input_open: true,
        first_event: 4,
        last_event: 5,
      },
      {
        type: 'tool-call',
        tool_call_id: 'call-3',
        args_text: 'x',
        partial: true,
        args_text_elided: elided,
        args_elided: elided,
        first_event: 6,
        last_event: 6,
      },
      {
        type: 'tool-result',
        tool_call_id: 'call-2',
        result: { at: START_MICROS, created_at: 'not a stamp', at_us: 1, order: 'x' },
        is_error: true,
        is_media: true,
        preliminary: true,
        synthetic: true,
        provider_executed: true,
        execution_started_at: START_MICROS,
        ...stamped,
      },
      {
        type: 'tool-result',
        tool_call_id: 'call-3',
        result_elided: elided,
        metadata_elided: elided,
        ...stamped,
      },
      {
        type: 'tool-approval',
        tool_call_id: 'call-9',
        approval_id: 'approval-9',
        state: 'denied',
        automatic: true,
        reason: 'no',
        ...stamped,
      },
      {
        type: 'source',
        source_type: 'url',
        source_id: 's',
        url: 'https://example.com/?a=b',
        title: 'Title',
        media_type: 'text/html',
        filename: 'a.html',
        ...stamped,
      },
      { type: 'file', media_type: 'image/png', data: 'AAEC', name: 'a.png', reasoning: true, ...stamped },
      { type: 'file', media_type: 'image/png', file_id: 'file-1', ...stamped },
      {
        type: 'data',
        name: 'weather',
        data_id: 'w',
        data: [1, null],
        updated_at: START_MICROS + 9,
        ...stamped,
      },
    ],
  },
});
