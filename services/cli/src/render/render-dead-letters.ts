import { isSettled, mayBeCut, type RetriedLetter } from '@stepfold/audit';
import { deadLetterCatalogue, formatStamp } from '@stepfold/events';
import type { DeadLetter } from '@stepfold/message-store';
import { base64Of, utf8Of } from './dead-letter-json.js';
import { cutText, plainLine, wrapText } from './plain-text.js';
import type { Screen } from './screen.js';
import { shownStamp } from './step-head.js';

const TIME_WIDTH = 19;
const REASON_WIDTH = 15;
/** Lines of a value that are shown; the JSON form has all of it. */
const VALUE_LINES_MAX = 20;

export function letterTableHead({ paint }: Screen): string {
  return paint('faint', `${'time (UTC)'.padEnd(TIME_WIDTH)}  ${'reason'.padEnd(REASON_WIDTH)}  id`);
}

/** A letter in a table. Its id is never cut, because it is what the next command takes. */
export function letterRow(letter: DeadLetter, { width, paint }: Screen): string {
  const { at, reason, detail } = letter;
  const id = plainLine(letter.id);
  const start = `${shownStamp(at).slice(0, TIME_WIDTH)}  ${reason.padEnd(REASON_WIDTH)}  `;
  const fits = start.length + id.length <= width;
  return [
    fits ? `${start}${id}` : `${start.trimEnd()}\n  ${id}`,
    paint('faint', cutText(`  ${whoseOf(letter)}: ${detail}`, width)),
  ].join('\n');
}

/** All of a letter, for a person. */
export function renderLetter(letter: DeadLetter, { width, paint }: Screen): string {
  const { id, at, stage, reason, detail, chat_id, step_id, key, value } = letter;
  const { cause, remedy } = deadLetterCatalogue[reason];
  const field = (name: string, text: string): string[] =>
    wrapText(text, width - 10, 6).map((line, i) => `${(i === 0 ? name : '').padEnd(10)}${line}`);
  return [
    paint('heading', plainLine(id)),
    ...field('time', `${formatStamp(at)} (${stage})`),
    ...(chat_id === undefined ? [] : field('chat', chat_id)),
    ...(step_id === undefined ? [] : field('step', step_id)),
    ...field('reason', reason),
    ...field('detail', detail),
    ...field('cause', cause),
    ...field('remedy', remedy),
    ...field('key', key === null ? '(none)' : (utf8Of(key) ?? `base64 ${base64Of(key)}`)),
    ...field('value', value === null ? '(none)' : sizeOf(letter, value)),
    ...(value === null
      ? []
      : wrapText(utf8Of(value) ?? base64Of(value), width - 2, VALUE_LINES_MAX).map((line) => `  ${line}`)),
    '',
  ].join('\n');
}

function sizeOf(letter: DeadLetter, value: Uint8Array): string {
  const size = `${value.byteLength} bytes${utf8Of(value) === undefined ? ', shown as base64' : ''}`;
  return mayBeCut(letter) ? `${size}: only the beginning, the rest was cut` : size;
}

/** What came of letters that were retried, line by line. */
export function retriedRow(retried: RetriedLetter, { width, paint }: Screen): string {
  const { id, outcome, detail } = retried;
  const words = `${outcomes[outcome]}${detail === undefined ? '' : `: ${detail}`}`;
  return [
    `${paint(isSettled(retried) ? 'good' : 'warning', outcome.padEnd(10))}${plainLine(id)}`,
    ...wrapText(`${whoseOf(retried)} ${words}`, width - 10, 3).map((line) => `${' '.repeat(10)}${line}`),
  ].join('\n');
}

const outcomes: { readonly [O in RetriedLetter['outcome']]: string } = {
  emitted: 'was emitted again; a writer stores it',
  written: 'was folded again and stored',
  stale: 'is stored already, in this version or a later one',
  refused: 'can never be stored',
  'no-step': 'cannot be applied',
  gone: 'cannot be made again',
  'other-log': 'is of another log',
};

function whoseOf({ chat_id, step_id }: { readonly chat_id?: string; readonly step_id?: string }): string {
  if (chat_id === undefined) return 'the record';
  return step_id === undefined ? `chat ${chat_id}` : `step ${step_id} of chat ${chat_id}`;
}
