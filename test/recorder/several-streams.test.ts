import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { createPartReader, formats, type Converter, type Format } from '@stepfold/formats';
import { readAllRecordings } from '../formats/all-recordings.js';

const START = 1_767_225_600_000_000;
const recordings = readAllRecordings();

function partsOf(lines: readonly string[]): unknown[] {
  const reader = createPartReader({ isSentOverHttp: true });
  return [...lines.map((line) => reader.read(line)), reader.end()].flatMap((read) =>
    read.kind === 'part' ? [read.part] : [],
  );
}

function convert(converter: Converter, parts: readonly unknown[], at = START): Event[] {
  const events = parts.flatMap((part, index) => converter.convert(part, at + index));
  return [...events, ...converter.end(at + parts.length)];
}

/** Ids that a converter gives to calls which have none are counted over the whole run. */
function withCallsCountedAnew(events: readonly Event[]): unknown {
  const ids = new Map<string, string>();
  const text = JSON.stringify(events).replaceAll(/\bcall[#_]\d+\b/g, (id) => {
    if (!ids.has(id)) ids.set(id, `call ${ids.size}`);
    return ids.get(id)!;
  });
  return JSON.parse(text);
}

function nextIndexOf(events: readonly Event[]): number {
  return events.reduce(
    (next, event) => (event.type === 'step-start' ? Math.max(next, (event.step_index ?? 0) + 1) : next),
    0,
  );
}

/** A run uses one converter for all its streams of a format. */
describe.each(Object.entries(formats))('a converter of %s', (name, format: Format) => {
  const streams = recordings.filter((recording) => recording.format === name);

  it('takes the next stream as a new one would, wherever the one before it was cut', () => {
    for (const [index, { name: file, lines }] of streams.entries()) {
      const parts = partsOf(lines);
      const before = partsOf(streams[(index + 1) % streams.length]!.lines);
      // Another place for each recording, so that together they are cut everywhere.
      const early = 1 + (index % 20);
      for (const length of [early, before.length >> 1, before.length - 1]) {
        const cut = before.slice(0, length);
        const used = format.createConverter({ chatId: 'chat', runId: 'run' });
        const firstStepIndex = nextIndexOf(convert(used, cut));
        const fresh = format.createConverter({ chatId: 'chat', runId: 'run', firstStepIndex });
        const expected = withCallsCountedAnew(convert(fresh, parts));
        const message = `${file} behind ${cut.length} parts`;
        expect({ message, events: withCallsCountedAnew(convert(used, parts)) }).toEqual({
          message,
          events: expected,
        });
      }
    }
  });
});
