import * as fc from 'fast-check';
import { STAMP_MICROS_END, STAMP_MICROS_MIN, setOwn, type JsonValue } from '@stepfold/events';
import { anomalyCodes, revOf, type Message, type Part } from '@stepfold/fold';

/** Messages with any field that the fold can make, in any combination, and any JSON where applications may put some. */

const stamp = fc.integer({ min: STAMP_MICROS_MIN, max: STAMP_MICROS_END - 1 });
const count = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const name = text.filter((value) => value.length > 0 && !value.includes('\0'));
const id = fc.stringMatching(/^[A-Za-z0-9_~@/-][A-Za-z0-9._~@/-]{0,20}$/);
const flag = fc.constant(true as const);

const awkwardKeys = [
  '__proto__',
  'constructor',
  '$set',
  '$',
  'a.b',
  '.',
  '',
  '_bsontype',
  '_id',
  'toBSON',
  '7',
  'a\0b',
];
const stampLikeKeys = ['at', 'at_us', 'created_at', 'created_us', 'args_json', 'duration_us', 'order'];
const key = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom(...awkwardKeys, ...stampLikeKeys),
);

export const jsonArbitrary: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<JsonValue>(null, true, false, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e300, 5e-324, -0),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(objectOf),
  ),
})).value;

const metadata = fc.array(
  fc.tuple(key, fc.array(fc.tuple(key, jsonArbitrary), { maxLength: 3 }).map(objectOf)),
  {
    minLength: 1,
    maxLength: 2,
  },
);
const elided = fc.record({ bytes: count, sha256: fc.constant('a'.repeat(64)), event: count });
const place = { first_event: count, last_event: count };

const partArbitrary: fc.Arbitrary<Part> = fc.oneof(
  ...(['text', 'reasoning'] as const).map((type) =>
    part(
      { type: fc.constant(type), text, created_at: stamp, ...place },
      {
        id: name,
        text_elided: elided,
        last_delta_at: stamp,
        completed_at: stamp,
        end_reason: fc.constantFrom('implied', 'interrupt', 'error'),
        redacted: flag,
      },
    ),
  ),
  part(
    { type: fc.constant('tool-call'), tool_call_id: fc.oneof(name, fc.constantFrom('c1', 'c2')), ...place },
    {
      tool_name: name,
      args: jsonArbitrary,
      args_elided: elided,
      args_text: text,
      args_text_elided: elided,
      input_open: flag,
      partial: flag,
      invalid: flag,
      error: text,
      input_started_at: stamp,
      created_at: stamp,
      execution_started_at: stamp,
      approval: record(
        { approval_id: name, state: fc.constantFrom('requested', 'granted', 'denied') },
        { automatic: flag, reason: text, requested_at: stamp, responded_at: stamp },
      ),
      provider_executed: flag,
      dynamic: flag,
      title: text,
      parent_tool_call_id: name,
    },
  ),
  part(
    {
      type: fc.constant('tool-result'),
      tool_call_id: fc.oneof(name, fc.constantFrom('c1', 'c2')),
      created_at: stamp,
      ...place,
    },
    {
      tool_name: name,
      result: jsonArbitrary,
      result_elided: elided,
      is_error: flag,
      is_media: flag,
      preliminary: flag,
      synthetic: flag,
      provider_executed: flag,
      execution_started_at: stamp,
    },
  ),
  part(
    {
      type: fc.constant('tool-approval'),
      tool_call_id: name,
      approval_id: name,
      created_at: stamp,
      ...place,
    },
    { state: fc.constant('denied'), automatic: flag, reason: text },
  ),
  part(
    {
      type: fc.constant('source'),
      source_type: fc.constantFrom('url', 'document'),
      created_at: stamp,
      ...place,
    },
    { source_id: text, url: text, title: text, media_type: text, filename: text },
  ),
  part(
    { type: fc.constant('file'), media_type: text, created_at: stamp, ...place },
    { url: text, file_id: text, data: text, data_elided: elided, name: text, reasoning: flag },
  ),
  part(
    { type: fc.constant('data'), name, created_at: stamp, ...place },
    { data_id: text, data: jsonArbitrary, data_elided: elided, updated_at: stamp },
  ),
);

export const messageArbitrary: fc.Arbitrary<Message> = record(
  {
    chat_id: id,
    step_id: id,
    attempt: fc.integer({ min: 0, max: 1_000_000 }),
    role: fc.constantFrom('assistant', 'user', 'system', 'tool'),
    status: fc.constantFrom('open', 'complete', 'interrupted', 'failed'),
    events: fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 2 ** 32 - 2 })),
    parts: fc.array(partArbitrary, { maxLength: 6 }),
    started_at: stamp,
    last_event_at: stamp,
    fold_version: fc.integer({ min: 1, max: 9 }),
  },
  {
    provider: text,
    model: text,
    run_id: id,
    step_index: count,
    response_id: text,
    metadata: metadata.map(objectOf),
    metadata_elided: elided,
    pending_tool_call_ids: fc.array(name, { minLength: 1, maxLength: 3 }),
    finish_reason: fc.constantFrom('stop', 'tool-calls'),
    raw_finish_reason: text,
    usage: record({}, { input_tokens: count, output_tokens: count, reasoning_tokens: count }),
    interrupt: record({ reason: fc.constant('timeout'), at: stamp }, { message: text, detected_at: stamp }),
    errors: fc.array(record({ message: text, at: stamp }, { code: text, retryable: fc.boolean() }), {
      minLength: 1,
      maxLength: 3,
    }),
    error_count: count,
    first_output_at: stamp,
    finished_at: stamp,
    ended_at: stamp,
    gaps: fc.array(fc.record({ producer: text, from: count, to: count }), { minLength: 1, maxLength: 3 }),
    gap_count: count,
    anomalies: fc.array(fc.record({ code: fc.constantFrom(...anomalyCodes), event: count }), {
      minLength: 1,
      maxLength: 3,
    }),
    anomaly_count: count,
    omitted_events: count,
    log: fc.record({
      generation: fc.integer({ min: 0, max: 32_767 }),
      topic: fc.constant('stepfold.events'),
      partition: fc.nat(),
      first_offset: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      last_offset: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
    }),
    digest: fc.constant(`sha256:${'f'.repeat(64)}`),
  },
).map((fields) => {
  const message = fields as unknown as Message;
  return { ...message, rev: revOf(message.attempt, message.events, message.status === 'open') };
});

type Fields = Record<string, fc.Arbitrary<unknown>>;

function part(required: Fields, optional: Fields): fc.Arbitrary<Part> {
  return record(required, {
    ...optional,
    metadata: metadata.map(objectOf),
    metadata_elided: elided,
  }) as unknown as fc.Arbitrary<Part>;
}

function record(required: Fields, optional: Fields): fc.Arbitrary<Record<string, unknown>> {
  return fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) }) as fc.Arbitrary<
    Record<string, unknown>
  >;
}

function objectOf<T extends JsonValue>(entries: readonly (readonly [string, T])[]): { [key: string]: T } {
  const object: Record<string, T> = {};
  for (const [key, value] of entries) setOwn(object, key, value);
  return object;
}
