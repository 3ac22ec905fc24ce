import { describe, expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { formatDuration } from './format-duration.js';
import { cutText, plainText, wrapText } from './plain-text.js';
import { renderChat } from './render-chat.js';
import { plainScreen } from './screen.js';

const at = 1_775_822_400_000_000;

const message: Message = {
  chat_id: 'c',
  step_id: 's.0',
  attempt: 0,
  role: 'assistant',
  status: 'complete',
  rev: 1,
  events: 9,
  model: 'm-1',
  parts: [
    {
      type: 'reasoning',
      first_event: 2,
      last_event: 4,
      id: 'r',
      text: 'Hm.',
      created_at: at + 1_000,
      completed_at: at + 1_501_000,
    },
    {
      type: 'tool-call',
      first_event: 5,
      last_event: 6,
      tool_call_id: 'call-1',
      tool_name: 'look',
      args: null,
      created_at: at + 1_600_000,
      execution_started_at: at + 1_700_000,
    },
  ],
  started_at: at,
  first_output_at: at + 1_000,
  ended_at: at + 2_000_000,
  last_event_at: at + 2_000_000,
  fold_version: 1,
};

const later: Message = {
  ...message,
  step_id: 's.1',
  status: 'interrupted',
  parts: [
    {
      type: 'tool-result',
      first_event: 2,
      last_event: 2,
      tool_call_id: 'call-1',
      result: { found: 3 },
      created_at: at + 91_700_000,
    },
    {
      type: 'text',
      first_event: 3,
      last_event: 4,
      id: 't',
      text: 'So \u001b[31mred\u0007 it is, and the line goes on far beyond the eighty columns that a terminal has.',
      created_at: at + 92_000_000,
      completed_at: at + 91_000_000,
      end_reason: 'interrupt',
    },
  ],
  interrupt: { reason: 'user', at: at + 93_000_000 },
};

describe('a chat for a person', () => {
  it('shows steps, parts and their durations, those of tools across steps', () => {
    expect(renderChat('c', [message, later], plainScreen).split('\n')).toEqual([
      'chat c · 2 messages · times are UTC',
      '',
      '2026-04-10 12:00:00.000  assistant · 2.00 s',
      '  step s.0 · m-1 · first output after 1.0 ms',
      '  reasoning · 1.50 s',
      '    Hm.',
      '  call look · call-1',
      '    null',
      '',
      '2026-04-10 12:00:00.000  assistant · interrupted · 2.00 s',
      '  step s.1 · m-1 · first output after 1.0 ms',
      '  result of look · 1 min 30 s · call-1',
      '    {"found":3}',
      '  text · cut off: interrupt',
      '    So ␛[31mred␇ it is, and the line goes on far beyond the eighty columns that',
      '    a terminal has.',
      '  interrupted by user',
      '',
    ]);
  });

  it('says so when there is none', () => {
    expect(renderChat('c', [], plainScreen)).toBe('chat c: no messages\n');
  });
});

describe('a duration', () => {
  it.each([
    [0, '0 µs'],
    [999, '999 µs'],
    [1_000, '1.0 ms'],
    [99_949, '99.9 ms'],
    [99_950, '100 ms'],
    [999_499, '999 ms'],
    [999_500, '1.00 s'],
    [59_994_999, '59.99 s'],
    [59_995_000, '1 min 00 s'],
    [3_599_499_999, '59 min 59 s'],
    [3_599_500_000, '1 h 00 min'],
    [360_000_000_000, '100 h 00 min'],
  ])('of %d µs is %s', (micros, text) => {
    expect(formatDuration(micros)).toBe(text);
  });
});

describe('text of others', () => {
  it('keeps its line breaks and loses its power over the terminal', () => {
    expect(plainText('a\r\nb\tc\u001b]52;c;x\u0007\u009b1m\u202e\n')).toBe(
      'a\nb  c␛]52;c;x␇\u{fffd}1m\u{fffd}\n',
    );
  });

  it('is broken at blanks, and within words that are too long', () => {
    expect(wrapText('aa bb cc', 5, 9)).toEqual(['aa bb', 'cc']);
    expect(wrapText('aaaaaaa bb', 5, 9)).toEqual(['aaaaa', 'aa bb']);
    expect(wrapText('\n\n  a\n\nb\n', 5, 9)).toEqual(['  a', '', 'b']);
  });

  it('is cut after the lines that are allowed, and says how much there is', () => {
    const text = 'word '.repeat(1_000_000);
    expect(wrapText(text, 9, 2)).toEqual(['word word', 'word word', '… (50000…']);
    expect(wrapText('a\nb\nc', 40, 2)).toEqual(['a', 'b', '… (5 characters in all)']);
    expect(wrapText('a\nb', 9, 2)).toEqual(['a', 'b']);
  });

  it('is never cut within a character', () => {
    expect(cutText('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 4)).toBe('👩‍👩‍👧…');
    expect(cutText('ok', 2)).toBe('ok');
  });
});
