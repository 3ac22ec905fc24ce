import { describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import type { Message } from '@stepfold/fold';
import { messageArbitrary } from '../../../../libs/mongodb-store/src/testing/arbitrary-message.js';
import { arbitraryEvents } from '../../../../test/support/arbitrary-events.js';
import { foldAll } from '../../../../test/support/fold-all.js';
import { cutText } from './plain-text.js';
import { createChatLines } from './render-chats.js';
import { renderChat } from './render-chat.js';
import { renderEvent } from './render-event.js';
import { renderTable } from './render-table.js';
import { renderTimeline } from './render-timeline.js';
import { renderVerification } from './render-verification.js';
import { screenOf, type Screen } from './screen.js';
import { columnsOf } from './text-columns.js';

jest.setTimeout(120_000);

const screen = fc
  .record({ stdoutColumns: fc.integer({ min: 60, max: 120 }), isPlain: fc.boolean() })
  .map(({ stdoutColumns, isPlain }) =>
    screenOf({ stdoutColumns, environment: isPlain ? { NO_COLOR: '1' } : {} }),
  );

/** Pieces that have broken terminals: escapes, controls, wide and combined characters, marks of direction. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\u001b[2J',
        '\u001b]0;title\u0007',
        '\u001b]52;c;eA==\u001b\\',
        '\u009b1m',
        '\r',
        '\r\n',
        '\n',
        '\t',
        '\0',
        '\u007f',
        '\u0085',
        '\u2028',
        '\u202e',
        '\u2066',
        '你好世界',
        '한국어',
        '\u1112\u1161\u11ab',
        '👩‍👩‍👧',
        '🇩🇪',
        '🇩',
        '❤️',
        'e\u0301',
        'z\u0335\u0321\u0489',
        '\u200b',
        '\ud83d',
        'क्षि',
        '\u00ad',
        'a word of some length ',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

/** What a model, a tool or an application may have written. */
const written = new Set(
  'text tool_name title name message code reason args args_text result data url filename media_type model error'.split(
    ' ',
  ),
);

function withHostile(messages: readonly Message[], texts: readonly string[]): readonly Message[] {
  let next = 0;
  const hostile = (): string => texts[next++ % texts.length]!;
  return messages.map(
    (message) =>
      JSON.parse(JSON.stringify(message), (key, value: unknown) =>
        typeof value === 'string' && written.has(key) ? value + hostile() : withState(value),
      ) as Message,
  );
}

/** The arbitrary leaves out of an approval what the fold never does. */
function withState(value: unknown): unknown {
  const isApproval = typeof value === 'object' && value !== null && 'approval_id' in value;
  return isApproval ? { state: 'denied', ...value } : value;
}

/** Messages with any fields in any combination, and messages as the fold makes them. */
const chat = fc.oneof(
  fc.array(messageArbitrary, { maxLength: 4 }),
  fc
    .tuple(fc.array(messageArbitrary, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 1e11 }))
    .map(([messages, length]) => messages.map((message) => closeTogether(message, length))),
  arbitraryEvents().map((events) => foldAll(events).messages),
);

/** Moves all stamps near each other, as those of one chat are. */
function closeTogether(message: Message, length: number): Message {
  const begin = 1_775_822_400_000_000;
  return JSON.parse(JSON.stringify(message), (key, value: unknown) =>
    key.endsWith('at') && typeof value === 'number' ? begin + (value % length) : value,
  ) as Message;
}

function expectWithin(text: string, { width }: Screen): void {
  // eslint-disable-next-line no-control-regex -- our own colours
  const bare = text.replaceAll(/\u001b\[(?:1|2|22|3[1-6]|39)m/g, '');
  // eslint-disable-next-line no-control-regex -- all but the line feed
  expect(bare).not.toMatch(/[\0-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
  expect(bare.isWellFormed()).toBe(true);
  for (const line of bare.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(width);
}

describe('whatever is stored', () => {
  it.each([
    ['text', renderChat],
    ['table', renderTable],
    ['timeline', renderTimeline],
  ] as const)('as %s no line is wider than the screen, and no control gets through', (_form, render) => {
    fc.assert(
      fc.property(
        chat,
        fc.array(hostileText, { minLength: 1, maxLength: 5 }),
        hostileText,
        screen,
        (messages, texts, chatId, target) => {
          const text = render(chatId, withHostile(messages, texts), target);
          expectWithin(text, target);
          expect(text).not.toMatch(/undefined|NaN|Infinity/);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('holds for events, chats and what a verification found', () => {
    fc.assert(
      fc.property(arbitraryEvents(), hostileText, screen, (events, text, target) => {
        for (const event of events) {
          expectWithin(
            renderEvent({ ...event, step_id: text, text } as typeof event, target, `${text} `),
            target,
          );
        }
        const lines = createChatLines(0, target);
        const chatId = cutText(text, target.width - 2);
        const summary = { chat_id: chatId, created_at: 1e15, updated_at: 1e15, status: 'open' } as const;
        expectWithin([lines.head, lines.line({ ...summary, order: 0 } as never)].join('\n'), target);
        expectWithin(
          renderVerification(
            {
              ok: false,
              checked: 1,
              not_yet: 1,
              beyond_log: 1,
              differences: [
                {
                  chat_id: text,
                  step_id: text,
                  kind: 'different',
                  path: text,
                  expected: text,
                  stored: [text],
                },
              ],
            } as never,
            target,
          ),
          target,
        );
      }),
      { numRuns: 30 },
    );
  });
});
