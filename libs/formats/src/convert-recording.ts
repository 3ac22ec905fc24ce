import { isStamp, type Event } from '@stepfold/events';
import { beginsArray, createArrayReader, type ArrayReader } from './array-reader.js';
import type { ConverterContext, Format } from './format.js';
import { formats, type FormatName } from './formats.js';
import { createPartReader, type ReadLine } from './part-reader.js';
import { readEvent } from './read-event.js';
import { textOfLine, type RecordingLine } from './recording-lines.js';

export interface ConvertRecordingOptions extends ConverterContext {
  readonly format: FormatName;
  /** The physical lines of the file, blank ones too: each counts for the time of those after it. */
  readonly lines: Iterable<RecordingLine>;
  /** When line 0 happened, in microseconds since the epoch. Line n happened n · `tickMicros` later. */
  readonly startMicros: number;
  /** Microseconds from line to line: a whole number, 0 or more. */
  readonly tickMicros: number;
  /**
   * Makes an event that is larger than the log takes fit, by eliding values. Called for each event of a
   * converted format, never for those of a `stepfold` file. Without it events stay as they are.
   */
  readonly fitEvent?: (event: Event) => Event;
}

export interface RecordedEvent {
  /** The line (from 0) at which the event was known. It may tell of an earlier line, whose time it then has. */
  readonly lineIndex: number;
  readonly event: Event;
}

export interface RecordingSummary {
  /** Parts of the stream (events, of a `stepfold` file) that were read. */
  readonly parts: number;
  /** Lines of a converted format that are no JSON object in UTF-8, and were passed over. */
  readonly unreadableLines: number;
  /** Parts that were passed over, by name, and how often. */
  readonly unknownParts: ReadonlyMap<string, number>;
}

export type ConvertedRecording =
  | { readonly ok: true; readonly events: readonly RecordedEvent[]; readonly summary: RecordingSummary }
  /** The file cannot be used. One sentence without the file's name, and the line (from 0) if it is one line's. */
  | { readonly ok: false; readonly problem: string; readonly lineIndex?: number };

/**
 * The events of a recorded file. Blank lines are passed over in every format.
 *
 * A `stepfold` file is strict: its events are taken as they are (ids and times of the options mean nothing
 * then), and any line that is no event makes the file unusable. In the converted formats what cannot be read is
 * passed over and counted, and only a file without one readable line is unusable. It may also be one JSON array of parts
 * (`array-reader.ts`). A file whose lines open no
 * step has no events.
 *
 * Holds all events in memory: a file is checked as a whole before anything is made of it.
 */
export function convertRecording(options: ConvertRecordingOptions): ConvertedRecording {
  return options.format === 'stepfold' ? readRecording(options.lines) : convertParts(options, options.format);
}

function readRecording(lines: Iterable<RecordingLine>): ConvertedRecording {
  const events: RecordedEvent[] = [];
  let lineIndex = -1;
  for (const line of lines) {
    lineIndex++;
    const text = textOfLine(line, lineIndex);
    if (text === undefined) return lineProblem(lineIndex, 'the line is not valid UTF-8');
    if (text.trim() === '') continue;
    const read = readEvent(text);
    if (!read.ok) return lineProblem(lineIndex, read.problem);
    events.push({ lineIndex, event: read.event });
  }
  if (events.length === 0) return EMPTY;
  return { ok: true, events, summary: { parts: events.length, unreadableLines: 0, unknownParts: new Map() } };
}

function convertParts(
  options: ConvertRecordingOptions,
  format: Exclude<FormatName, 'stepfold'>,
): ConvertedRecording {
  const { lines, startMicros, tickMicros, fitEvent = (event: Event) => event } = options;
  const { createConverter, isSentOverHttp = false }: Format = formats[format];
  const converter = createConverter(options);
  const reader = createPartReader({ isSentOverHttp });
  /** Instead of it, if the first line that is not blank begins an array. */
  let arrayReader: ArrayReader | undefined;
  const events: RecordedEvent[] = [];
  let lineIndex = -1;
  let parts = 0;
  let unreadable = 0;
  /** The last line that is not blank: the stream ended there. */
  let last: { readonly lineIndex: number; readonly at: number } | undefined;

  function add(lineIndex: number, converted: readonly Event[]): void {
    for (const event of converted) events.push({ lineIndex, event: fitEvent(event) });
  }

  function take(read: ReadLine, lineIndex: number, at: number): void {
    if (read.kind === 'unreadable' || (read.kind === 'part' && read.hasUnreadable === true)) unreadable++;
    if (read.kind !== 'part') return;
    parts++;
    add(lineIndex, converter.convert(read.part, at));
  }

  for (const line of lines) {
    lineIndex++;
    const at: unknown = startMicros + lineIndex * tickMicros;
    if (!isStamp(at)) {
      const problem = `would happen at ${String(at)} µs, which is no time that an event can have`;
      return lineProblem(lineIndex, problem);
    }
    const text = textOfLine(line, lineIndex);
    const isBlank = text?.trim() === '';
    if (text !== undefined && !isBlank && last === undefined && beginsArray(text)) {
      arrayReader = createArrayReader();
    }
    if (!isBlank) last = { lineIndex, at };
    if (text === undefined) take({ kind: 'unreadable' }, lineIndex, at);
    else if (arrayReader === undefined) take(reader.read(text), lineIndex, at);
    else for (const read of arrayReader.read(text)) take(read, lineIndex, at);
  }
  if (last === undefined) return EMPTY;
  take((arrayReader ?? reader).end(), last.lineIndex, last.at);
  if (parts === 0) return { ok: false, problem: 'no line holds a JSON object' };
  add(last.lineIndex, converter.end(last.at));
  return {
    ok: true,
    events,
    summary: { parts, unreadableLines: unreadable, unknownParts: converter.unknownParts },
  };
}

const EMPTY: ConvertedRecording = { ok: false, problem: 'is empty' };

function lineProblem(lineIndex: number, problem: string): ConvertedRecording {
  return { ok: false, problem: `line ${lineIndex + 1}: ${problem}`, lineIndex };
}
