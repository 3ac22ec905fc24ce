import type { PartEvent } from '@stepfold/audit';
import type { Event } from '@stepfold/events';
import type { MessageJson } from '@stepfold/fold';
import { cutText, wrapText } from './plain-text.js';
import type { Screen } from './screen.js';
import { shownTime } from './step-head.js';

export interface ShownExplanation {
  readonly message: MessageJson;
  readonly part: MessageJson['parts'][number];
  readonly partIndex: number;
  readonly events: readonly PartEvent[];
}

const POSITION_WIDTH = 12;
const PLACE_WIDTH = POSITION_WIDTH + 2 + 15 + 2;
const TYPE_WIDTH = 23;
const NAME_WIDTH = 22;
const FIELD_LINES_MAX = 9;

/**
 * A part with its fields, and below it the events that made it, each with the fields that it set. Deltas
 * that follow each other are one line.
 */
export function renderExplanation(explanation: ShownExplanation, screen: Screen): string {
  const { message, part, partIndex, events } = explanation;
  const { width, paint } = screen;
  const attempt = message.attempt === 0 ? '' : `, attempt ${message.attempt}`;
  const { type, ...fields } = part as unknown as Readonly<Record<string, unknown>>;
  const title = `part ${partIndex} of step ${message.step_id}${attempt} (${message.status}): ${String(type)}`;
  const shownFields = Object.entries(fields).filter(([name]) => !isCounter(name));
  return [
    paint('heading', cutText(title, width)),
    ...shownFields.map(([name, value]) => fieldLine(name, value, width)),
    '',
    ...runsOf(events).flatMap((run) => runLines(run, screen)),
    '',
  ].join('\n');
}

/** Numbers of events: the list of events says the same. */
function isCounter(name: string): boolean {
  return name === 'first_event' || name === 'last_event';
}

function fieldLine(name: string, value: unknown, width: number): string {
  const elided = /^(\w+)_elided$/.exec(name);
  if (elided !== null) {
    const { bytes } = value as { readonly bytes: number };
    return `  ${cutText(`${elided[1]}: ${bytes} bytes, left out of the message because of their size; the events have them`, width - 2)}`;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `  ${name.padEnd(NAME_WIDTH)}${cutText(text, width - 2 - NAME_WIDTH)}`.trimEnd();
}

/** Events of one type and with the same effect, one behind the other among those of the part. */
interface Run {
  readonly first: PartEvent;
  count: number;
  last: PartEvent;
}

function runsOf(events: readonly PartEvent[]): readonly Run[] {
  const runs: Run[] = [];
  for (const each of events) {
    const run = runs.at(-1);
    if (run !== undefined && isDelta(each.event) && isAlike(run.first, each)) {
      run.count++;
      run.last = each;
    } else runs.push({ first: each, count: 1, last: each });
  }
  return runs;
}

function isDelta({ type }: Event): boolean {
  return type.endsWith('-delta');
}

function isAlike(a: PartEvent, b: PartEvent): boolean {
  return a.event.type === b.event.type && a.sets.join() === b.sets.join();
}

function runLines({ first, count, last }: Run, screen: Screen): readonly string[] {
  const type = count === 1 ? first.event.type : `× ${count} ${first.event.type}`;
  const rest = screen.width - PLACE_WIDTH - TYPE_WIDTH - 2;
  const sets = first.sets.length === 0 ? 'nothing new' : first.sets.join(', ');
  const [row = '', ...more] = wrapText(sets, rest, FIELD_LINES_MAX);
  const indent = ' '.repeat(PLACE_WIDTH + TYPE_WIDTH + 2);
  return [
    `${placeOf(first, '', screen)}${type.padEnd(TYPE_WIDTH)}  ${row}`,
    ...more.map((each) => `${indent}${each}`),
    ...(count === 1 ? [] : [placeOf(last, 'to ', screen).trimEnd()]),
  ];
}

/** Position and time of an event. */
function placeOf({ position, event }: PartEvent, word: string, { paint }: Screen): string {
  const time = shownTime(event.at);
  return paint('faint', `${`${word}${position}`.padStart(POSITION_WIDTH)}  ${time}  `);
}
