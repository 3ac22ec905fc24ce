import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkWithSchema, createEventCodec, decodeEvent, encodeEvent, isPlainEvent } from './codec.js';
import { eventJsonSchema } from './json-schema.js';
import type { JsonValue } from './json-value.js';

/**
 * Three things say what an event is: the schemas, the fast path of the decoder and the published JSON Schema.
 * Events are generated from the JSON Schema, spoilt a little, and all three must agree about them.
 */

interface Schema {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly { readonly required: readonly [string] }[];
}
type Raw = Record<string, unknown>;

const published = JSON.parse(JSON.stringify(eventJsonSchema())) as { readonly anyOf: readonly Schema[] };

// --- a validator for the keywords that the schema uses, and no others ---------------------------------

const keywords: Readonly<Record<string, (rule: never, value: unknown, schema: Schema) => boolean>> = {
  $schema: () => true,
  title: () => true,
  description: () => true,
  type: (rule: string, value) => {
    if (rule === 'integer') return Number.isInteger(value);
    if (rule === 'array') return Array.isArray(value);
    if (rule === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
    return typeof value === rule;
  },
  const: (rule, value) => value === rule,
  enum: (rule: unknown[], value) => rule.includes(value),
  pattern: (rule: string, value) => typeof value !== 'string' || new RegExp(rule, 'u').test(value),
  minLength: (rule: number, value) => typeof value !== 'string' || Array.from(value).length >= rule,
  maxLength: (rule: number, value) => typeof value !== 'string' || Array.from(value).length <= rule,
  minimum: (rule: number, value) => typeof value !== 'number' || value >= rule,
  maximum: (rule: number, value) => typeof value !== 'number' || value <= rule,
  exclusiveMaximum: (rule: number, value) => typeof value !== 'number' || value < rule,
  maxItems: (rule: number, value) => !Array.isArray(value) || value.length <= rule,
  items: (rule: Schema, value) => !Array.isArray(value) || value.every((item) => isValid(rule, item)),
  required: (rule: string[], value) => !isObject(value) || rule.every((name) => Object.hasOwn(value, name)),
  properties: (rule: Record<string, Schema>, value) =>
    !isObject(value) ||
    Object.entries(rule).every(([name, field]) => !Object.hasOwn(value, name) || isValid(field, value[name])),
  additionalProperties: (rule: Schema, value, schema) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([name, field]) => Object.hasOwn(schema.properties ?? {}, name) || isValid(rule, field),
    ),
  dependentRequired: (rule: Record<string, string[]>, value) =>
    !isObject(value) ||
    Object.entries(rule).every(
      ([name, needed]) => !Object.hasOwn(value, name) || needed.every((other) => Object.hasOwn(value, other)),
    ),
  anyOf: (rule: Schema[], value) => rule.some((schema) => isValid(schema, value)),
  oneOf: (rule: Schema[], value) => rule.filter((schema) => isValid(schema, value)).length === 1,
};

function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isValid(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, rule]) => {
    const holds = keywords[keyword];
    if (holds === undefined) throw new Error(`the validator of this test does not know ${keyword}`);
    return holds(rule as never, value, schema);
  });
}

// --- events made from the schema --------------------------------------------------------------------------

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '',
    ' ',
    '__proto__',
    'constructor',
    '\ud83c',
    '\udf75x',
    '🍵',
    '\u0000',
    '$a.b',
    'a:b',
    '.a',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const json = fc.json({ maxDepth: 3 }).map((value) => JSON.parse(value) as JsonValue);

