import type { CommittedPosition } from '@stepfold/event-log';
import type { PartitionExpectation } from './expectation.js';
import type { LogServer } from './log-server.js';
import type { AcknowledgedRecord } from './publishing.js';
import type { SimulationOptions } from './simulation-options.js';
import type { StoreServer } from './store-server.js';

/** Something that must not be, with the number of the invariant of `contract/topology.md` that it breaks. */
export interface Violation {
  readonly invariant: number;
  readonly what: string;
}

/** What happened in a run, for the checkers; found from what the servers hold, not from what the workload meant. */
export interface RunFacts {
  readonly options: SimulationOptions;
  readonly log: LogServer;
  readonly store: StoreServer;
  readonly expectations: readonly PartitionExpectation[];
  /** The topic of steps, by partition. */
  readonly steps: readonly (readonly StepFact[])[];
  /** The versions among them, by message. */
  readonly versions: ReadonlyMap<string, readonly VersionFact[]>;
  /** When the first dead letter of a record came to the topic, by `topic:partition:offset` of the record. */
  readonly firstLetterOrdinals: ReadonlyMap<string, number>;
  /** What the publishers were told is on the log. */
  readonly acknowledged: readonly AcknowledgedRecord[];
  readonly hasLostMetadata: boolean;
}

export type StepFact = VersionFact | ProgressRecordFact;

export interface VersionFact {
  readonly kind: 'version';
  readonly offset: number;
  readonly by: string;
  readonly id: string;
  readonly rev: number;
  readonly isEnded: boolean;
  readonly attempt: number;
  /** Accepted events that are in it. */
  readonly events: number;
  readonly appendedAtMs: number;
  readonly askedOrdinal: number;
  /** Offset of the last event that is in it. */
  readonly lastOffset: number;
}

export interface ProgressRecordFact {
  readonly kind: 'progress';
  readonly offset: number;
  readonly by: string;
  readonly appendedAtMs: number;
  /** When it was decided on, in the order of everything. */
  readonly askedOrdinal: number;
  readonly foldedTo: number;
}

/** Where a projector that begins at a committed position has to speak again. */
export function foldedToOf(committed: CommittedPosition | undefined): number {
  const { folded_to } = (decodeJson(committed?.metadata ?? '') ?? {}) as { folded_to?: number };
  return Math.max(committed?.nextOffset ?? 0, folded_to ?? 0);
}

export function decodeJson(text: string): unknown {
  // Most positions have no metadata, and to throw takes longer than to look.
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
