import { describe, expect, it } from '@jest/globals';
import { createEventCodec, decodeEvent, encodeEvent } from './codec.js';
import { eventTypes, type EventType } from './event.js';
import { EVENT_BYTES_MAX } from './limits.js';

const at = 1_775_822_400_000_000;
const heartbeat = { v: 1, chat_id: 'chat-1', step_id: 'step-1', at, type: 'heartbeat' };

/** One valid event of every type, with the fields that it must have. */
const least: Readonly<Record<EventType, Readonly<Record<string, unknown>>>> = {
  'step-start': {},
  'text-start': { id: '0' },
  'text-delta': { id: '0', text: '' },
  'text-end': { id: '0' },
  'reasoning-start': { id: '0' },
  'reasoning-delta': { id: '0', text: '' },
  'reasoning-end': { id: '0' },
  'tool-input-start': { tool_call_id: 'c' },
  'tool-input-delta': { tool_call_id: 'c', text: '' },
  'tool-input-end': { tool_call_id: 'c' },
  'tool-call': { tool_call_id: 'c', tool_name: 'f', args: null },
  'tool-execution-start': { tool_call_id: 'c' },
  'tool-approval': { tool_call_id: 'c', approval_id: 'a', state: 'requested' },
  'tool-result': { tool_call_id: 'c', result: null },
  source: { source_type: 'url' },
  file: { media_type: 'image/png', file_id: 'f' },
  data: { name: 'n', data: null },
  heartbeat: {},
  finish: {},
  'step-end': {},
  interrupt: { reason: 'user' },
  error: { message: '', fatal: false },
  message: { role: 'user', parts: [] },
};

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What the codec says of a value as a log would hold it: `code: sentence`, or `ok`. */
function verdict(value: unknown): string {
  const decoded = decodeEvent(bytes(JSON.stringify(value)));
  return decoded.ok ? 'ok' : `${decoded.code}: ${decoded.detail}`;
}

function verdictOf(type: EventType, fields: Readonly<Record<string, unknown>> = {}): string {
  return verdict({ ...heartbeat, ...least[type], type, ...fields });
}

describe('an event', () => {
  it.each(eventTypes)('%s with the fields that it must have is accepted', (type) => {
    expect(verdictOf(type)).toBe('ok');
  });

  it.each(eventTypes)('%s without one of them is refused by its name', (type) => {
    for (const name of Object.keys(least[type])) {
      const alternative = { args: 'args', file_id: 'url' }[name] ?? name;
      expect(verdictOf(type, { [name]: undefined })).toMatch(new RegExp(`^bad-event: ${alternative}: `));
    }
  });

  it.each(['v', 'chat_id', 'step_id', 'at', 'type'])('without %s is refused by its name', (name) => {
    expect(verdict({ ...heartbeat, [name]: undefined })).toBe(`bad-event: ${name}: is missing`);
  });

  it.each([null, 1, 'text', true, [heartbeat]])('that is %j is no event', (value) => {
    expect(verdict(value)).toBe('bad-event: the event is not a JSON object');
  });
});

