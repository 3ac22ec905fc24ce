import { createEventCodec, EVENT_BYTES_MAX } from '@stepfold/events';
import type { RecordedEvent } from '@stepfold/formats';
import { UsageError } from '@stepfold/runtime';
import type { InputFile } from './input-file.js';

/** A number such as `9e20` grows when it is written again, at most by this factor. */
const GROWTH_MAX = 6;

const codec = createEventCodec();

/**
 * The events of a `stepfold` file, as they are, one at a time: such a file may be a whole log. Blank lines are
 * passed over.
 * @throws UsageError for the first line that is no event
 */
export function* stepfoldEvents(file: InputFile): Generator<RecordedEvent, void, undefined> {
  let lineIndex = -1;
  let isEmpty = true;
  for (const line of file.lines(EVENT_BYTES_MAX)) {
    lineIndex++;
    if (isBlank(line)) continue;
    isEmpty = false;
    const decoded = codec.decode(line);
    if (!decoded.ok) throw refusal(file, lineIndex, decoded.detail);
    if (line.byteLength * GROWTH_MAX > EVENT_BYTES_MAX) {
      const { byteLength } = codec.encode(decoded.event);
      if (byteLength > EVENT_BYTES_MAX) {
        throw refusal(
          file,
          lineIndex,
          `the event has ${byteLength} bytes; at most ${EVENT_BYTES_MAX} are taken`,
        );
      }
    }
    yield { lineIndex, event: decoded.event };
  }
  if (isEmpty) throw new UsageError('bad-input', `${file.label} holds no event`);
}

function refusal(file: InputFile, lineIndex: number, problem: string): UsageError {
  return new UsageError('bad-input', `${file.label}, line ${lineIndex + 1}: ${problem}`);
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
