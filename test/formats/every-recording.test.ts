import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import type { Message, Part } from '@stepfold/fold';
import { formats, type FormatName } from '@stepfold/formats';
import { foldAll } from '../support/fold-all.js';
import { readAllRecordings, type KnownRecording } from './all-recordings.js';
import { convertLines, START, TICK } from './convert-lines.js';
import { plainReading } from './plain-reading.js';
import { seededNumbers } from './raw-recordings.js';

/**
 * What holds for every recording of every format, wherever it is cut and however its lines are damaged. What each says in
 * full (arguments, results, sources, usage) the tests of each format hold against its messages, cut and whole.
 *
 * A file of more than `CUTS` lines is cut after that many of them, evenly; STEPFOLD_TEST_ALL_CUTS=1 cuts each after
 * every line, which takes minutes.
 */
const CUTS = process.env['STEPFOLD_TEST_ALL_CUTS'] === '1' ? Number.MAX_SAFE_INTEGER : 24;
const ENDED = ['complete', 'interrupted', 'failed'];

const codec = createEventCodec();
const recordings = readAllRecordings();
const named = recordings.map((recording) => [recording.name, recording] as const);

function throughBytes(event: Event): Event {
  const read = codec.decode(codec.encode(event));
  if (!read.ok) throw new Error(`${event.type}: ${read.detail}`);
  return read.event;
}

/** The message of every attempt, by step and attempt; the fold must accept every event. */
function attemptsOf(events: readonly Event[]): Map<string, Message> {
  const groups = new Map<string, Event[]>();
  for (const event of events) {
    const key = `${event.step_id} ${event.attempt ?? 0}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [event]);
    else group.push(event);
  }
  const attempts = new Map<string, Message>();
  for (const [key, group] of groups) {
    const { outcomes, messages } = foldAll(group);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome !== 'accepted') throw new Error(`${group[index]?.type}: ${outcome}`);
    }
    attempts.set(key, messages[0]!);
  }
  return attempts;
}

const said = (attempts: ReadonlyMap<string, Message>, type: 'text' | 'reasoning') =>
  [...attempts.values()]
    .flatMap(({ parts }) => parts)
    .map((part) => (part.type === type ? part.text : ''))
    .join('');

const isReal = (part: Part) => part.type !== 'tool-result' || part.synthetic !== true;

/** Throws unless every part is one that the whole message began with, in the same place, as far as it has come. */
function expectBeginning(cut: Message, whole: Message | undefined): void {
  const begun = cut.parts.filter(isReal);
  for (const [index, part] of begun.entries()) {
    const same = whole?.parts[index];
    if (same === undefined || nameOf(part) !== nameOf(same)) {
      throw new Error(`part ${index} is ${nameOf(part)}, and ${same && nameOf(same)} of the whole message`);
    }
    if ('text' in part && 'text' in same) {
      if (!same.text.startsWith(part.text)) throw new Error(`part ${index} says what the whole does not`);
      // An item of a response whose first part has not come begins its block itself, at the end; later than that none does.
      if (part.created_at > same.created_at) throw new Error(`part ${index} begins late`);
    }
  }
}

function nameOf(part: Part): string {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return `${part.type} ${part.id}`;
    case 'tool-call':
    case 'tool-result':
    case 'tool-approval':
      return `${part.type} ${part.tool_call_id}`;
    case 'source':
      return `${part.type} ${part.url ?? part.title} ${part.created_at}`;
    case 'data':
      return `${part.type} ${part.name}`;
    default:
      return part.type;
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

const converterOf = (format: FormatName) =>
  formats[format as keyof typeof formats].createConverter({ chatId: 'chat', runId: 'run' });

/** Cuts a recording after some of its lines and holds what comes of it against the whole. */
function cutEverywhere({ format, lines }: KnownRecording): void {
  const parts = lines.map(parsed);
  const at = (index: number) => START + index * TICK;
  const whole = attemptsOf(convertLines(format, lines).events.map(({ event }) => event));
  const stride = Math.max(1, Math.ceil(lines.length / CUTS));
  let text = '';
  let reasoning = '';
  for (let count = 1; count <= lines.length; count++) {
    const added = plainReading(format, parts[count - 1]);
    text += added.text ?? '';
    reasoning += added.reasoning ?? '';
    if (count % stride !== 0 && count !== lines.length) continue;
    const converter = converterOf(format);
    const events: Event[] = [];
    for (let index = 0; index < count; index++) {
      const part = parts[index];
      if (part !== undefined) events.push(...converter.convert(part, at(index)));
    }
    events.push(...converter.end(at(count - 1)).map(throughBytes));
    const attempts = attemptsOf(events);
    const keys = [...attempts.keys()];
    try {
      expect(said(attempts, 'text')).toBe(text);
      expect(said(attempts, 'reasoning')).toBe(reasoning);
      for (const [index, key] of keys.entries()) {
        const message = attempts.get(key)!;
        // An attempt that another one follows was given up and says no more.
        const isGivenUp = keys[index + 1]?.split(' ')[0] === key.split(' ')[0];
        if (!isGivenUp && !ENDED.includes(message.status)) throw new Error(`${key} is ${message.status}`);
        expectBeginning(message, whole.get(key));
      }
    } catch (cause) {
      throw new Error(`cut after line ${count}: ${(cause as Error).message}`, { cause });
    }
  }
}

type Damage = (lines: readonly string[], random: () => number) => string[];
const damages: Readonly<Record<string, Damage>> = {
  dropped: (lines, random) => lines.filter(() => random() >= 0.2),
  doubled: (lines, random) => lines.flatMap((line) => (random() < 0.2 ? [line, line] : [line])),
  shuffled(lines, random) {
    const shuffled = [...lines];
    for (let index = shuffled.length - 1; index > 0; index--) {
      const other = Math.floor(random() * (index + 1));
      [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
    }
    return shuffled;
  },
};

/** The events of damaged lines must be valid, accepted, and end every step that they began. */
function expectWellBehaved(format: FormatName, lines: readonly string[]): void {
  if (!lines.some((line) => parsed(line) !== undefined)) return;
  const { events } = convertLines(format, lines);
  const { outcomes, messages } = foldAll(events.map(({ event }) => throughBytes(event)));
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  for (const { status } of messages) expect(ENDED).toContain(status);
}

describe('every recording', () => {
  it('is there, or the lack of it was said', () => {
    expect(recordings.length > 400 || (recordings.length === 0 && !process.env['CI'])).toBe(true);
  });

  if (recordings.length === 0) return;

  it.each(named)(
    '%s is a beginning of itself wherever it is cut, and has all text',
    (_name, recording) => {
      cutEverywhere(recording);
    },
    60_000,
  );

  it.each(Object.keys(damages))(
    'ends every step with its lines %s',
    (name) => {
      for (const [seed, recording] of recordings.entries()) {
        try {
          expectWellBehaved(recording.format, damages[name]!(recording.lines, seededNumbers(seed)));
        } catch (cause) {
          throw new Error(`${recording.name}, seed ${seed}: ${(cause as Error).message}`, { cause });
        }
      }
    },
    60_000,
  );

  it.each(Object.keys(formats) as FormatName[])(
    'is no danger to who takes it for %s',
    (format) => {
      for (const { name, lines } of recordings) {
        try {
          expectWellBehaved(format, lines);
        } catch (cause) {
          throw new Error(`${name}: ${(cause as Error).message}`, { cause });
        }
      }
    },
    60_000,
  );
});
