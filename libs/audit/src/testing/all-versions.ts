import { partitionOf } from '@stepfold/event-log';
import { decodeEvent } from '@stepfold/events';
import {
  elideLargest,
  evolve,
  initialState,
  toMessage,
  type CreateSha256,
  type Message,
  type StepState,
} from '@stepfold/fold';
import type { InMemoryLog } from './in-memory-log.js';

/** A version of a message that a projector could emit, and the offset of the event that completed it. */
export interface MadeVersion {
  readonly offset: number;
  readonly message: Message;
}

/**
 * Every version of every message of a partition: one for each accepted event, in the order of the log. Made in
 * the most obvious way, with every state and every value kept, so that it shares no shortcut with the audit.
 */
export function allVersions(log: InMemoryLog, createSha256: CreateSha256, partition = 0): MadeVersion[] {
  const steps = new Map<string, { state: StepState; firstOffset: number; values: Uint8Array[] }>();
  const versions: MadeVersion[] = [];
  for (const { offset, key, value } of log.records(partition)) {
    const decoded = value === null ? undefined : decodeEvent(value);
    if (decoded?.ok !== true || key === null || value === null) continue;
    const { event } = decoded;
    if (new TextDecoder().decode(key) !== event.chat_id) continue;
    if (partitionOf(key, log.partitionCount) !== partition) continue;
    const name = `${event.chat_id}:${event.step_id}`;
    const step = steps.get(name) ?? { state: initialState(), firstOffset: offset, values: [] };
    steps.set(name, step);
    if (evolve(step.state, event) !== 'accepted') continue;
    if (step.state.events === 1) {
      step.firstOffset = offset;
      step.values = [];
    }
    step.values.push(value);
    const range = {
      generation: log.generation,
      topic: 'stepfold.events',
      partition,
      first_offset: step.firstOffset,
      last_offset: offset,
    };
    const digest = step.state.status === 'open' ? undefined : digestOf(step.values, createSha256);
    const message = toMessage(step.state, range, digest);
    versions.push({ offset, message: elideLargest(message, (text) => hashOf(text, createSha256)) });
  }
  return versions;
}

function digestOf(values: readonly Uint8Array[], createSha256: CreateSha256): string {
  const hash = createSha256();
  for (const value of values) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, value.byteLength);
    hash.update(length);
    hash.update(value);
  }
  return `sha256:${hash.digest('hex')}`;
}

function hashOf(text: string, createSha256: CreateSha256): string {
  const hash = createSha256();
  hash.update(new TextEncoder().encode(text));
  return hash.digest('hex');
}
