import { describe, expect, it } from '@jest/globals';
import { createPartReader, type ReadLine } from './part-reader.js';

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
});