function arbitrary(schema: Schema): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema['const']);
  if ('enum' in schema) return fc.constantFrom(...(schema['enum'] as string[]));
  const alternatives = (schema['anyOf'] ??
    (schema.properties === undefined ? schema.oneOf : undefined)) as Schema[];
  if (alternatives !== undefined) return fc.oneof(...alternatives.map(arbitrary));
  switch (schema['type']) {
    case 'string':
      return 'pattern' in schema
        ? fc
            .oneof(text, fc.constantFrom('chat-1', 'step_1', 'a.b~c@d/e-f'))
            .filter((value) => isValid(schema, value))
        : text;
    case 'integer': {
      const min = (schema['minimum'] as number | undefined) ?? 0;
      const max =
        'exclusiveMaximum' in schema
          ? (schema['exclusiveMaximum'] as number) - 1
          : (schema['maximum'] as number);
      return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
    }
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(arbitrary(schema['items'] as Schema), { maxLength: 4 });
    case 'object':
      return schema.properties === undefined
        ? fc.dictionary(text, fc.dictionary(text, json, { maxKeys: 3 }), { maxKeys: 3 })
        : fc.record(
            Object.fromEntries(
              Object.entries(schema.properties).map(([name, field]) => [name, arbitrary(field)]),
            ),
            { requiredKeys: schema.required as never },
          );
    default:
      return json;
  }
}

/** Valid events: the fields of which exactly one is needed, and the pair, are put right. */
function eventsOf(schemas: readonly Schema[]): fc.Arbitrary<Raw> {
  return fc
    .oneof(...schemas.map((schema) => fc.tuple(fc.constant(schema), arbitrary(schema), fc.nat(), json)))
    .map(([schema, made, choice, value]) => {
      const event = { ...(made as Raw) };
      const alternatives = (schema.oneOf ?? []).map(({ required }) => required[0]);
      alternatives.forEach((name, index) => {
        if (index !== choice % alternatives.length) delete event[name];
        else if (!Object.hasOwn(event, name)) event[name] = name === 'args' ? value : 'given';
      });
      if (!Object.hasOwn(event, 'producer') || !Object.hasOwn(event, 'seq')) {
        delete event['producer'];
        delete event['seq'];
      }
      return event;
    });
}

const events = eventsOf(published.anyOf);
/** Types whose plain events take the fast path, and the fields that send an event to the schema. */
const plainTypes =
  /-delta$|^(text|reasoning|tool-input)-(start|end)$|^(tool-execution-start|heartbeat|step-end)$/;
const unusualNames = [
  ...['metadata', 'enc', 'redacted'],
  ...['provider_executed', 'dynamic', 'title', 'parent_tool_call_id'],
];
const plainEvents = eventsOf(published.anyOf.filter(({ title }) => plainTypes.test(title as string))).map(
  (event) => Object.fromEntries(Object.entries(event).filter(([name]) => !unusualNames.includes(name))),
);

const names = [...new Set(published.anyOf.flatMap((schema) => Object.keys(schema.properties ?? {})))];
const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    2,
    '',
    'x',
    'a:b',
    ' ',
    '.x',
    '$x',
    [],
    {},
    [[]],
    '1',
  ),
  fc.constantFrom<unknown>(1_775_822_400_000, 1_775_822_400_000_000, 2 ** 53, 10 ** 15 - 1, 1e300),
  fc.constantFrom<unknown>(
    'x'.repeat(200),
    'x'.repeat(201),
    'x'.repeat(513),
    '🍵'.repeat(512),
    '🍵'.repeat(513),
  ),
  fc.constantFrom<unknown>(
    { key_id: 'k', iv: 'i', data: 'd' },
    { p: { k: 1 } },
    { p: 1 },
    'text-delta',
    'message',
  ),
  json,
);

/** Events with some fields taken away, put in or replaced: valid ones, nearly valid ones and nonsense. */
function spoilt(valid: fc.Arbitrary<Raw>): fc.Arbitrary<Raw> {
  const change = fc.tuple(
    fc.oneof(fc.constantFrom(...names), text),
    fc.option(junk, { nil: undefined }),
    fc.nat(),
  );
  return fc.tuple(valid, fc.array(change, { maxLength: 3 })).map(([event, changes]) => {
    const result: Raw = { ...event };
    for (const [name, value, choice] of changes) {
      // Half of the changes hit a field that is there.
      const present = Object.keys(result);
      const target = choice % 2 === 0 ? name : (present[choice % present.length] ?? name);
      if (value === undefined) delete result[target];
      else
        Object.defineProperty(result, target, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        });
    }
    return result;
  });
}

const { check } = createEventCodec();

