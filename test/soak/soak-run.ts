import { createHash } from 'node:crypto';
import { verify } from '@stepfold/audit';
import type { Event } from '@stepfold/events';
import { createPublisher } from '@stepfold/publisher';
import { sleep } from '@stepfold/runtime';
import { makeWorkload } from '../bench/workload.js';
import { foldAll } from '../support/fold-all.js';
import { startService, type ServiceProcess } from '../support/service-process.js';
import { asStored, type TestData } from '../support/test-data.js';
import { trendOf, trendText, watchMemory } from './memory.js';

export interface SoakReport {
  /** What was measured, each in a line. */
  readonly lines: readonly string[];
  /** What was not as it has to be, each in a line. */
  readonly problems: readonly string[];
}

export interface SoakOptions {
  readonly seed: number;
  /** Asked between two rounds. */
  readonly isOver: (kills: number) => boolean;
  readonly progress: (line: string) => void;
}

const serviceNames = ['projector', 'writer'] as const;
type ServiceName = (typeof serviceNames)[number];

const ROUND_EVENTS = 3_000;
/** So long at most does a victim live after it was given work. */
const LIFE_MS_MAX = 1_500;

/**
 * Publishes round after round while one projector and one writer are killed again and again beside two that are not.
 * After each round its messages are compared with a fold of its events; at the end all of them with the log.
 */
export async function soak(data: TestData, { seed, isOver, progress }: SoakOptions): Promise<SoakReport> {
  const { runtime, log, store } = data;
  const problems: string[] = [];
  const totals = { kills: 0, events: 0, messages: 0 };
  const victims = new Set<ServiceProcess>();
  let isEnding = false;
  const start = (name: ServiceName): ServiceProcess => startService([name, ...data.serviceArguments]);

  async function killAgain(name: ServiceName): Promise<void> {
    while (!isEnding) {
      const victim = start(name);
      victims.add(victim);
      // Half of them die as they begin, whether or not they have been given anything.
      const begun =
        runtime.random() < 0.5 ? sleep(runtime, runtime.random() * 600) : victim.saying('partition assigned');
      await Promise.race([begun, untilEnding()]);
      await Promise.race([sleep(runtime, runtime.random() * LIFE_MS_MAX), untilEnding()]);
      const ended = await victim.end('SIGKILL');
      victims.delete(victim);
      if (ended === 'SIGKILL') totals.kills++;
      else problems.push(`a ${name} ended by itself with ${ended}: ${victim.log().slice(-500)}`);
    }
  }

  let endNow = (): void => undefined;
  const ending = new Promise<void>((resolve) => {
    endNow = resolve;
  });
  const untilEnding = (): Promise<void> => ending;

  const steady = serviceNames.map((name) => ({ name, service: start(name) }));
  const watches = steady.map(({ name, service }) => watchMemory(runtime, name, service.child.pid as number));
  const killing = Promise.all(serviceNames.map(killAgain));
  killing.catch(() => undefined);
  try {
    await using publisher = createPublisher({ log, runtime, name: 'soak' });
    const long = publisher.openStep({ chatId: 'long', stepId: 'long' });
    for (let round = 0; !isOver(totals.kills); round++) {
      const events = makeWorkload({ seed: seed + round, events: ROUND_EVENTS, chatPrefix: `r${round}-` });
      for (const event of events) await publisher.publish(event);
      await long.textDelta('t', `round ${round} `);
      await publisher.flush();
      await data.untilStored();
      totals.events += events.length;
      totals.messages += await compare(events);
      progress(`round ${round}: ${totals.kills} kills, ${totals.events} events, ${totals.messages} messages`);
    }
    await long.end();
    await publisher.flush();
    await data.untilStored();
    const verified = await verify({ log, store, createSha256: () => createHash('sha256') });
    if (!verified.ok)
      problems.push(`verify finds differences: ${JSON.stringify(verified.differences.slice(0, 3))}`);
    const letters = (await store.deadLetters()).items;
    if (letters.length > 0) problems.push(`dead letters: ${JSON.stringify(letters[0]?.reason)} and so on`);
  } finally {
    isEnding = true;
    endNow();
    await killing;
    for (const watch of watches) await watch.end();
    for (const { name, service } of steady) {
      const ended = await service.end('SIGTERM');
      if (ended !== 0) problems.push(`the steady ${name} ended with ${ended}: ${service.log().slice(-500)}`);
    }
  }
  for (const watch of watches) {
    if (trendOf(watch.samples)?.isFlat === false) problems.push(`not flat: ${trendText(watch)}`);
  }
  const { kills, events, messages } = totals;
  return {
    problems,
    lines: [
      `${kills} kills, ${events} events, ${messages} messages as the fold gives them`,
      ...watches.map(trendText),
    ],
  };

  /** Answers how many messages were compared. */
  async function compare(events: readonly Event[]): Promise<number> {
    const chats = new Map<string, Event[]>();
    for (const event of events) chats.set(event.chat_id, [...(chats.get(event.chat_id) ?? []), event]);
    let count = 0;
    for (const [chatId, own] of chats) {
      const expected = foldAll(own).messages.map(asStored);
      count += expected.length;
      const stored = await data.messagesOf(chatId);
      if (JSON.stringify(stored) !== JSON.stringify(expected))
        problems.push(`${chatId} is not what a fold of its events gives`);
    }
    return count;
  }
}
