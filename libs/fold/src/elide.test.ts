import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@stepfold/events';
import * as fc from 'fast-check';
import { elideLargest, MESSAGE_BYTES_MAX, surelyFits } from './elide.js';
import { messageToJson } from './message-json.js';
import type { Message, Part } from './message.js';

const at = 1_775_822_400_000_000;
const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** The size as the contract measures it, told by another encoder than the code's. */
function sizeOf(message: Message): number {
  const { log: _log, digest: _digest, ...rest } = messageToJson(message);
  return Buffer.byteLength(JSON.stringify(rest), 'utf8');
}

function messageOf(parts: readonly object[], fields: Partial<Message> = {}): Message {
  return {
    chat_id: 'chat',
    step_id: 'step',
    attempt: 0,
    role: 'assistant',
    status: 'complete',
    rev: 2 ** 32 - 1,
    events: 99,
    ...fields,
    parts: parts.map((part, index) => ({
      ...part,
      created_at: at,
      first_event: index + 2,
      last_event: index + 50,
    })) as unknown as readonly Part[],
    started_at: at,
    last_event_at: at,
    log: { generation: 0, topic: 't', partition: 0, first_offset: 0, last_offset: 99 },
    fold_version: 1,
    digest: `sha256:${'0'.repeat(64)}`,
  };
}

const text = (value: string): object => ({ type: 'text', id: '0', text: value });
const result = (value: JsonValue): object => ({ type: 'tool-result', tool_call_id: 'c', result: value });

/** Elides until it fits into what the message has now, less `bytes`. */
function shrink(message: Message, bytes: number): Message {
  return elideLargest(message, sha256, sizeOf(message) - bytes);
}

describe('a message that fits', () => {
  it('is the same object, to the last byte of the limit', () => {
    const message = messageOf([text('x'.repeat(500))]);
    expect(elideLargest(message, sha256)).toBe(message);
    expect(elideLargest(message, sha256, sizeOf(message))).toBe(message);
    expect(elideLargest(message, sha256, sizeOf(message) - 1)).not.toBe(message);
  });

  it('is measured without log and digest, and with stamps as text', () => {
    const { log: _log, digest: _digest, ...bare } = messageOf([text('ä🍵')]);
    expect(sizeOf(bare)).toBe(sizeOf(messageOf([text('ä🍵')])));
    expect(elideLargest(bare, sha256, sizeOf(bare))).toBe(bare);
  });

  it('may have 12 MiB', () => {
    const empty = sizeOf(messageOf([text('')]));
    const full = messageOf([text('x'.repeat(12 * 1024 * 1024 - empty))]);
    const over = messageOf([text('x'.repeat(12 * 1024 * 1024 - empty + 1))]);
    expect(MESSAGE_BYTES_MAX).toBe(12 * 1024 * 1024);
    expect(elideLargest(full, sha256)).toBe(full);
    expect(elideLargest(over, sha256).parts[0]).toMatchObject({ text: '' });
  });
});

