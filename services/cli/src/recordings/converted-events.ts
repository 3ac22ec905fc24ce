import type { Event } from '@stepfold/events';
import {
  convertRecording,
  type ConvertedRead,
  type FormatName,
  type RecordedEvent,
  type RecordingSummary,
} from '@stepfold/formats';
import { elideEvent } from '@stepfold/publisher';
import { UsageError } from '@stepfold/runtime';
import type { InputFile } from './input-file.js';
import type { RecordingPlan } from './recording-plan.js';
import { sha256 } from './sha256.js';

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
    fitEvent: (event) => fitEvent(file, event),
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

/** Bytes that are no text are refused and not passed over: nobody could tell what was lost. */
function* textLines(file: InputFile): Generator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let lineNumber = 0;
  for (const line of file.lines()) {
    lineNumber++;
    let text: string;
    try {
      text = decoder.decode(line);
    } catch (cause) {
      const sentence = `${file.label}, line ${lineNumber}: the line is not valid UTF-8`;
      throw new UsageError('bad-input', sentence, { cause });
    }
    yield text;
  }
}

function fitEvent(file: InputFile, event: Event): Event {
  try {
    return elideEvent(event, { sha256 });
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new UsageError(cause.code, `${file.label}: ${cause.message}`, { cause });
  }
}
