import { describe, expect, it } from '@jest/globals';
import type { AssignedPartition, EventLog, LogRecord, RecordToAppend, Topic } from '@stepfold/event-log';
import { createEventCodec, encodeEvent, type Event } from '@stepfold/events';
import { decodeStepRecord } from '@stepfold/fold';
import { InMemoryMetrics, silentLogger, type Runtime } from '@stepfold/runtime';
import { decodeCheckpoint } from './checkpoint.js';
import { projectorDefaults, type ProjectorConfig } from './config.js';
import { runPartition } from './partition-loop.js';

const AT = 1_775_822_400_000_000;
const TEXT_BYTES = 10_000;
/** What a version of one of these steps has beside its text. */
const VERSION_OVERHEAD_BYTES = 2_000;
const OUTPUT_BYTES_MAX = 3 * TEXT_BYTES;
const STEPS = 20;

interface Append {
  readonly topic: Topic;
  readonly records: readonly RecordToAppend[];
}

/** A partition that gives some polls, and then nothing until it is taken away. */
class ScriptedPartition {
  readonly appends: Append[] = [];
  readonly #abort = new AbortController();
  readonly #polls: (() => Promise<readonly LogRecord[]>)[] = [];
  #nextOffset = 0;
  #onAppend: (append: Append) => void = () => undefined;
  #onCommit: (foldedTo: number) => void = () => undefined;

  /** The records of one poll; it is answered when `before` resolves. */
  poll(events: readonly Event[], before: Promise<unknown> = Promise.resolve()): void {
    const records = events.map((event) => this.#record(event));
    this.#polls.push(async () => {
      await before;
      return records;
    });
  }

  /** Resolves when an append of versions, dead letters or closings is what the condition says. */
  whenAppended(isWanted: (append: Append) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onAppend = (append) => {
        if (isWanted(append)) resolve();
      };
    });
  }

  /** Resolves when everything is committed as folded. */
  whenFolded(): Promise<void> {
    return new Promise((resolve) => {
      this.#onCommit = (foldedTo) => {
        if (foldedTo === this.#nextOffset) resolve();
      };
    });
  }

  takeAway(): void {
    this.#abort.abort();
  }

  /** Runs the projector on it, until it is taken away. */
  run(config: Partial<ProjectorConfig>, committed?: AssignedPartition['committed']): Promise<void> {
    return runPartition(this.#assigned(committed), {
      log: this.#log(),
      runtime,
      logger: silentLogger,
      metrics: new InMemoryMetrics(),
      config: { ...projectorDefaults, checkpointIntervalMs: 0, ...config },
      codec: createEventCodec(),
      version: 'test',
    });
  }

  #record(event: Event): LogRecord {
    const offset = this.#nextOffset++;
    const key = new TextEncoder().encode(event.chat_id);
    return { offset, key, value: encodeEvent(event), headers: {}, appendedAtMs: 1_000 + offset };
  }

  #log(): EventLog {
    return {
      generation: 0,
      partitionCount: 1,
      topicPrefix: 'stepfold.',
      append: async (topic: Topic, _partition: number, records: readonly RecordToAppend[]) => {
        const append = { topic, records };
        this.appends.push(append);
        this.#onAppend(append);
        return { firstOffset: 0, lastOffset: records.length - 1, appendedAtMs: 0 };
      },
      bounds: async () => ({ begin: 0, end: this.#nextOffset }),
    } as unknown as EventLog;
  }

  #assigned(committed: AssignedPartition['committed']): AssignedPartition {
    const { signal } = this.#abort;
    return {
      topic: 'events',
      partition: 0,
      committed,
      signal,
      poll: async () => {
        const records = await this.#polls.shift()?.();
        if (records === undefined) await aborted(signal);
        const nextOffset = (records?.at(-1)?.offset ?? -1) + 1;
        return { records: records ?? [], nextOffset, endOffset: this.#nextOffset };
      },
      commit: async (position) => this.#onCommit(decodeCheckpoint(position).foldedTo),
    };
  }
}

/** Time stands still: what is not due at once is never due. */
const runtime: Runtime = {
  nowMicros: () => AT,
  monotonicMs: () => 0,
  setTimer: () => () => undefined,
  random: () => 0.5,
};

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function event(step: number, fields: Record<string, unknown>, chat = 'c'): Event {
  return { v: 1, chat_id: chat, step_id: `s${step}`, at: AT, ...fields } as unknown as Event;
}

const steps = Array.from({ length: STEPS }, (_, step) => step);
const starts = steps.map((step) => event(step, { type: 'step-start' }));
const text = 'x'.repeat(TEXT_BYTES);
const texts = steps.map((step) => event(step, { type: 'text-delta', id: 't', text }));
const ends = steps.map((step) => event(step, { type: 'step-end' }));

function bytesOf({ records }: Append): number {
  return records.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
}

