import {
  convertRecording,
  type ConvertedRead,
  type FormatName,
  type RecordedEvent,
  type RecordingSummary,
} from '@stepfold/formats';
import { UsageError } from '@stepfold/runtime';
import { fitEvent } from './fit-event.js';
import type { InputFile } from './input-file.js';
import type { RecordingPlan } from './recording-plan.js';
import { textLines } from './text-lines.js';

/**
 * The events that a recorded provider stream becomes. What is too large for an event is elided here, before
 * anything is folded or published, so that both see the same.
 * @throws UsageError if the file holds nothing readable, or bytes that are not UTF-8
 */
export function* convertedEvents(
  file: InputFile,
  plan: RecordingPlan<FormatName>,
  onSummary: (summary: RecordingSummary) => void,
  onRead?: (read: ConvertedRead) => void,
): Generator<RecordedEvent, void, undefined> {
  const converted = convertRecording({
    format: plan.format,
    lines: textLines(file),
    chatId: plan.chatId,
    runId: plan.runId,
    startMicros: plan.startMicros,
    tickMicros: plan.tickMicros,
    fitEvent: (event) => fitEvent(file.label, event),
    ...(onRead === undefined ? {} : { onRead }),
  });
  if (!converted.ok) {
    const { problem } = converted;
    const separator = problem.startsWith('line ') ? ', ' : problem.startsWith('is ') ? ' ' : ': ';
    throw new UsageError('bad-input', `${file.label}${separator}${problem}`);
  }
  onSummary(converted.summary);
  yield* converted.events;
}