describe('bytes that are no JSON', () => {
  it.each([
    ['nothing', ''],
    ['a cut-off object', '{"v":1'],
    ['two objects', '{}{}'],
    ['a byte order mark', `\uFEFF${JSON.stringify(heartbeat)}`],
    ['NaN', '{"v":NaN}'],
  ])('are bad-json: %s', (_name, text) => {
    expect(decodeEvent(bytes(text))).toEqual({
      ok: false,
      code: 'bad-json',
      detail: 'the event is not valid JSON',
    });
  });

  it.each([
    ['cut in the middle of a character', [0x22, 0xc3]],
    ['with a byte that never occurs', [0x22, 0xff, 0x22]],
    ['with a surrogate as three bytes', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['with an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
  ])('are bad-json where they are no UTF-8: %s', (_name, value) => {
    expect(decodeEvent(Uint8Array.from(value))).toEqual({
      ok: false,
      code: 'bad-json',
      detail: 'the event is not valid UTF-8',
    });
  });

  it('leave nothing behind that would spoil the next record', () => {
    decodeEvent(Uint8Array.of(0x22, 0xf0, 0x9f, 0x98));
    expect(decodeEvent(bytes(JSON.stringify(heartbeat))).ok).toBe(true);
  });

  it('are not quoted: the text may be anybody’s words', () => {
    const decoded = decodeEvent(bytes('{"secret": hunter2}'));
    expect(JSON.stringify(decoded)).not.toMatch(/secret|hunter2/);
  });
});

describe('the size', () => {
  const ofSize = (size: number): Uint8Array => {
    const empty = JSON.stringify({ ...heartbeat, padding: '' }).length;
    return bytes(JSON.stringify({ ...heartbeat, padding: 'x'.repeat(size - empty) }));
  };

  it('may be exactly the limit, and not one byte more', () => {
    const codec = createEventCodec({ eventBytesMax: 200 });
    expect(codec.decode(ofSize(200)).ok).toBe(true);
    expect(codec.decode(ofSize(201))).toEqual({
      ok: false,
      code: 'oversize',
      detail: 'the event has 201 bytes; at most 200 are taken',
    });
  });

  it('is 8 MiB unless said otherwise', () => {
    expect(EVENT_BYTES_MAX).toBe(8 * 1024 * 1024);
    expect(decodeEvent(ofSize(EVENT_BYTES_MAX)).ok).toBe(true);
    expect(decodeEvent(ofSize(EVENT_BYTES_MAX + 1))).toMatchObject({ ok: false, code: 'oversize' });
  });

  it('is told before anything is parsed', () => {
    const codec = createEventCodec({ eventBytesMax: 10 });
    expect(codec.decode(new Uint8Array(11).fill(0xff))).toMatchObject({ code: 'oversize' });
  });
});

describe('the version', () => {
  it.each([2, 0, -1, 1e300])('%d is unknown', (v) => {
    expect(verdict({ ...heartbeat, v })).toBe(`unknown-version: v: version ${v} is not known here; 1 is`);
  });

  it.each([1.5, '1', null, true, [1]])('%j is no version at all', (v) => {
    expect(verdict({ ...heartbeat, v })).toBe('bad-event: v: must be a whole number');
  });

  it('is looked at before the rest, which may have another form in another version', () => {
    expect(verdict({ v: 2, anything: 'else' })).toMatch(/^unknown-version: /);
  });
});

describe('the type', () => {
  it('that is unknown is named', () => {
    expect(verdict({ ...heartbeat, type: 'text-chunk' })).toBe(
      'unknown-type: type: "text-chunk" is no event type of version 1',
    );
  });

  it.each(['__proto__', 'constructor', 'toString'])('%s is none', (type) => {
    expect(verdict({ ...heartbeat, type })).toMatch(/^unknown-type: /);
  });

  it('that does not look like one is not quoted', () => {
    expect(verdict({ ...heartbeat, type: 'my password is hunter2' })).toBe(
      'unknown-type: type: the given one is no event type of version 1',
    );
  });

  it('must be a string', () => {
    expect(verdict({ ...heartbeat, type: 1 })).toBe('bad-event: type: must be a string');
  });
});

describe('an id', () => {
  it.each([
    ['with a colon', 'a:b', 'must not hold ":"'],
    ['with a blank', 'a b', 'must not hold " "'],
    ['with a leading blank', ' a', 'must not hold " "'],
    ['with a line feed at its end', 'a\n', 'must not hold "\\n"'],
    ['with a control character', 'a\u0000', 'must not hold "\\u0000"'],
    ['with a leading dot', '.a', 'must not start with a dot'],
    ['with a leading $', '$a', 'must not hold "$"'],
    ['with a $ inside', 'a$', 'must not hold "$"'],
    ['with a letter beyond ASCII', 'é', 'must not hold "é"'],
    ['with an emoji', '🍵', 'must not hold "🍵"'],
    ['that is empty', '', 'must have 1 to 200 characters, not 0'],
    ['of 201 characters', 'x'.repeat(201), 'must have 1 to 200 characters, not 201'],
    ['that is a number', 7, 'must be a string'],
    ['that is null', null, 'must be a string'],
  ])('%s is refused, and the sentence says why', (_name, id, reason) => {
    for (const name of ['chat_id', 'step_id', 'producer']) {
      const said = verdict({ ...heartbeat, seq: 0, producer: 'p', [name]: id });
      expect(said.startsWith(`bad-event: ${name}: ${reason}`)).toBe(true);
    }
  });

  it.each(['x', 'x'.repeat(200), 'a.b', 'a.', '~', '@', '/', '-', '_', '0'])('%s is fine', (id) => {
    expect(verdict({ ...heartbeat, chat_id: id, step_id: id, producer: id, seq: 0 })).toBe('ok');
  });

  it('of a provider may be any text of 1 to 512 characters without NUL', () => {
    for (const id of [' ', '$.:\n', '__proto__', '\ud800', '🍵'.repeat(512), 'x'.repeat(512)]) {
      expect(verdictOf('text-start', { id })).toBe('ok');
      expect(verdictOf('tool-call', { tool_call_id: id, tool_name: id })).toBe('ok');
    }
    for (const id of ['', 'a\u0000b', 'x'.repeat(513), '🍵'.repeat(513), 5, null]) {
      const problem = 'must be a string of 1 to 512 characters without NUL';
      expect(verdictOf('text-start', { id })).toBe(`bad-event: id: ${problem}`);
      expect(verdictOf('tool-input-delta', { tool_call_id: id })).toBe(`bad-event: tool_call_id: ${problem}`);
      expect(verdictOf('data', { data_id: id })).toBe(`bad-event: data_id: ${problem}`);
    }
  });
});

describe('a stamp', () => {
  it.each([
    [1_775_822_400_000, 'looks like milliseconds'],
    [1_775_822_400, 'looks like seconds'],
    [1_775_822_400_000_000_000, 'looks like nanoseconds'],
    [999_999_999_999_999, 'is below 10^15 microseconds'],
    [0, 'is below 10^15 microseconds'],
    [-at, 'is below 10^15 microseconds'],
    [2 ** 53, 'is not below 2^53 microseconds'],
    [at + 0.5, 'must be whole microseconds'],
    ['2026-04-10T12:00:00Z', 'must be a number: microseconds since the Unix epoch'],
    [null, 'must be a number: microseconds since the Unix epoch'],
  ])('of %j is refused, and the sentence says why', (stamp, reason) => {
    expect(verdict({ ...heartbeat, at: stamp })).toMatch(/^bad-event: at: /);
    expect(verdict({ ...heartbeat, at: stamp })).toContain(reason);
    expect(verdictOf('text-delta', { until: stamp })).toMatch(/^bad-event: until: /);
    expect(verdictOf('interrupt', { detected_at: stamp })).toMatch(/^bad-event: detected_at: /);
    expect(verdictOf('tool-result', { execution_started_at: stamp })).toMatch(
      /^bad-event: execution_started_at: /,
    );
  });

  it.each([10 ** 15, 2 ** 53 - 1])('of %d is in range', (stamp) => {
    expect(verdict({ ...heartbeat, at: stamp })).toBe('ok');
  });
});

describe('producer and seq', () => {
  it('come both or not at all', () => {
    expect(verdict({ ...heartbeat, producer: 'p', seq: 0 })).toBe('ok');
    expect(verdict({ ...heartbeat, seq: 0 })).toBe(
      'bad-event: producer: is missing, though there is a seq: both or neither',
    );
    expect(verdict({ ...heartbeat, producer: 'p' })).toBe(
      'bad-event: seq: is missing, though there is a producer: both or neither',
    );
    expect(verdictOf('text-delta', { seq: 0 })).toMatch(/^bad-event: producer: is missing/);
    expect(verdictOf('text-delta', { producer: 'p' })).toMatch(/^bad-event: seq: is missing/);
  });

  it.each([-1, 0.5, 2 ** 53, '0', null])('seq %j is refused', (seq) => {
    expect(verdict({ ...heartbeat, producer: 'p', seq })).toBe(
      'bad-event: seq: must be a whole number, 0 or more',
    );
  });

  it.each([-1, 1_000_001, 0.5, '1', null])('attempt %j is refused', (attempt) => {
    expect(verdict({ ...heartbeat, attempt })).toBe(
      'bad-event: attempt: must be a whole number from 0 to 1000000',
    );
  });

  it.each([0, 1_000_000])('attempt %d is fine', (attempt) => {
    expect(verdict({ ...heartbeat, attempt })).toBe('ok');
  });
});

describe('own fields', () => {
  it.each([
    ['finish', { finish_reason: 'done' }, 'finish_reason: must be one of stop, length'],
    ['finish', { usage: 3 }, 'usage: must be an object'],
    ['finish', { usage: { input_tokens: 1.5 } }, 'usage.input_tokens: must be a whole number'],
    ['step-start', { role: 'robot' }, 'role: must be one of user, system'],
    ['step-start', { step_index: -1 }, 'step_index: must be a whole number'],
    ['step-start', { metadata: [] }, 'metadata: must be an object of providers'],
    ['step-start', { metadata: { p: null } }, 'metadata: must hold an object for every provider'],
    ['reasoning-start', { redacted: 'yes' }, 'redacted: must be true or false'],
    ['text-delta', { text: null }, 'text: must be a string'],
    ['text-delta', { merged: -1 }, 'merged: must be a whole number'],
    ['tool-approval', { state: 'maybe' }, 'state: must be one of requested, granted, denied'],
    ['source', { source_type: 'book' }, 'source_type: must be one of url, document'],
    ['interrupt', { reason: 'bored' }, 'reason: must be one of user, disconnect'],
    ['interrupt', { if_events: -1 }, 'if_events: must be a whole number'],
    ['error', { fatal: 1 }, 'fatal: must be true or false'],
    ['message', { parts: {} }, 'parts: must be a list of parts'],
    ['message', { parts: [7] }, 'parts[0]: must be an object'],
    ['message', { parts: [{ type: 'video' }] }, 'parts[0].type: must be one of text, reasoning'],
    ['message', { parts: [{ type: 'text' }] }, 'parts[0].text: is missing'],
    ['message', { parts: [{ type: 'text', text: '', created_at: 5 }] }, 'parts[0].created_at: 5 is below'],
    [
      'message',
      { parts: [{ type: 'tool-call', tool_call_id: 'c', approval: { approval_id: 'a' } }] },
      'parts[0].approval.state: is missing',
    ],
    [
      'message',
      { parts: Array.from({ length: 10_001 }, () => ({ type: 'text', text: '' })) },
      'parts: must hold at most 10000 parts',
    ],
  ] as const)('of a %s with %.60j are refused by name', (type, fields, sentence) => {
    expect(verdictOf(type, fields)).toContain(`bad-event: ${sentence}`);
  });

  it('of a tool-call hold arguments in exactly one form', () => {
    expect(verdictOf('tool-call', { args: undefined, args_text: '{' })).toBe('ok');
    expect(verdictOf('tool-call', { args: 1, args_text: '1' })).toBe(
      'bad-event: args: exactly one of args, args_text is needed, not 2',
    );
    expect(verdictOf('tool-call', { args: undefined })).toBe(
      'bad-event: args: exactly one of args, args_text is needed, not none',
    );
  });

  it('of a file hold it in exactly one form', () => {
    expect(verdictOf('file', { file_id: undefined, url: 'https://files.test/1' })).toBe('ok');
    expect(verdictOf('file', { file_id: undefined, data: '' })).toBe('ok');
    expect(verdictOf('file', { url: '', data: '' })).toBe(
      'bad-event: url: exactly one of url, file_id, data is needed, not 3',
    );
    expect(verdictOf('file', { file_id: undefined })).toMatch(/is needed, not none$/);
  });
});

describe('JSON inside an event', () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const raw = (field: string, json: string, type: EventType, fields = least[type]): string => {
    const text = JSON.stringify({ ...heartbeat, ...fields, type, [field]: '#' });
    const decoded = decodeEvent(bytes(text.replace('"#"', json)));
    return decoded.ok ? 'ok' : `${decoded.code}: ${decoded.detail}`;
  };

  it('may have 64 levels and not 65', () => {
    for (const [field, type] of [
      ['args', 'tool-call'],
      ['result', 'tool-result'],
      ['data', 'data'],
    ] as const) {
      expect(raw(field, nested(64), type)).toBe('ok');
      expect(raw(field, nested(65), type)).toBe(`bad-event: ${field}: is nested more than 64 levels deep`);
      expect(raw(field, nested(10_000), type)).toMatch(/^bad-event: /);
    }
    expect(raw('metadata', `{"p":{"k":${nested(62)}}}`, 'finish')).toBe('ok');
    expect(raw('metadata', `{"p":{"k":${nested(63)}}}`, 'finish')).toMatch(/^bad-event: metadata: is nested/);
  });

  it('10,000 levels deep is refused wherever it stands, so that every event can be written again', () => {
    const sentence = 'bad-event: the event: is nested more than 128 levels deep';
    expect(raw('unknown', nested(10_000), 'heartbeat')).toBe(sentence);
    expect(raw('unknown', nested(10_000), 'text-delta')).toBe(sentence);
    expect(raw('unknown', nested(1_000_000), 'text-delta')).toBe(sentence);
    expect(raw('text', nested(10_000), 'text-delta')).toBe('bad-event: text: must be a string');
    const parts = `[{"type":"text","text":"","unknown":${nested(10_000)}}]`;
    expect(raw('parts', parts, 'message')).toBe(sentence);
    expect(raw('unknown', nested(127), 'text-delta')).toBe('ok');
    expect(decodeEvent(bytes(nested(10_000)))).toMatchObject({ code: 'bad-event' });
  });

  it('may not hold a number beyond a double', () => {
    const problem = 'holds a number that a double cannot hold';
    expect(raw('args', '{"n":[1e999]}', 'tool-call')).toBe(`bad-event: args: ${problem}`);
    expect(raw('result', '-1e999', 'tool-result')).toBe(`bad-event: result: ${problem}`);
    expect(raw('metadata', '{"p":{"k":1e999}}', 'text-delta')).toBe(`bad-event: metadata: ${problem}`);
    expect(raw('at', '1e999', 'heartbeat')).toMatch(/^bad-event: at: /);
    expect(raw('seq', '1e999', 'heartbeat', { producer: 'p' })).toMatch(/^bad-event: seq: /);
    expect(raw('result', '1.7976931348623157e308', 'tool-result')).toBe('ok');
  });

  it('keeps the keys __proto__, constructor and prototype as data', () => {
    const json = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}';
    for (const text of [
      JSON.stringify({ ...heartbeat, type: 'tool-result', tool_call_id: 'c', result: '#' }),
      JSON.stringify({ ...heartbeat, type: 'data', name: 'n', data: '#' }),
      JSON.stringify({ ...heartbeat, type: 'finish', metadata: '#' }),
      JSON.stringify({ ...heartbeat, unknown: '#' }),
    ]) {
      const value = bytes(text.replace('"#"', json));
      const decoded = decodeEvent(value);
      if (!decoded.ok) throw new Error(decoded.detail);
      expect(encodeEvent(decoded.event)).toEqual(value);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('does not let __proto__ stand in for the fields of the event', () => {
    const decoded = decodeEvent(bytes(`{"v":1,"__proto__":${JSON.stringify(heartbeat)}}`));
    expect(decoded).toMatchObject({ ok: false, code: 'bad-event', detail: 'type: is missing' });
  });
});

describe('an event of a caller in this process', () => {
  const { check } = createEventCodec();
  const call = { ...heartbeat, type: 'tool-call', tool_call_id: 'c', tool_name: 'f' };

  it.each([
    ['a date', new Date(0), 'holds an object that is not plain JSON'],
    ['a map', new Map(), 'holds an object that is not plain JSON'],
    ['a function', () => 1, 'holds a function, which is not JSON'],
    ['a bigint', { n: 1n }, 'holds a bigint, which is not JSON'],
    ['undefined inside', { n: undefined }, 'holds an undefined, which is not JSON'],
    ['a hole', Array.from({ length: 2 }), 'holds an undefined, which is not JSON'],
    ['NaN', [NaN], 'holds a number that a double cannot hold'],
  ])('is refused where encoding would change it: %s', (_name, args, problem) => {
    expect(check({ ...call, args })).toEqual({ ok: false, code: 'bad-event', detail: `args: ${problem}` });
  });

  it('may hold undefined where a field may be absent, and an object without a prototype', () => {
    expect(check({ ...call, args: Object.create(null) as object, title: undefined }).ok).toBe(true);
    expect(check({ ...heartbeat, type: 'text-delta', id: '0', text: '', metadata: undefined }).ok).toBe(true);
  });

  it('that refers to itself is refused instead of looked through for ever', () => {
    const args: Record<string, unknown> = {};
    args['self'] = args;
    args['again'] = args;
    expect(check({ ...call, args })).toMatchObject({ detail: 'args: is nested more than 64 levels deep' });
    expect(check({ ...heartbeat, unknown: args })).toMatchObject({ ok: false, code: 'bad-event' });
  });
});

describe('an encrypted event', () => {
  const enc = { key_id: 'k', iv: 'i', data: 'd' };

  it.each(eventTypes)('%s needs only its envelope and what decides acceptance', (type) => {
    const clear = { interrupt: { reason: 'crash' }, error: { fatal: true } }[type as string] ?? {};
    expect(verdict({ ...heartbeat, type, ...clear, enc })).toBe('ok');
  });

  it('keeps what decides acceptance in the clear', () => {
    expect(verdict({ ...heartbeat, type: 'interrupt', enc })).toMatch(/^bad-event: reason: is missing/);
    expect(verdict({ ...heartbeat, type: 'error', enc })).toBe('bad-event: fatal: is missing');
    expect(verdictOf('interrupt', { enc, if_events: 'two' })).toMatch(/^bad-event: if_events: /);
    expect(verdict({ ...heartbeat, type: 'text-delta', id: '', enc })).toMatch(/^bad-event: id: /);
    expect(verdict({ ...heartbeat, type: 'tool-result', preliminary: 1, enc })).toMatch(
      /^bad-event: preliminary: /,
    );
  });

  it('has the whole envelope', () => {
    expect(verdictOf('text-delta', { enc, at: 1_775_822_400_000 })).toMatch(/^bad-event: at: .*milliseconds/);
    expect(verdictOf('text-delta', { enc, seq: 1 })).toMatch(/^bad-event: producer: is missing/);
    for (const broken of [null, 1, 'x', {}, { ...enc, iv: 1 }, { key_id: 'k' }]) {
      expect(verdictOf('text-delta', { enc: broken })).toMatch(/^bad-event: enc[.:]/);
    }
  });

  it('is passed on as it came', () => {
    const value = bytes(
      JSON.stringify({ ...heartbeat, type: 'finish', enc: { ...enc, more: [1] }, text: 5 }),
    );
    const decoded = decodeEvent(value);
    if (!decoded.ok) throw new Error(decoded.detail);
    expect(encodeEvent(decoded.event)).toEqual(value);
  });
});