describe('a message that is too large', () => {
  it('has a size and a hash in place of the value, of a string itself or of the JSON of anything else', () => {
    const long = 'ä'.repeat(300);
    const value = { list: [long, null], __proto__x: 1 };
    const elided = elideLargest(
      messageOf([
        text(long),
        { type: 'reasoning', id: '1', text: long },
        result(value),
        result(long),
        { type: 'tool-call', tool_call_id: 'c', args: value },
        { type: 'tool-call', tool_call_id: 'd', args_text: long },
        { type: 'data', name: 'n', data: value },
        { type: 'file', media_type: 'm', data: long },
      ]),
      sha256,
      0,
    );
    const ofText = { bytes: 600, sha256: sha256(long) };
    const ofValue = {
      bytes: Buffer.byteLength(JSON.stringify(value)),
      sha256: sha256(JSON.stringify(value)),
    };
    expect(elided.parts).toMatchObject([
      { text: '', text_elided: { ...ofText, event: 50 } },
      { text: '', text_elided: { ...ofText, event: 51 } },
      { result_elided: { ...ofValue, event: 52 } },
      { result_elided: { ...ofText, event: 53 } },
      { args_elided: { ...ofValue, event: 54 } },
      { args_text_elided: { ...ofText, event: 55 } },
      { data_elided: { ...ofValue, event: 56 } },
      { data_elided: { ...ofText, event: 57 } },
    ]);
    for (const part of elided.parts) {
      for (const name of ['result', 'args', 'args_text', 'data']) expect(part).not.toHaveProperty(name);
    }
  });

  it('loses its largest values first, and no more than needed', () => {
    const message = messageOf([text('a'.repeat(1000)), result('b'.repeat(3000)), text('c'.repeat(2000))]);
    const elidedOf = (bytes: number) =>
      shrink(message, bytes).parts.map((part) => 'text_elided' in part || 'result_elided' in part);
    expect(elidedOf(0)).toEqual([false, false, false]);
    expect(elidedOf(1)).toEqual([false, true, false]);
    expect(elidedOf(2500)).toEqual([false, true, false]);
    expect(elidedOf(3500)).toEqual([false, true, true]);
    expect(elidedOf(5200)).toEqual([true, true, true]);
  });

  it('loses of equal ones that of the earliest part', () => {
    const message = messageOf([text('a'.repeat(900)), result('b'.repeat(900)), text('c'.repeat(900))]);
    expect(shrink(message, 1).parts).toMatchObject([{ text: '' }, { result: 'b'.repeat(900) }, {}]);
    expect(shrink(message, 900).parts[1]).toHaveProperty('result_elided');
  });

  it('is measured in bytes, not characters', () => {
    const message = messageOf([text('a'.repeat(900)), text('ä'.repeat(600)), text('🍵'.repeat(225))]);
    expect(shrink(message, 1).parts[1]).toHaveProperty('text_elided.bytes', 1200);
    expect(shrink(message, 1200).parts[0]).toHaveProperty('text_elided.bytes', 900);
    expect(shrink(message, 2000).parts[2]).toHaveProperty('text_elided.bytes', 900);
  });

  it('loses metadata only after every value, and that of the message too', () => {
    const metadata = { p: { k: 'm'.repeat(5000) } };
    const message = messageOf(
      [
        { ...text('x'.repeat(200)), metadata },
        { ...text('y'), metadata: { p: { k: 1 } } },
      ],
      {
        metadata: { p: { k: 'm'.repeat(9000) } },
      },
    );
    const once = shrink(message, 5000);
    expect(once.parts).toMatchObject([{ text: '', text_elided: { bytes: 200 }, metadata }, { text: '' }]);
    expect(once).toHaveProperty('metadata_elided', {
      bytes: 9014,
      sha256: sha256(JSON.stringify(message.metadata)),
      event: 99,
    });
    expect(once).not.toHaveProperty('metadata');
    const twice = shrink(message, 9500);
    expect(twice.parts[0]).toMatchObject({ metadata_elided: { bytes: 5014, event: 50 } });
    expect(twice.parts[1]).toHaveProperty('metadata', { p: { k: 1 } });
  });

  it('leaves the message that it was given as it was', () => {
    const message = messageOf([{ ...text('x'.repeat(500)), metadata: { p: { k: 1 } } }, result([1, 2, 3])]);
    const before = JSON.stringify(message);
    elideLargest(message, sha256, 0);
    expect(JSON.stringify(message)).toBe(before);
  });

  it('has nothing to give where it holds only what no rule names', () => {
    const message = messageOf([text(''), { type: 'source', source_type: 'url', title: 'x'.repeat(5000) }]);
    expect(elideLargest(message, sha256, 100)).toEqual(message);
  });
});

const string = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.constantFrom('', '"\\\n', '🍵'.repeat(50), 'ä'.repeat(99), '\u0000'.repeat(40), 'x'.repeat(400)),
);
const json = fc.oneof(
  string,
  fc.json({ maxDepth: 2 }).map((value) => JSON.parse(value) as JsonValue),
);
const metadata = fc.option(fc.record({ p: fc.dictionary(string, json, { minKeys: 1, maxKeys: 3 }) }), {
  nil: undefined,
});
const part = fc
  .tuple(
    fc.oneof(
      string.map(text),
      json.map(result),
      json.map((args) => ({ type: 'tool-call', tool_call_id: 'c', args })),
      string.map((args_text) => ({ type: 'tool-call', tool_call_id: 'c', args_text })),
      json.map((data) => ({ type: 'data', name: 'n', data })),
    ),
    metadata,
  )
  .map(([own, more]) => (more === undefined ? own : { ...own, metadata: more }));
