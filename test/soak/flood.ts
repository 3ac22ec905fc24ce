import { createPublisher } from '@stepfold/publisher';
import { sleep } from '@stepfold/runtime';
import { appendEvents } from '../support/append-events.js';
import { makeWorkload } from '../bench/workload.js';
import { startService } from '../support/service-process.js';
import type { TestData } from '../support/test-data.js';
import { trendOf, trendText, watchMemory } from './memory.js';
import type { SoakReport } from './soak-run.js';

export interface FloodOptions {
  readonly seed: number;
  /** How many events, at least. */
  readonly events: number;
  readonly progress: (line: string) => void;
}

const ROUND_EVENTS = 50_000;
/** Events that may lie before the projector in a partition: the flood goes as fast as it, not faster. */
const BACKLOG_MAX = 20_000;
const PROBE_PAUSE_MS = 250;
/** One record of so many is no event. */
const POISON_EVERY = 10_000;
/** Within this a chat that has nothing to do with the flood is stored, at the backlog that the flood keeps. */
const DELAY_MAX_MS = 10_000;

/**
 * So many events through one projector and one writer, poison among them, while other chats publish one small step
 * after the other and see how long it takes until each can be read.
 */
export async function flood(data: TestData, { seed, events, progress }: FloodOptions): Promise<SoakReport> {
  const { runtime, log, store } = data;
  const problems: string[] = [];
  const services = (['projector', 'writer'] as const).map((name) => ({
    name,
    service: startService([name, ...data.serviceArguments]),
  }));
  const watches = services.map(({ name, service }) =>
    watchMemory(runtime, name, service.child.pid as number),
  );
  const beginMs = runtime.monotonicMs();
  let isEnding = false;
  const delays: number[] = [];
  const probing = probe();
  probing.catch(() => undefined);
  let published = 0;
  let poison = 0;
  try {
    for (let round = 0; published < events; round++) {
      const made = makeWorkload({ seed: seed + round, events: ROUND_EVENTS, chatPrefix: `f${round}-` });
      await appendEvents(log, made);
      published += made.length;
      for (; poison < published / POISON_EVERY; poison++)
        await log.append('events', poison % log.partitionCount, [NO_EVENT]);
      await untilBacklogIsSmall();
      progress(
        `${published} events, ${delays.length} probes, the slowest after ${Math.max(0, ...delays).toFixed(0)} ms`,
      );
    }
    await data.untilStored();
  } finally {
    isEnding = true;
    await probing;
    for (const watch of watches) await watch.end();
    for (const { name, service } of services) {
      const ended = await service.end('SIGTERM');
      if (ended !== 0) problems.push(`the ${name} ended with ${ended}: ${service.log().slice(-500)}`);
    }
  }
  const seconds = (runtime.monotonicMs() - beginMs) / 1_000;
  const sorted = [...delays].sort((a, b) => a - b);
  const delayAt = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  if (delayAt(1) > DELAY_MAX_MS) problems.push(`a chat beside the flood waited ${delayAt(1).toFixed(0)} ms`);
  for (const watch of watches) {
    if (trendOf(watch.samples)?.isFlat === false) problems.push(`not flat: ${trendText(watch)}`);
  }
  return {
    problems,
    lines: [
      `${published} events and ${poison} records that are none in ${seconds.toFixed(0)} s`,
      `${delays.length} steps of other chats: stored after ${delayAt(0.5).toFixed(0)} ms (p50), ` +
        `${delayAt(0.99).toFixed(0)} ms (p99), ${delayAt(1).toFixed(0)} ms at most`,
      ...watches.map(trendText),
    ],
  };

  async function probe(): Promise<void> {
    await using publisher = createPublisher({ log, runtime, name: 'probe' });
    for (let index = 0; !isEnding; index++) {
      const step = publisher.openStep({ chatId: `probe-${index}`, stepId: 's' });
      await step.textDelta('t', 'Hello');
      await step.end();
      await publisher.flush();
      const publishedMs = runtime.monotonicMs();
      while ((await store.message(step.chatId, step.stepId))?.status !== 'complete') await sleep(runtime, 5);
      delays.push(runtime.monotonicMs() - publishedMs);
      await sleep(runtime, PROBE_PAUSE_MS);
    }
  }

  async function untilBacklogIsSmall(): Promise<void> {
    for (let partition = 0; partition < log.partitionCount; partition++) {
      for (;;) {
        const { end } = await log.bounds('events', partition);
        const progressOf = (await store.progress(log.generation)).find((one) => one.partition === partition);
        if (end - (progressOf?.folded_to ?? 0) <= BACKLOG_MAX) break;
        await sleep(runtime, 20);
      }
    }
  }
}

const NO_EVENT = { key: new TextEncoder().encode('nobody'), value: new TextEncoder().encode('{"v":1') };
