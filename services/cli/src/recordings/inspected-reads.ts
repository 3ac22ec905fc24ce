import type { Event } from '@stepfold/events';
import type { ConvertedRead, FormatName } from '@stepfold/formats';
import { UsageError } from '@stepfold/runtime';
import { convertedEvents } from './converted-events.js';
import type { InputFile } from './input-file.js';
import type { RecordingPlan } from './recording-plan.js';

/** What was read at a line, with the lines that its events tell of. */
export interface InspectedRead extends Omit<ConvertedRead, 'events'> {
  readonly events: readonly {
    readonly event: Event;
    /** The line (from 0) whose time the event has. */
    readonly lineIndex: number;
  }[];
}

/**
 * Goes through a file with one microsecond from line to line, because then the stamp of an event says which line it tells
 * of, whatever the tick of the plan is; the events that are answered have their own stamps.
 * @throws UsageError if the file cannot be used, or holds events
 */
export function inspectedReads(file: InputFile, plan: RecordingPlan<FormatName>): readonly InspectedRead[] {
  if (plan.format === 'stepfold') {
    throw new UsageError(
      'bad-usage',
      `--inspect cannot be used with ${file.label}: it holds events, and nothing comes of them but themselves`,
    );
  }
  const { startMicros, tickMicros } = plan;
  const reads: InspectedRead[] = [];
  const counting = { ...plan, tickMicros: 1 };
  const converted = convertedEvents(
    file,
    counting,
    () => undefined,
    ({ events, ...read }) => {
      const inspected = events.map((event) => {
        const lineIndex = event.at - startMicros;
        return { event: { ...event, at: startMicros + lineIndex * tickMicros } as Event, lineIndex };
      });
      reads.push({ ...read, events: inspected });
    },
  );
  // Its events are those of the reads.
  for (const _ of converted) continue;
  return reads;
}
