import { describe, expect, it } from '@jest/globals';
import { createPartReader, PART_LENGTH_MAX, type ReadLine } from './part-reader.js';

/** One letter or part for each line: `-` framing, `?` unreadable, `?+` a part behind something unreadable. */
function read(lines: readonly string[], isSentOverHttp = true): unknown[] {
  const reader = createPartReader({ isSentOverHttp });
  const shown = (line: ReadLine) => {
    if (line.kind !== 'part') return line.kind === 'framing' ? '-' : '?';
    return line.hasUnreadable === true ? ['?+', line.part] : line.part;
  };
  return [...lines.map((line) => shown(reader.read(line))), shown(reader.end())];
}

describe('a part reader', () => {
  it('reads JSON lines', () => {
    expect(read(['{"a":1}', '', ' {"b":2}\r', 'oops', '[1]', 'data: {"c":3}'], false)).toEqual([
      { a: 1 },
      '-',
      { b: 2 },
      '?',
      '?',
      '?',
      '-',
    ]);
  });

  it('reads server-sent events at their data lines', () => {
    expect(
      read([
        ': comment',
        'event: message_start',
        'id: 1',
        'retry: 5',
        'data: {"a":1}\r',
        '\r',
        'data:{"b":2}',
        'data: {"c":3}',
        '{"d":4}',
        'data: [DONE]',
        'data:',
        '',
      ]),
    ).toEqual(['-', '-', '-', '-', { a: 1 }, '-', { b: 2 }, { c: 3 }, { d: 4 }, '-', '-', '-', '-']);
  });

  it('joins data of several lines where the event ends', () => {
    expect(read(['data: {', 'data: "a": 1', 'data: }', '', 'data: {', 'data: "b": 2}', 'event: x'])).toEqual([
      '-',
      '-',
      '-',
      { a: 1 },
      '-',
      '-',
      { b: 2 },
      '-',
    ]);
  });

  it('gives up on data that never become an object, and only on those', () => {
    expect(read(['data: oops', '', 'data: oops', 'data: {"a":1}', 'unknown: field', 'data: {'])).toEqual([
      '-',
      '?',
      '-',
      ['?+', { a: 1 }],
      '?',
      '-',
      '?',
    ]);
  });

  it('holds no more than PART_LENGTH_MAX of data that do not end, and reads what comes behind them', () => {
    const reader = createPartReader({ isSentOverHttp: true });
    const line = `data: "${'x'.repeat(1024 * 1024)}",`;
    const lines = PART_LENGTH_MAX / 1024 / 1024;
    const readOpen = (count: number): void => {
      reader.read('data: {"list": [');
      for (let index = 0; index < count; index++) expect(reader.read(line).kind).toBe('framing');
      reader.read('data: 1]}');
    };
    readOpen(lines - 1);
    expect(reader.read('').kind).toBe('part');
    readOpen(lines);
    expect(reader.read('').kind).toBe('unreadable');
    readOpen(lines);
    expect(reader.read('data: {"a":1}')).toEqual({ kind: 'part', part: { a: 1 }, hasUnreadable: true });
    expect(reader.read('').kind).toBe('framing');
  });
});