describe('the published JSON Schema', () => {
  it('makes only events that the codec takes', () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(check(event)).toEqual({ ok: true, event });
        expect(isValid(published as unknown as Schema, event)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('says yes and no as the codec does', () => {
    let refused = 0;
    fc.assert(
      fc.property(spoilt(events), (event) => {
        const decoded = check(event);
        if (!decoded.ok) refused++;
        expect(isValid(published as unknown as Schema, event)).toBe(decoded.ok);
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(50);
  });
});

describe('the fast path', () => {
  it('says yes only where the schema does', () => {
    let taken = 0;
    fc.assert(
      fc.property(spoilt(plainEvents), (event) => {
        if (!isPlainEvent(event)) return;
        taken++;
        expect(checkWithSchema(event)).toEqual({ ok: true, event });
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  it('says yes only where the schema does, of fields put together at random', () => {
    const hostile = fc.dictionary(fc.constantFrom(...names), junk, { maxKeys: 14 });
    fc.assert(
      fc.property(fc.oneof(hostile, json), (raw) => {
        if (isPlainEvent(raw)) expect(checkWithSchema(raw).ok).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('says yes of every event of its types with nothing unusual about it', () => {
    fc.assert(
      fc.property(plainEvents, (event) => expect(isPlainEvent(event)).toBe(true)),
      { numRuns: 500 },
    );
  });

  it('leaves everything unusual to the schema', () => {
    const plain = { v: 1, chat_id: 'c', step_id: 's', at: 10 ** 15, type: 'text-delta', id: '0', text: '' };
    expect(isPlainEvent(plain)).toBe(true);
    for (const unusual of [{ metadata: {} }, { enc: {} }, { unknown: 1 }, { tool_call_id: 'c' }, { v: 2 }]) {
      expect(isPlainEvent({ ...plain, ...unusual })).toBe(false);
    }
    // Of another type the same fields are too many, or too few.
    for (const type of ['text-start', 'tool-input-start', 'step-end', 'tool-input-delta', 'step-start']) {
      expect(isPlainEvent({ ...plain, type })).toBe(false);
    }
    expect(isPlainEvent({ ...plain, type: 'reasoning-start', redacted: true })).toBe(false);
    expect(isPlainEvent({ ...plain, type: '__proto__' })).toBe(false);
    expect(isPlainEvent([plain])).toBe(false);
    expect(isPlainEvent(null)).toBe(false);
  });
});

describe('the decoder', () => {
  const isVerdict = (value: Uint8Array): void => {
    const decoded = decodeEvent(value);
    if (decoded.ok) {
      // What it took it takes again, and passes on byte for byte from then on.
      const again = encodeEvent(decoded.event);
      const twice = decodeEvent(again);
      expect(twice).toEqual(decoded);
      expect(twice.ok && encodeEvent(twice.event)).toEqual(again);
    } else {
      expect(decoded.detail).toMatch(/\S/);
      expect(decoded.detail).not.toContain('\n');
    }
  };

  it('answers whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), isVerdict), { numRuns: 500 });
  });

  it('answers whatever the JSON', () => {
    fc.assert(
      fc.property(fc.json(), (value) => isVerdict(new TextEncoder().encode(value))),
      { numRuns: 500 },
    );
  });

  it('answers for events that were cut off or damaged on their way', () => {
    fc.assert(
      fc.property(
        spoilt(events),
        fc.nat(),
        fc.nat({ max: 255 }),
        fc.boolean(),
        (event, place, byte, isCut) => {
          const value = new TextEncoder().encode(JSON.stringify(event));
          const index = place % (value.length + 1);
          if (isCut) return isVerdict(value.subarray(0, index));
          if (index < value.length) value[index] = byte;
          return isVerdict(value);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives back every field that it does not know', () => {
    fc.assert(
      fc.property(events, fc.dictionary(text, json, { maxKeys: 4 }), (event, unknown) => {
        const value = new TextEncoder().encode(JSON.stringify({ ...unknown, ...event }));
        fc.pre(Object.keys(unknown).every((name) => !names.includes(name)));
        const decoded = decodeEvent(value);
        expect(decoded.ok && encodeEvent(decoded.event)).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});
