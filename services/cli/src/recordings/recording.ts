import type { Readable } from 'node:stream';
import type { FormatName, RecordedEvent, RecordingSummary } from '@stepfold/formats';
import { convertedEvents } from './converted-events.js';
import { openInputFile } from './input-file.js';
import type { RecordingPlan } from './recording-plan.js';
import { stepfoldEvents } from './stepfold-events.js';

export type PassedOver = Pick<RecordingSummary, 'unreadableLines' | 'unknownParts'>;

/** A recorded file as events. */
export interface Recording extends Disposable {
  readonly format: FormatName;
  /** The name of the file for a person. */
  readonly label: string;
  /**
   * The events from the first one on, the same each time. An event whose file is at fault makes this throw,
   * so to check a file is to go through its events once.
   * @throws UsageError naming file, line and field
   */
  events(): Iterable<RecordedEvent>;
  /** What of the file was passed over. Known when its events have been gone through. */
  passedOver(): PassedOver;
}

/** @throws UsageError if the file is not there, empty, or cannot be read */
export async function openRecording(plan: RecordingPlan, stdin: Readable): Promise<Recording> {
  const file = await openInputFile(plan.fileName, stdin);
  let passedOver: PassedOver = { unreadableLines: 0, unknownParts: new Map() };
  return {
    format: plan.format,
    label: file.label,
    events: () =>
      plan.format === 'stepfold'
        ? stepfoldEvents(file)
        : convertedEvents(file, plan, (summary) => (passedOver = summary)),
    passedOver: () => passedOver,
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
