import { benchedFormats } from './format-lines.js';
import type { Latencies } from './statistics.js';
import type { Stopwatch } from './stopwatch.js';

/** The arms, each of which is one way to do a work. Those of a group do the same work. */
export const armNames = [
  'drain',
  'drain-parse',
  'drain-parse-zod',
  'projector',
  'raw-send',
  'raw-send-tuned',
  'publisher',
  'raw-bulk-write',
  'writer',
  'naive-updates',
  'naive-updates-concurrent',
  'end-to-end',
  'read-bare',
  'read-recorded',
  'read-recorded-outbox',
  'read-bare-stream',
  'read-recorded-stream',
  'recover-second',
  'recover-minute',
  'reread',
  'recover-hour',
  ...benchedFormats.flatMap((format) => [`parse-${format}`, `convert-${format}`] as const),
] as const;
export type ArmName = (typeof armNames)[number];

/** What the process of an arm is told. */
export interface ArmJob {
  readonly arm: ArmName;
  readonly brokers: readonly string[];
  readonly mongodbUrl: string;
  /** Begins the name of every topic, group and database of the run. */
  readonly prefix: string;
  readonly partitionCount: number;
  readonly seed: number;
  /** Events, or for the arms of writing about as many events as the versions were made of. */
  readonly events: number;
  /** Leaves one record out, so that the check has something to find. */
  readonly isSpoilt: boolean;
  /** Folder for a CPU profile of the last round. */
  readonly profileFolder?: string;
}

/** One way to do a work, prepared in a process of its own. */
export interface Arm extends AsyncDisposable {
  /** What has to be ready for a round and is not measured. */
  prepare?(round: string): Promise<void>;
  /** Does the work once, between the stopwatch's start and stop. Answers how many records it was. */
  run(round: string, stopwatch: Stopwatch): Promise<number>;
  /** Of the last round, of an arm that measures them. */
  latencies?(): Latencies | undefined;
  /** In a sentence, what is wrong with the outcome of the round; undefined if it is that of the plain fold. */
  check(round: string): Promise<string | undefined>;
}
