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
  /** Hears of everything that was read of a converted format, in order, and at last of the end of the stream. */
  readonly onRead?: (read: ConvertedRead) => void;
}

/** What was read at a line, and what came of it there. */
export interface ConvertedRead {
  /** The line (from 0), of a part that has several lines the last. */
  readonly lineIndex: number;
  /** Of an unreadable one the text of the line; undefined if that is no text, and at the end of the stream. */
  readonly source: Readonly<Record<string, unknown>> | string | undefined;
  readonly kind: 'part' | 'unreadable' | 'end';
  /** The parts that were found to mean nothing here, by name: this one, or one that had waited. */
  readonly passedOver: readonly string[];
  /** The events that were known here. Each has the time of the part that it tells of, which may be an earlier one. */
  readonly events: readonly Event[];
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
  const { lines, startMicros, tickMicros, fitEvent = (event: Event) => event, onRead } = options;
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

  function add(
    read: Pick<ConvertedRead, 'lineIndex' | 'source' | 'kind'>,
    convert: () => readonly Event[],
  ): void {
    const counted = onRead === undefined ? undefined : new Map(converter.unknownParts);
    const fitting = convert().map(fitEvent);
    for (const event of fitting) events.push({ lineIndex: read.lineIndex, event });
    if (counted === undefined) return;
    const passedOver = [...converter.unknownParts].flatMap(([name, count]) =>
      count === counted.get(name) ? [] : [name],
    );
    onRead?.({ ...read, passedOver, events: fitting });
  }

  function take(read: ReadLine, lineIndex: number, at: number, text: string | undefined): void {
    const isUnreadable = read.kind === 'unreadable' || (read.kind === 'part' && read.hasUnreadable === true);
    if (isUnreadable) unreadable++;
    if (read.kind === 'unreadable') add({ lineIndex, source: text, kind: 'unreadable' }, () => []);
    if (read.kind !== 'part') return;
    parts++;
    add({ lineIndex, source: read.part, kind: 'part' }, () => converter.convert(read.part, at));
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
    if (text === undefined) take({ kind: 'unreadable' }, lineIndex, at, text);
    else if (arrayReader === undefined) take(reader.read(text), lineIndex, at, text);
    else for (const read of arrayReader.read(text)) take(read, lineIndex, at, text);
  }
  if (last === undefined) return EMPTY;
  const { lineIndex: lastLineIndex, at: lastAt } = last;
  take((arrayReader ?? reader).end(), lastLineIndex, lastAt, undefined);
  if (parts === 0) return { ok: false, problem: 'no line holds a JSON object' };
  add({ lineIndex: lastLineIndex, source: undefined, kind: 'end' }, () => converter.end(lastAt));
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
