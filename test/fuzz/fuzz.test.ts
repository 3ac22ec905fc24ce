import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import { evolve, initialState, messageToJson, toMessage, type Message } from '@stepfold/fold';
import { convertRecording, detectFormat, formatNames, splitLines } from '@stepfold/formats';
import { importCoderMessages, importLangGraphThread, importUiMessages } from '@stepfold/import';
import { coderMessages, createSpansView, uiMessages } from '@stepfold/views';
import { BSON } from 'mongodb';
import { decodeMessage } from '../../libs/mongodb-store/src/decode-message.js';
import { encodeMessage } from '../../libs/mongodb-store/src/encode-message.js';
import { SeededChance, between, oneIn, pick } from '../support/chance.js';
import { generateEvents } from '../support/generate-events.js';

/** Inputs for each test. `STEPFOLD_FUZZ_INPUTS=1000000 npx jest test/fuzz` takes minutes and is for a change of what reads them. */
const INPUTS = Number(process.env['STEPFOLD_FUZZ_INPUTS'] ?? 20_000);
const TIME_OUT_MS = 60_000 + INPUTS * 5;

const codec = createEventCodec();
const encoder = new TextEncoder();

/** What a hostile writer puts in the place of some bytes of what was valid. */
const pieces = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\u',
  '\\ud800',
  '\0',
  '-',
  '1e999',
  '1e-999',
  '-0',
  '9007199254740993',
  'null',
  'true',
  '"__proto__":',
  '"constructor":',
  '"prototype":',
  '"$where":',
  '"a.b":',
  '"$set":{}',
  '"type":"message"',
  '"attempt":1000001',
  '"seq":-1',
  '"at":0',
  '"v":2',
  '[['.repeat(70),
  ']]'.repeat(70),
  '{"a":'.repeat(130),
  '"parts":[]',
  '"enc":{}',
  '\u2028',
  '\ufeff',
  '💥',
  ' '.repeat(50),
];

function mutate(chance: SeededChance, text: string): Uint8Array {
  let changed = text;
  for (let change = between(chance, 1, 4); change > 0; change--) {
    const at = chance.below(changed.length + 1);
    const cut = oneIn(chance, 3) ? chance.below(20) : 0;
    changed = changed.slice(0, at) + pick(chance, pieces) + changed.slice(at + cut);
  }
  const bytes = encoder.encode(changed);
  if (oneIn(chance, 8) && bytes.length > 0) bytes[chance.below(bytes.length)] = chance.below(256);
  return oneIn(chance, 10) ? bytes.slice(0, chance.below(bytes.length + 1)) : bytes;
}

const plainKeys = ['a', 'polluted', 'type', 'id'];

/** Whatever was read, no prototype has anything that it did not have. */
function expectCleanPrototypes(): void {
  for (const prototype of [Object.prototype, Array.prototype, Function.prototype]) {
    expect(plainKeys.filter((key) => Object.hasOwn(prototype, key))).toEqual([]);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
}

/** Folds what the codec lets through, and answers the messages. */
function foldAll(values: Iterable<Uint8Array>): Message[] {
  const states = new Map<string, ReturnType<typeof initialState>>();
  for (const value of values) {
    const read = codec.decode(value);
    if (!read.ok) {
      expect(read.detail.length).toBeLessThan(1_000);
      continue;
    }
    const key = read.event.step_id;
    const state = states.get(key) ?? initialState();
    states.set(key, state);
    evolve(state, read.event);
  }
  return [...states.values()].filter(({ events }) => events > 0).map((state) => toMessage(state));
}

/** No key of a document begins with a dollar or holds a dot or a NUL: no operator reaches the database. */
function expectPlainDocument(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(expectPlainDocument);
  if (typeof value !== 'object' || value === null || value instanceof Date || '_bsontype' in value) return;
  for (const [key, inner] of Object.entries(value)) {
    expect(key).toMatch(/^(?!\$)[^.\0]*$/);
    expectPlainDocument(inner);
  }
}

describe('hostile input', () => {
  it(
    'of the codec and the fold: no exception, no polluted prototype, and every message can be stored and shown',
    () => {
      const chance = new SeededChance(1);
      let messages = 0;
      let left = INPUTS;
      while (left > 0) {
        const values = generateEvents(chance, { eventsMax: 30 }).map((event) =>
          oneIn(chance, 3) ? mutate(chance, JSON.stringify(event)) : encoder.encode(JSON.stringify(event)),
        );
        left -= values.length;
        for (const message of foldAll(values)) {
          messages++;
          const { document } = encodeMessage(message);
          expectPlainDocument(document);
          const read = decodeMessage(BSON.deserialize(BSON.serialize(document)));
          expect(JSON.stringify(messageToJson(read))).toBe(JSON.stringify(messageToJson(message)));
          coderMessages(message);
          uiMessages([message]);
          createSpansView({ content: true })(message);
        }
      }
      expect(messages).toBeGreaterThan(INPUTS / 50);
      expectCleanPrototypes();
    },
    TIME_OUT_MS,
  );

  it(
    'of the formats: any bytes give events that the fold takes, or one sentence',
    () => {
      const chance = new SeededChance(2);
      const seeds = generateEvents(chance, { eventsMax: 200 }).map((event: Event) => JSON.stringify(event));
      const vocabulary = [
        'message_start',
        'content_block_delta',
        'response.created',
        'response.output_item.added',
        'text-delta',
        'tool-call',
        'start-step',
        'finish',
      ];
      for (let left = INPUTS; left > 0;) {
        const count = between(chance, 1, 12);
        left -= count;
        const lines = Array.from({ length: count }, () => {
          const part = {
            type: pick(chance, vocabulary),
            id: 'a',
            delta: { text: 'x' },
            choices: [{}],
            candidates: [{}],
            response: {},
            item: {},
            index: 0,
          };
          return mutate(chance, oneIn(chance, 2) ? pick(chance, seeds) : JSON.stringify(part));
        });
        const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
        detectFormat(splitLines(bytes));
        const format = pick(chance, formatNames);
        const converted = convertRecording({
          ...{
            format,
            lines: splitLines(bytes),
            chatId: 'c',
            runId: 'r',
            startMicros: 1_767_225_600_000_000,
            tickMicros: 1,
          },
        });
        if (!converted.ok) expect(converted.problem).not.toContain('\n');
        else foldAll(converted.events.map(({ event }) => codec.encode(event)));
      }
      expectCleanPrototypes();
    },
    TIME_OUT_MS,
  );

  it(
    'of the importers: any JSON gives events that the codec takes',
    () => {
      const chance = new SeededChance(3);
      const base = JSON.stringify([
        {
          id: 'a',
          role: 'assistant',
          type: 'ai',
          content: [{ type: 'text', text: 'x' }],
          parts: [{ type: 'tool-x', toolCallId: 'c', state: 'output-available', input: {}, output: 1 }],
          tool_calls: [{ id: 'c', name: 'x', args: {} }],
        },
      ]);
      const options = { chatId: 'c', importedAt: 1_800_000_000_000_000 };
      for (let left = INPUTS; left > 0; left--) {
        const text = new TextDecoder().decode(mutate(chance, base));
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          continue;
        }
        const list = Array.isArray(value) ? value : [value];
        const chats = [
          importUiMessages(list, options),
          importCoderMessages(list, options),
          importLangGraphThread(value, options),
        ];
        for (const { events } of chats)
          for (const event of events) expect(codec.decode(codec.encode(event)).ok).toBe(true);
      }
      expectCleanPrototypes();
    },
    TIME_OUT_MS,
  );
});

