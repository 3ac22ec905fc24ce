import { afterEach, beforeEach } from '@jest/globals';
import type { EventLog, Topic } from '../event-log.js';

/** One new, empty log with at least two partitions, and what a test may do to it. */
export interface EventLogHarness {
  readonly log: EventLog;
  /** Another client of the same log, as another process would have it. The suite closes it. */
  connect(): Promise<EventLog>;
  /** Makes the log delete what lies before an offset, as retention does. Left out where nobody can. */
  deleteBefore?(topic: Topic, partition: number, offset: number): Promise<void>;
  /** Closes `log` and removes everything. */
  release(): Promise<void>;
}

/** Where logs may differ. The defaults are what the port promises at least. */
export interface EventLogCapabilities {
  /** Offsets follow each other without holes. Default false. */
  readonly hasContiguousOffsets: boolean;
  /** A record with a value of this many bytes is refused. Default 16 MiB. */
  readonly refusedValueBytes: number;
  /** The metadata of a commit always comes back. Default true. */
  readonly keepsMetadata: boolean;
  /** The log itself refuses the commit of a member that has left while others are there. Default false. */
  readonly fencesFormerOwners: boolean;
  /** Time for members of a group to agree after one has come or gone. Default 30,000. */
  readonly settleTimeoutMs: number;
}

export const defaultCapabilities: EventLogCapabilities = {
  hasContiguousOffsets: false,
  refusedValueBytes: 16 * 1024 * 1024,
  keepsMetadata: true,
  fencesFormerOwners: false,
  settleTimeoutMs: 30_000,
};

export interface Suite {
  readonly capabilities: EventLogCapabilities;
  /** The harness of the present test. */
  harness(): EventLogHarness;
  log(): EventLog;
  /** Another client, closed after the test. */
  connect(): Promise<EventLog>;
  /** Polls a condition, and fails after `settleTimeoutMs` with the last reason. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>;
}

/** Opens a log before each test and releases it afterwards. */
export function useHarness(open: () => Promise<EventLogHarness>, capabilities: EventLogCapabilities): Suite {
  let harness: EventLogHarness | undefined;
  let connected: EventLog[] = [];

  beforeEach(async () => {
    harness = await open();
  }, capabilities.settleTimeoutMs);

  afterEach(async () => {
    for (const log of connected) await log.close();
    connected = [];
    await harness?.release();
    harness = undefined;
  }, capabilities.settleTimeoutMs);

  const current = (): EventLogHarness => {
    if (harness === undefined) throw new Error('there is a harness within a test only');
    return harness;
  };
  return {
    capabilities,
    harness: current,
    log: () => current().log,
    async connect() {
      const log = await current().connect();
      connected.push(log);
      return log;
    },
    async until(what, condition) {
      const giveUpAt = performance.now() + capabilities.settleTimeoutMs;
      while (!(await condition())) {
        if (performance.now() > giveUpAt) throw new Error(`in vain waited until ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
