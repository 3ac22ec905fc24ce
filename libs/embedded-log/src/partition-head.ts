import type { Topic } from '@stepfold/event-log';
import { InvariantViolation } from '@stepfold/runtime';
import type { Environment } from './environment.js';
import { beginKey, endKey } from './keys.js';

/** What the next append to a partition has to know of the last one. */
export interface PartitionHead {
  /** Append time of the last record in milliseconds, 0 before the first. Never falls. */
  readonly appendedAtMs: number;
  /** Bytes of all frames that were ever appended. */
  readonly bytes: number;
}

export function writeHead(head: PartitionHead): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeDoubleBE(head.appendedAtMs, 0);
  bytes.writeDoubleBE(head.bytes, 8);
  return bytes;
}

export function readHead(
  environment: Environment,
  topic: Topic,
  partition: number,
): PartitionHead & { readonly endOffset: number } {
  const entry = environment.heads.getEntry(endKey(topic, partition));
  if (entry?.version === undefined) throw missing(topic, partition);
  return {
    endOffset: entry.version,
    appendedAtMs: entry.value.readDoubleBE(0),
    bytes: entry.value.readDoubleBE(8),
  };
}

export function readBeginOffset(environment: Environment, topic: Topic, partition: number): number {
  const entry = environment.heads.getEntry(beginKey(topic, partition));
  if (entry?.version === undefined) throw missing(topic, partition);
  return entry.version;
}

function missing(topic: Topic, partition: number): InvariantViolation {
  return new InvariantViolation(`the embedded log has no head of ${topic}, partition ${partition}`);
}