describe('input that is large in one way', () => {
  const envelope = { v: 1, chat_id: 'c', step_id: 's', at: 1_800_000_000_000_000 } as const;

  /** As many events as would take hours if each cost as much as all that came before it. */
  it.each<[string, (index: number) => object]>([
    ['a step of deltas of one block', () => ({ type: 'text-delta', id: 't', text: 'x' })],
    ['blocks that begin again and again', () => ({ type: 'text-start', id: 't' })],
    [
      'calls that begin again and again',
      () => ({ type: 'tool-input-start', tool_call_id: 'c', tool_name: 'n' }),
    ],
    [
      'one call that is made again and again',
      (index) => ({ type: 'tool-call', tool_call_id: 'c', tool_name: 'n', args: { index } }),
    ],
    [
      'results that replace each other',
      (index) => ({ type: 'tool-result', tool_call_id: 'c', result: index, preliminary: true }),
    ],
    ['blocks without end', (index) => ({ type: 'reasoning-start', id: String(index) })],
    ['data that replaces itself', (index) => ({ type: 'data', name: 'n', data_id: 'd', data: index })],
    [
      'numbers of one producer that leave gaps',
      (index) => ({ type: 'heartbeat', producer: 'p', seq: index * 2 }),
    ],
    [
      'metadata that grows',
      (index) => ({
        type: 'text-delta',
        id: 't',
        text: '',
        metadata: { p: { [`k${index % 1_000}`]: index } },
      }),
    ],
  ])(
    '%s: a million events',
    (_name, fields) => {
      const count = 1_000_000;
      const state = initialState();
      evolve(state, { ...envelope, type: 'step-start' });
      for (let index = 0; index < count; index++) evolve(state, { ...envelope, ...fields(index) } as Event);
      expect(state.events).toBe(count + 1);
      expect(toMessage(state).parts.length).toBeLessThanOrEqual(10_000);
    },
    120_000,
  );

  it.each<[string, string]>([
    ['lists in lists', `{"v":1,"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['objects in objects', `{"v":1,"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
    ['a number of a million digits', `{"v":1,"at":${'9'.repeat(1_000_000)}}`],
    ['a million keys', `{${Array.from({ length: 300_000 }, (_, index) => `"k${index}":0`).join()}}`],
    ['one key again and again', `{${'"v":1,'.repeat(500_000)}"v":1}`],
    ['a string of escapes', `{"v":1,"type":"${'\\u0041'.repeat(400_000)}"}`],
    ['blanks', `${' '.repeat(4_000_000)}{}`],
    ['an id of a megabyte', `{"v":1,"chat_id":"${'a'.repeat(1_000_000)}"}`],
  ])('a record of %s is refused at once', (_name, text) => {
    const read = codec.decode(encoder.encode(text));
    expect(read.ok).toBe(false);
  });

  it('lines that look like the beginning of something', () => {
    const lines = [
      'data: '.repeat(100_000),
      'event: x\n'.repeat(50_000),
      '['.repeat(100_000),
      '{"type":"'.repeat(50_000),
      '\\"'.repeat(200_000),
    ];
    for (const text of lines) {
      const bytes = encoder.encode(text);
      detectFormat(splitLines(bytes));
      for (const format of formatNames) {
        convertRecording({
          format,
          lines: splitLines(bytes),
          chatId: 'c',
          runId: 'r',
          startMicros: 1_767_225_600_000_000,
          tickMicros: 1,
        });
      }
    }
  });
});
