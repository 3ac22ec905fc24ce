import type { Readable } from 'node:stream';
import { detectFormat, type FormatName, type RecordedEvent, type RecordingSummary } from '@stepfold/formats';
import { UsageError } from '@stepfold/runtime';
import { plainLine } from '../render/plain-text.js';
import { convertedEvents } from './converted-events.js';
import { doubtOf } from './doubt-of.js';
import { openInputFile, type InputFile } from './input-file.js';
import { inspectedReads, type InspectedRead } from './inspected-reads.js';
import type { RecordingPlan } from './recording-plan.js';
import { stepfoldEvents } from './stepfold-events.js';

export type PassedOver = Pick<RecordingSummary, 'unreadableLines' | 'unknownParts'>;

/** A recorded file as events. */
export interface Recording extends Disposable {
  /** Where its events belong, with the format that was asked for or told from the file. */
  readonly plan: RecordingPlan<FormatName>;
  /** The name of the file for a person. */
  readonly label: string;
  /** What the format was told by, if it was told from the file. */
  readonly toldBy?: string;
  /**
   * The events from the first one on, the same each time. An event whose file is at fault makes this throw,
   * so to check a file is to go through its events once.
   * @throws UsageError naming file, line and field
   */
  events(): Iterable<RecordedEvent>;
  /**
   * What was read of the file, piece by piece, and what came of each.
   * @throws UsageError as `events` does, and for a `stepfold` file: nothing comes of its events but themselves
   */
  reads(): readonly InspectedRead[];
  /** What of the file was passed over. Known when its events have been gone through. */
  passedOver(): PassedOver;
  /**
   * In a sentence, why the format that was asked for may not be that of the file. Known when its events have been gone
   * through.
   */
  doubt(): string | undefined;
}

/** @throws UsageError if the file is not there, empty, or cannot be read, or if its format cannot be told */
export async function openRecording(asked: RecordingPlan, stdin: Readable): Promise<Recording> {
  const file = await openInputFile(asked.fileName, stdin);
  try {
    return recordingOf(file, asked);
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

function recordingOf(file: InputFile, asked: RecordingPlan): Recording {
  const told = asked.format === 'auto' ? toldFormat(file) : undefined;
  const plan = { ...asked, format: told?.format ?? (asked.format as FormatName) };
  let summary: RecordingSummary = { parts: 0, unreadableLines: 0, unknownParts: new Map() };
  let hasEvents = false;
  return {
    plan,
    label: file.label,
    ...(told === undefined ? {} : { toldBy: told.why }),
    *events() {
      const events =
        plan.format === 'stepfold'
          ? stepfoldEvents(file)
          : convertedEvents(file, plan, (found) => (summary = found));
      for (const event of events) {
        hasEvents = true;
        yield event;
      }
    },
    reads: () => inspectedReads(file, plan),
    passedOver: () => summary,
    doubt: () => (told === undefined ? doubtOf(file, plan.format, summary, hasEvents) : undefined),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/** @throws UsageError with what was seen instead */
function toldFormat(file: InputFile): { readonly format: FormatName; readonly why: string } {
  const detection = detectFormat(file.lines());
  if (detection.ok) return detection;
  const { problem, isUnsupported = false } = detection;
  const separator = /^(is|may be|holds) /.test(problem) ? ' ' : ': ';
  const advice = isUnsupported || problem === 'is empty' ? '' : '; name its format with --format';
  throw new UsageError('bad-input', `${file.label}${separator}${plainLine(problem)}${advice}`);
}
