import { describe, expect, it } from '@jest/globals';
import type { AssignedPartition, EventLog, LogRecord, RecordToAppend, Topic } from '@stepfold/event-log';
import { createEventCodec, encodeEvent, type Event } from '@stepfold/events';
import { decodeStepRecord } from '@stepfold/fold';
import { InMemoryMetrics, silentLogger, type Runtime } from '@stepfold/runtime';
import { decodeCheckpoint } from './checkpoint.js';
import { projectorDefaults, type ProjectorConfig } from './config.js';
import { runPartition } from './partition-loop.js';
import { runProjector } from './run-projector.js';

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
  readonly commits: number[] = [];
  /** If set, an append of it is never answered. */
  isStuck = false;
  #nextOffset = 0;
  #wake: () => void = () => undefined;
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

  /** Gives a poll that waits what has been added. */
  wake(): void {
    this.#wake();
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

  /** The same as a service runs it, whose configuration is checked. */
  runService(config: Partial<ProjectorConfig>): Promise<void> {
    const log = this.#log();
    const subscribe: EventLog['subscribe'] = (_options, consume) => consume(this.#assigned(undefined));
    return runProjector({
      log: { ...log, subscribe },
      ...{ runtime, logger: silentLogger, metrics: new InMemoryMetrics(), signal: this.#abort.signal },
      config: { checkpointIntervalMs: 0, ...config },
    });
  }

  #record(event: Event): LogRecord {
    const offset = this.#nextOffset++;
    const key = new TextEncoder().encode(event.chat_id);
    return { offset, key, value: encodeEvent(event), headers: {}, appendedAtMs: 1_000 + offset };
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
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
        if (this.isStuck) await new Promise(() => undefined);
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
        while (this.#polls.length === 0) await Promise.race([aborted(signal), this.#woken()]);
        const records = await this.#polls.shift()!();
        return { records, nextOffset: records.at(-1)!.offset + 1, endOffset: this.#nextOffset };
      },
      commit: async (position) => {
        const { foldedTo } = decodeCheckpoint(position);
        this.commits.push(foldedTo);
        this.#onCommit(foldedTo);
      },
    };
  }
}

/** Time stands still: what is not due at once is never due, unless a test goes through the timers itself. */
const runtime: Runtime & { readonly timers: Map<number, () => void> } = {
  timers: new Map(),
  nowMicros: () => AT,
  monotonicMs: () => 0,
  setTimer(delayMs, callback) {
    this.timers.set(delayMs, callback);
    return () => this.timers.delete(delayMs);
  },
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

  async function foldWithin(
    partition: ScriptedPartition,
    committed?: AssignedPartition['committed'],
  ): Promise<void> {
    const folded = partition.whenFolded();
    const running = partition.run({ outputBytesMax: OUTPUT_BYTES_MAX }, committed);
    await folded;
    partition.takeAway();
    await running;
  }

  it('cuts what the steps that end in one poll come to', async () => {
    const partition = new ScriptedPartition();
    partition.poll([...starts, ...texts, ...ends]);
    await foldWithin(partition);
    expectBounded(outputOf(partition), STEPS);
  });

  it('cuts what the dead letters of one poll come to', async () => {
    const partition = new ScriptedPartition();
    partition.poll(steps.map((step) => event(step, { type: 'data', name: 'n', data: text })));
    await foldWithin(partition);
    expectBounded(outputOf(partition), STEPS);
  });

  it('cuts the versions of open steps that are due at once, as behind what a former owner has folded', async () => {
    const partition = new ScriptedPartition();
    partition.poll([...starts, ...texts]);
    await foldWithin(partition, { nextOffset: 0, metadata: JSON.stringify({ folded_to: 2 * STEPS }) });
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

describe('checkpointIntervalMs', () => {
  it('is what passes between two checkpoints, however much is folded', async () => {
    const partition = new ScriptedPartition();
    const emitted = partition.whenAppended(({ records }) => records.length === STEPS);
    partition.poll([...starts, ...ends]);
    const running = partition.run({ checkpointIntervalMs: 250, openStepIntervalMs: 1_000 });
    await emitted;
    // What comes of the next poll is behind the look for a checkpoint after this one.
    const again = partition.whenAppended(({ records }) => records.length === 1);
    partition.poll([event(99, { type: 'step-start' }), event(99, { type: 'step-end' })]);
    partition.wake();
    await again;
    expect(partition.commits).toEqual([0]);
    partition.takeAway();
    await running;
    expect(partition.commits).toEqual([0, 2 * STEPS + 2]);
  });
});

describe('drainTimeoutMs', () => {
  it('is how long a partition that is taken away waits for a log that does not answer', async () => {
    const partition = new ScriptedPartition();
    partition.poll([starts[0]!, texts[0]!]);
    const folded = partition.whenFolded();
    const running = partition.run({ drainTimeoutMs: 10_000 });
    await folded;
    partition.isStuck = true;
    const draining = partition.whenAppended(({ topic }) => topic === 'steps');
    partition.takeAway();
    await draining;
    const timeOut = runtime.timers.get(10_000);
    expect(timeOut).toBeDefined();
    timeOut!();
    await running;
    // Nothing was committed: whoever gets the partition folds it again.
    expect(partition.commits.at(-1)).toBe(2);
  });
});

describe('eventBytesMax', () => {
  it('makes a dead letter of a larger event, and folds one of exactly so many bytes', async () => {
    const partition = new ScriptedPartition();
    const fits = event(0, { type: 'message', role: 'user', parts: [{ type: 'text', text }] });
    const larger = { ...fits, step_id: 's00' };
    partition.poll([fits, larger]);
    const folded = partition.whenFolded();
    const running = partition.runService({ eventBytesMax: encodeEvent(fits).byteLength });
    await folded;
    partition.takeAway();
    await running;
    const letters = partition.appends.filter(({ topic }) => topic === 'dead-letters');
    expect(letters.flatMap(({ records }) => records)).toMatchObject([
      { headers: { 'stepfold-reason': 'oversize', 'stepfold-offset': '1' } },
    ]);
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
