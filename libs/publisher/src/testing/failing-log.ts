import type { AppendedRange, EventLog, RecordToAppend, Topic } from '@stepfold/event-log';
import { TransientError } from '@stepfold/runtime';
import { RecordingLog } from './recording-log.js';

/**
 * What becomes of one call: it works, or it fails after its first records (all of them, if there are fewer)
 * have been appended.
 */
export type Fault = 'none' | { readonly appended: number };

/** A log that fails as it is told, and notices who sends before the last answer, or changes what is repeated. */
export class FailingLog implements EventLog {
  readonly generation = 0;
  readonly topicPrefix = 'stepfold.';
  readonly kept: RecordingLog;
  readonly violations: string[] = [];
  readonly #nextFault: () => Fault;
  readonly #inFlight = new Set<number>();
  readonly #failed = new Map<number, string>();

  constructor(partitionCount: number, nextFault: () => Fault) {
    this.kept = new RecordingLog(partitionCount);
    this.#nextFault = nextFault;
  }

  get partitionCount(): number {
    return this.kept.partitionCount;
  }

  async append(topic: Topic, partition: number, records: readonly RecordToAppend[]): Promise<AppendedRange> {
    if (this.#inFlight.has(partition)) this.violations.push(`two sends in flight to partition ${partition}`);
    const sent = JSON.stringify(records.map(({ value }) => new TextDecoder().decode(value ?? undefined)));
    const failed = this.#failed.get(partition);
    if (failed !== undefined && failed !== sent) this.violations.push(`sent before what had failed: ${sent}`);
    this.#inFlight.add(partition);
    try {
      const fault = this.#nextFault();
      await Promise.resolve();
      if (fault === 'none') {
        this.#failed.delete(partition);
        return await this.kept.append(topic, partition, records);
      }
      this.#failed.set(partition, sent);
      await this.kept.append(topic, partition, records.slice(0, fault.appended));
      throw new TransientError('log-unavailable', 'the answer was lost');
    } finally {
      this.#inFlight.delete(partition);
    }
  }

  read(): never {
    throw new Error('a publisher does not read');
  }
  bounds(): never {
    throw new Error('a publisher does not look for bounds');
  }
  committed(): never {
    throw new Error('a publisher commits nothing');
  }
  subscribe(): never {
    throw new Error('a publisher does not subscribe');
  }
  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
