import { expect } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import type { Message, Part } from '@stepfold/fold';
import type { Format } from '@stepfold/formats';
import { foldAll } from './fold-all.js';

/** The time of the first part of a converted stream; each later one happens a microsecond after the one before. */
export const START = 1_767_225_600_000_000;

const codec = createEventCodec();

export interface ConvertedParts {
  readonly events: Event[];
  /** Parts that were passed over, by name. */
  readonly unknown: Record<string, number>;
}

/** Converts parts, holds every event against the codec, and ends the stream with the last part. */
export function convertParts(format: Format, parts: readonly unknown[]): ConvertedParts {
  const converter = format.createConverter({ chatId: 'chat', runId: 'run' });
  const events = parts.flatMap((part, index) => converter.convert(part, START + index));
  events.push(...converter.end(START + Math.max(0, parts.length - 1)));
  expect(converter.end(START + parts.length)).toEqual([]);
  const decoded = events.map((event) => {
    const read = codec.decode(codec.encode(event));
    if (!read.ok) throw new Error(`${event.type}: ${read.detail}`);
    return read.event;
  });
  return { events: decoded, unknown: Object.fromEntries(converter.unknownParts) };
}

/** `[type, step, microseconds since the start, own fields]` of each event. A retry is `step+attempt`. */
export function brief(events: readonly Event[]): [string, string, number, Record<string, unknown>][] {
  return events.map(({ v: _v, chat_id: _chat, step_id, attempt, at, type, ...own }) => {
    return [type, attempt === undefined ? step_id : `${step_id}+${attempt}`, at - START, own];
  });
}

/** The messages of a stream. The fold must accept every event of it. */
export function messagesOfParts(format: Format, parts: readonly unknown[]): Message[] {
  const { outcomes, messages } = foldAll(convertParts(format, parts).events);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  return messages;
}

export function partsOfType<T extends Part['type']>(message: Message | undefined, type: T) {
  return (message?.parts ?? []).filter((part): part is Extract<Part, { type: T }> => part.type === type);
}