const messages = fc
  .tuple(fc.array(part, { maxLength: 6 }), metadata)
  .map(([parts, more]) => messageOf(parts, more === undefined ? {} : { metadata: more }))
  .map((message) => JSON.parse(JSON.stringify(message).toWellFormed()) as Message)
  .filter((message) => JSON.stringify(message).isWellFormed());

const values = ['result', 'args', 'args_text', 'data', 'text'] as const;
const bytesOf = (value: unknown): number =>
  Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value), 'utf8');

/** What the contract says, the slow way: one value after the other, measuring the whole each time. */
function elideSlowly(message: Message, bytesMax: number): Message {
  let present = message;
  while (sizeOf(present) > bytesMax) {
    const holders = [...present.parts, present] as unknown as Record<string, unknown>[];
    const candidates = [values, ['metadata']].map((names) =>
      holders.flatMap((holder, index) =>
        names
          .filter(
            (name) =>
              holder[name] !== undefined &&
              holder[name] !== '' &&
              (index < present.parts.length || name === 'metadata'),
          )
          .map((name) => ({ index, name, bytes: bytesOf(holder[name]) })),
      ),
    );
    const [largest] = (candidates.find((list) => list.length > 0) ?? []).toSorted(
      (a, b) => b.bytes - a.bytes,
    );
    if (largest === undefined) return present;
    const { [largest.name]: value, ...rest } = holders[largest.index] as Record<string, unknown>;
    const note = {
      bytes: largest.bytes,
      sha256: sha256(typeof value === 'string' ? value : JSON.stringify(value)),
      event: rest['last_event'] ?? rest['events'],
    };
    const changed = {
      ...rest,
      ...(largest.name === 'text' ? { text: '' } : {}),
      [`${largest.name}_elided`]: note,
    };
    present =
      largest.index === present.parts.length
        ? (changed as unknown as Message)
        : { ...present, parts: present.parts.with(largest.index, changed as unknown as Part) };
  }
  return present;
}

describe('for any message and limit', () => {
  it('what gives way is what the rules say, and the size is exact', () => {
    fc.assert(
      fc.property(messages, fc.double({ min: 0, max: 1.05, noNaN: true }), (message, share) => {
        const bytesMax = Math.floor(sizeOf(message) * share);
        const elided = elideLargest(message, sha256, bytesMax);
        expect(elided).toEqual(elideSlowly(message, bytesMax));
        const isEmpty = [...elided.parts, elided].every((holder) =>
          [...values, 'metadata'].every((name) => ['', undefined].includes((holder as never)[name])),
        );
        expect(sizeOf(elided) <= bytesMax || isEmpty).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('what surely fits by its encoded size, fits', () => {
    fc.assert(
      fc.property(messages, fc.integer({ min: 0, max: 8000 }), (message, bytesMax) => {
        if (surelyFits(message, Buffer.byteLength(JSON.stringify(message)), bytesMax)) {
          expect(elideLargest(message, sha256, bytesMax)).toBe(message);
        }
      }),
    );
  });

  it('nearly every message surely fits', () => {
    const message = messageOf(Array.from({ length: 100 }, () => text('x'.repeat(1000))));
    expect(surelyFits(message, JSON.stringify(message).length)).toBe(true);
  });

  it('a message made of stamps alone does not look smaller than it is', () => {
    const stamps = { input_started_at: at, execution_started_at: at };
    const approval = { approval_id: 'a', state: 'granted', requested_at: at, responded_at: at };
    const parts = Array.from({ length: 50 }, () => ({
      type: 'tool-call',
      tool_call_id: 'c',
      ...stamps,
      approval,
    }));
    const errors = Array.from({ length: 20 }, () => ({ message: '', at }));
    const message = messageOf(parts, {
      errors,
      interrupt: { reason: 'user', at, detected_at: at },
      first_output_at: at,
      finished_at: at,
      ended_at: at,
    });
    expect(surelyFits(message, JSON.stringify(message).length, sizeOf(message) - 1)).toBe(false);
  });
});
