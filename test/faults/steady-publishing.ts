import type { Position } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { createPublisher } from '@stepfold/publisher';
import { sleep } from '@stepfold/runtime';
import { recordedEvents } from '../support/recorded-events.js';
import { until, type FaultData } from './fault-data.js';

/** Chats that a real publisher publishes side by side for as long as a fault lasts, and what came of it. */
export interface SteadyPublishing {
  /** The events of each chat in the order in which they were published, none left out. */
  readonly chats: ReadonlyMap<string, readonly Event[]>;
  /** What the log has acknowledged so far. */
  readonly acknowledged: readonly Acknowledged[];
  /** Resolves when so many more events have been acknowledged. */
  more(count: number): Promise<void>;
  /** Ends the chats that have begun, and resolves when everything is acknowledged. */
  end(): Promise<void>;
}

export interface Acknowledged {
  readonly event: Event;
  readonly position: Position;
}

/** Chats that are under way at the same time. */
const CHATS_AT_ONCE = 12;
const CHAT_EVENTS_MAX = 300;
/** Between two bursts: about 300 events a second. */
const PAUSE_MS = 10;

/** `label` stands before the ids of its chats, so that those of two publishers differ. */
export function publishSteadily(data: FaultData, label = ''): SteadyPublishing {
  const { runtime, log } = data;
  const failures: unknown[] = [];
  const publisher = createPublisher({
    log,
    runtime,
    name: 'faults',
    // A fault may last longer than an application would wait at its end.
    closeTimeoutMs: 60_000,
    onError: (error) => failures.push(error),
  });
  const recorded = [...recordedEvents()].filter(([, events]) => events.length <= CHAT_EVENTS_MAX);
  const chats = new Map<string, Event[]>();
  const acknowledged: Acknowledged[] = [];
  const underWay: { readonly chatId: string; readonly events: readonly Event[]; next: number }[] = [];
  let begun = 0;
  let isEnding = false;

  function beginChat(): void {
    const [name, events] = recorded[begun % recorded.length]!;
    const chatId = `${label}${begun}-${name}`;
    begun++;
    chats.set(chatId, []);
    underWay.push({ chatId, events, next: 0 });
  }

  async function publishNext(): Promise<void> {
    const chat = underWay[Math.floor(runtime.random() * underWay.length)]!;
    const event = { ...chat.events[chat.next]!, chat_id: chat.chatId } as Event;
    chat.next++;
    if (chat.next === chat.events.length) underWay.splice(underWay.indexOf(chat), 1);
    chats.get(chat.chatId)!.push(event);
    const publication = publisher.publish(event);
    publication.acknowledged.then(
      (position) => acknowledged.push({ event, position }),
      (error: unknown) => failures.push(error),
    );
    // Awaited for the back-pressure: the queue is bounded.
    await publication;
  }

  const publishing = (async () => {
    while (!isEnding) {
      while (underWay.length < CHATS_AT_ONCE) beginChat();
      for (let i = 0; i < 3; i++) await publishNext();
      await sleep(runtime, PAUSE_MS);
    }
    while (underWay.length > 0) await publishNext();
    await publisher.flush();
    await publisher.close();
  })();
  // Whoever ends it hears of it.
  publishing.catch(() => undefined);

  return {
    chats,
    acknowledged,
    async more(count) {
      const wanted = acknowledged.length + count;
      await until(runtime, `${count} more events are acknowledged`, () => acknowledged.length >= wanted);
    },
    async end() {
      isEnding = true;
      await publishing;
      if (failures.length > 0) throw new AggregateError(failures, `${failures.length} events were refused`);
    },
  };
}
