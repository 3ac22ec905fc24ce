import { convertRecording, splitLines } from '@stepfold/formats';
import type { Event } from '@stepfold/events';
import { readVectors } from './vectors.js';
import { recordedStreams } from './recorded-streams.js';

const START_MICROS = 1_767_225_600_000_000;

/**
 * Events of many chats, by chat: of the recorded streams where they are at hand, else of the vectors, each
 * in a chat of its own.
 */
export function recordedEvents(): ReadonlyMap<string, readonly Event[]> {
  const streams = recordedStreams(['ai-sdk-v6', 'ai-sdk-v7'], '.full.jsonl');
  if (streams.length === 0) {
    process.stderr.write('the recorded streams are not at hand: vectors stand in for them\n');
    const whole = readVectors().filter(({ outcomes }) => outcomes.every((outcome) => outcome === 'accepted'));
    return new Map(
      whole.map(({ name, events }) => [name, events.map((event) => withoutProducer(event, name))]),
    );
  }
  return new Map(
    streams.map(({ name, text }) => {
      const converted = convertRecording({
        format: 'ai-sdk',
        lines: splitLines(new TextEncoder().encode(text)),
        chatId: name,
        runId: name,
        startMicros: START_MICROS,
        tickMicros: 1_000,
      });
      if (!converted.ok) throw new Error(`${name}: ${converted.problem}`);
      return [name, converted.events.map(({ event }) => event)];
    }),
  );
}

function withoutProducer({ producer: _producer, seq: _seq, ...event }: Event, chatId: string): Event {
  return { ...event, chat_id: chatId } as Event;
}
