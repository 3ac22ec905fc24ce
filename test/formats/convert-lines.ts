import { expect } from '@jest/globals';
import { createEventCodec } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { convertRecording, type FormatName } from '@stepfold/formats';
import * as fc from 'fast-check';
import { foldAll } from '../support/fold-all.js';
import { mutated } from '../support/hostile-parts.js';
import { seededNumbers } from './raw-recordings.js';

/** Line n of a recording happens at `START` + n · `TICK`. */
export const START = 1_767_225_600_000_000;
export const TICK = 1_000;

const codec = createEventCodec();

export function convertLines(format: FormatName, lines: readonly string[]) {
  const recording = convertRecording({
    format,
    lines,
    chatId: 'chat',
    runId: 'run',
    startMicros: START,
    tickMicros: TICK,
  });
  if (!recording.ok) throw new Error(recording.problem);
  return recording;
}

/** The messages of a recording. Every event goes through its bytes, and the fold must accept it. */
export function messagesOfLines(format: FormatName, lines: readonly string[]): Message[] {
  const decoded = convertLines(format, lines).events.map(({ event }) => {
    const read = codec.decode(codec.encode(event));
    if (!read.ok) throw new Error(`${event.type}: ${read.detail}`);
    return read.event;
  });
  const { outcomes, messages } = foldAll(decoded);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  return messages;
}

interface Recorded {
  readonly lines: readonly string[];
}

/** Every event stands in order of its line, with a time not later than that of its line. */
export function expectEventsInOrder(format: FormatName, recordings: readonly Recorded[]): void {
  for (const { lines } of recordings) {
    let former = 0;
    for (const { lineIndex, event } of convertLines(format, lines).events) {
      expect(lineIndex).toBeGreaterThanOrEqual(former);
      expect(event.at).toBeLessThanOrEqual(START + lineIndex * TICK);
      former = lineIndex;
    }
  }
}

/** However lines are dropped, doubled and moved, the fold accepts every event, and no step stays open. */
export function expectStepsToEnd(format: FormatName, recordings: readonly Recorded[]): void {
  const damaged = fc.constantFrom(...recordings).chain(({ lines }) => mutated(lines));
  fc.assert(
    fc.property(damaged, (lines) => {
      if (lines.length === 0) return;
      expect(messagesOfLines(format, lines).map(({ status }) => status)).not.toContain('open');
    }),
    { numRuns: 100 },
  );
}

/** Lines of which a share is dropped, a share doubled and a share moved; of share 1 none is dropped. */
export function mutatedLines(lines: readonly string[], share: number, seed: number): string[] {
  const random = seededNumbers(seed);
  const mutated = lines
    .filter(() => share === 1 || random() >= share)
    .flatMap((line) => (random() < share ? [line, line] : [line]));
  for (const index of mutated.keys()) {
    if (random() >= share) continue;
    const other = Math.floor(random() * mutated.length);
    [mutated[index], mutated[other]] = [mutated[other]!, mutated[index]!];
  }
  return mutated;
}