/** Appends that hold versions or dead letters. */
function outputOf({ appends }: ScriptedPartition, from = 0): Append[] {
  return appends.slice(from).filter(({ records }) =>
    records.some(({ key, value }) => {
      const decoded = decodeStepRecord(key, value);
      return typeof decoded === 'string' || decoded.kind === 'version';
    }),
  );
}

describe('outputBytesMax', () => {
  function expectBounded(appends: readonly Append[], output: number): void {
    expect(appends.length).toBeGreaterThan(STEPS / 5);
    for (const append of appends) {
      expect(bytesOf(append)).toBeLessThan(OUTPUT_BYTES_MAX + TEXT_BYTES + VERSION_OVERHEAD_BYTES);
    }
    const records = appends.reduce((sum, append) => sum + append.records.length, 0);
    // A progress record may stand behind the versions of a drain.
    expect(records - output).toBeLessThanOrEqual(1);
    expect(records).toBeGreaterThanOrEqual(output);
  }

  it('cuts what the steps that end in one poll come to', async () => {
    const partition = new ScriptedPartition();
    partition.poll([...starts, ...texts, ...ends]);
    const folded = partition.whenFolded();
    const running = partition.run({ outputBytesMax: OUTPUT_BYTES_MAX });
    await folded;
    partition.takeAway();
    await running;
    expectBounded(outputOf(partition), STEPS);
  });

  it('cuts what the dead letters of one poll come to', async () => {
    const partition = new ScriptedPartition();
    partition.poll(steps.map((step) => event(step, { type: 'data', name: 'n', data: text })));
    const folded = partition.whenFolded();
    const running = partition.run({ outputBytesMax: OUTPUT_BYTES_MAX });
    await folded;
    partition.takeAway();
    await running;
    expectBounded(outputOf(partition), STEPS);
  });

  it('cuts the versions of open steps that are due at once, as behind what a former owner has folded', async () => {
    const partition = new ScriptedPartition();
    partition.poll([...starts, ...texts]);
    const folded = partition.whenFolded();
    const metadata = JSON.stringify({ folded_to: 2 * STEPS });
    const running = partition.run({ outputBytesMax: OUTPUT_BYTES_MAX }, { nextOffset: 0, metadata });
    await folded;
    partition.takeAway();
    await running;
    expectBounded(outputOf(partition), STEPS);
  });

  it('cuts the versions that are handed over when the partition is taken away', async () => {
    const partition = new ScriptedPartition();
    partition.poll(starts);
    partition.poll(texts);
    const folded = partition.whenFolded();
    // The texts come within the interval of the first versions, and wait.
    const running = partition.run({ outputBytesMax: OUTPUT_BYTES_MAX });
    await folded;
    const before = partition.appends.length;
    partition.takeAway();
    await running;
    expectBounded(outputOf(partition, before), STEPS);
  });
});

describe('stepBytesMax', () => {
  it('closes a step whose events have more bytes, whatever it still does', async () => {
    const partition = new ScriptedPartition();
    const events = [starts[0]!, texts[0]!, texts[0]!];
    const bytes = events.reduce((sum, each) => sum + encodeEvent(each).byteLength, 0);
    const isClosing = ({ topic }: Append): boolean => topic === 'events';
    partition.poll(events);
    const folded = partition.whenFolded();
    const running = partition.run({ stepBytesMax: bytes });
    await folded;
    expect(partition.appends.filter(isClosing)).toEqual([]);

    partition.takeAway();
    await running;
    const larger = new ScriptedPartition();
    larger.poll([...events, event(0, { type: 'text-delta', id: 't', text: 'x' })]);
    const closed = larger.whenAppended(isClosing);
    const runningOnLarger = larger.run({ stepBytesMax: bytes });
    await closed;
    larger.takeAway();
    await runningOnLarger;
    const [closing] = larger.appends.filter(isClosing);
    const decoded = createEventCodec().decode(closing!.records[0]!.value!);
    expect(decoded).toMatchObject({ event: { step_id: 's0', type: 'interrupt', reason: 'timeout' } });
    expect(decoded).not.toHaveProperty('event.if_events');
  });
});

describe('a chat that floods its partition', () => {
  it('delays the step of another chat by no more than the poll in which that comes', async () => {
    const partition = new ScriptedPartition();
    const flood = (count: number): Event[] =>
      Array.from({ length: count }, () => event(0, { type: 'text-delta', id: 't', text: 'x' }, 'flood'));
    const other = [event(1, { type: 'step-start' }), event(1, { type: 'step-end' })];
    const isOther = ({ records }: Append): boolean =>
      records.some(({ key }) => new TextDecoder().decode(key ?? undefined) === 'c:s1');
    partition.poll([event(0, { type: 'step-start' }, 'flood'), ...flood(500), ...other, ...flood(498)]);
    // Nothing more is given before the step is on its way to the store: it must not wait for that.
    partition.poll(flood(1_000), partition.whenAppended(isOther));
    const folded = partition.whenFolded();
    const running = partition.run({});
    await folded;
    partition.takeAway();
    await running;
    expect(partition.appends.filter(isOther)).toHaveLength(1);
  });
});
