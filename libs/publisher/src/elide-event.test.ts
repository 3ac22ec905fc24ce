import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeEvent, type Event, type JsonValue } from '@stepfold/events';
import * as fc from 'fast-check';
import { startMicros } from './testing/hand-driven-runtime.js';
import { elideEvent } from './elide-event.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const envelope = { v: 1, chat_id: 'c', step_id: 's', at: startMicros } as const;
const eventBytesMax = 1_500;

function elide(event: object): Record<string, JsonValue> {
  return elideEvent(event as Event, { sha256, eventBytesMax }) as unknown as Record<string, JsonValue>;
}

function note(value: JsonValue): { $elided: { bytes: number; sha256: string } } {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { $elided: { bytes: Buffer.byteLength(text), sha256: sha256(text) } };
}

describe('eliding', () => {
  it('answers the same event if it fits', () => {
    const event: Event = { ...envelope, type: 'text-delta', id: 't', text: 'x'.repeat(1_000) };
    expect(elideEvent(event, { sha256, eventBytesMax })).toBe(event);
  });

  it('replaces JSON by the note itself, with size and hash of its text', () => {
    const result = { rows: ['é'.repeat(1_000)] };
    const event = { ...envelope, type: 'tool-result', tool_call_id: 'x', result };
    const elided = elide(event);
    expect(elided).toEqual({ ...event, result: note(result) });
    expect(note(result).$elided.bytes).toBe(2_013);
    expect(event.result).toBe(result);
  });

  it('replaces a string by the note as text, and base64 of a file too, so that the field stays a string', () => {
    const text = '"\n'.repeat(500);
    expect(elide({ ...envelope, type: 'text-delta', id: 't', text })['text']).toBe(
      JSON.stringify(note(text)),
    );
    const data = 'A'.repeat(2_000);
    expect(elide({ ...envelope, type: 'file', media_type: 'image/png', data })['data']).toBe(
      JSON.stringify(note(data)),
    );
    expect(elide({ ...envelope, type: 'data', name: 'n', data })['data']).toEqual(note(data));
    const args_text = 'x'.repeat(2_000);
    const call = { ...envelope, type: 'tool-call', tool_call_id: 'x', tool_name: 'y', args_text };
    expect(elide(call)['args_text']).toBe(JSON.stringify(note(args_text)));
  });

  it('takes the largest first, and only as many as needed', () => {
    const result = 'r'.repeat(1_200);
    const big = 'm'.repeat(1_300);
    const small = 'n'.repeat(600);
    const elided = elide({
      ...envelope,
      type: 'tool-result',
      tool_call_id: 'x',
      result,
      metadata: { p: { small, big } },
    });
    expect(elided).toMatchObject({ result: note(result), metadata: { p: { small, big: note(big) } } });
  });

  it('elides the parts of a message, and keeps their ids', () => {
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(500));
    const event = {
      ...envelope,
      type: 'message',
      role: 'assistant',
      parts: [
        { type: 'text', text: texts[0] },
        { type: 'tool-call', tool_call_id: 'x'.repeat(100), tool_name: 'y', args: [texts[1]] },
        { type: 'file', media_type: 'a/b', data: texts[2] },
      ],
    };
    // All three are about equal: the array is the largest, and the first of the strings comes next.
    expect(elide(event)).toEqual({
      ...event,
      parts: [
        { ...event.parts[0], text: JSON.stringify(note(texts[0]!)) },
        { ...event.parts[1], args: note([texts[1]!]) },
        event.parts[2],
      ],
    });
  });

  it('keeps a key __proto__ as data, and elides its value', () => {
    const event = JSON.parse(
      `{"v":1,"chat_id":"c","step_id":"s","at":${startMicros},"type":"text-end","id":"t",` +
        `"metadata":{"__proto__":{"__proto__":"${'x'.repeat(2_000)}"}}}`,
    ) as Event;
    const text = JSON.stringify(elideEvent(event, { sha256, eventBytesMax }));
    expect(text).toContain('"metadata":{"__proto__":{"__proto__":{"$elided":{"bytes":2000,');
  });

  it('refuses what cannot be made to fit: ids, unknown fields, what is encrypted', () => {
    const enc = { key_id: 'k', iv: 'i', data: 'd'.repeat(2_000) };
    expect(() => elide({ ...envelope, type: 'heartbeat', enc })).toThrow('at most 1500 are taken');
    expect(() => elide({ ...envelope, type: 'heartbeat', later: 'x'.repeat(2_000) })).toThrow(
      'the heartbeat event',
    );
    const ids = { tool_call_id: 'x'.repeat(512), tool_name: 'y'.repeat(512), title: 'z'.repeat(90) };
    expect(() => elide({ ...envelope, ...ids, type: 'tool-call', args: 'a'.repeat(90) })).toThrow();
  });

  it('always gives a valid event within the limit, or refuses it', () => {
    const value = fc.oneof(
      fc.nat({ max: 1_200 }).map((n) => 'é'.repeat(n)),
      fc.jsonValue(),
    ) as fc.Arbitrary<JsonValue>;
    const longText = fc.nat({ max: 1_500 }).map((n) => '\ud83d"x'.repeat(n / 3));
    const event = fc.oneof(
      fc.record({ type: fc.constant('tool-result'), tool_call_id: fc.constant('x'), result: value }),
      fc.record({
        type: fc.constant('tool-call'),
        tool_call_id: fc.constant('x'),
        tool_name: fc.constant('y'),
        args: value,
        title: longText,
        metadata: fc.record({ p: fc.dictionary(fc.string(), value, { maxKeys: 4 }) }),
      }),
      fc.record({ type: fc.constant('text-delta'), id: fc.constant('t'), text: longText }),
      fc.record({
        type: fc.constant('message'),
        role: fc.constant('user'),
        parts: fc.array(fc.record({ type: fc.constant('text'), text: longText }), { maxLength: 6 }),
      }),
    );
    fc.assert(
      fc.property(event, (own) => {
        const given = { ...envelope, ...own } as unknown as Event;
        const written = new TextEncoder().encode(
          JSON.stringify(elideEvent(given, { sha256, eventBytesMax })),
        );
        expect(decodeEvent(written).ok).toBe(true);
        expect(written.length).toBeLessThanOrEqual(eventBytesMax);
      }),
      { numRuns: 300 },
    );
  });

  it('takes time that grows with the size of the event, not with its square', () => {
    const parts = Array.from({ length: 10_000 }, (_, i) => ({ type: 'text', text: `${i} `.repeat(200) }));
    const event = { ...envelope, type: 'message', role: 'user', parts } as unknown as Event;
    let hashes = 0;
    const elided = elideEvent(event, {
      eventBytesMax: 2_000_000,
      sha256: () => String(hashes++).padEnd(64, '0'),
    });
    expect(hashes).toBeGreaterThan(8_000);
    expect(JSON.stringify(elided).length).toBeLessThan(2_000_000);
  });
});
