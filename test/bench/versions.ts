import { partitionOf, type RecordToAppend } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { encodeStepRecord, evolve, initialState, toMessage, type StepState } from '@stepfold/fold';

type KeyedRecord = RecordToAppend & { readonly key: Uint8Array; readonly value: Uint8Array };

/** A projector shows an open step twice a second; a quick model makes about so many events in that time. */
const EVENTS_PER_VERSION = 40;

/**
 * The topic of steps as a projector that follows live streams writes it: versions of steps while they grow, their last
 * one, and behind everything the progress. One list of records for each partition.
 */
export function versionRecords(
  events: readonly Event[],
  topic: string,
  partitionCount: number,
): { readonly byPartition: ReadonlyMap<number, readonly KeyedRecord[]>; readonly versions: number } {
  const encoder = new TextEncoder();
  const byPartition = new Map<number, KeyedRecord[]>();
  const offsets = new Map<number, number>();
  const steps = new Map<string, { readonly state: StepState; readonly firstOffset: number }>();
  let versions = 0;
  for (const event of events) {
    const partition = partitionOf(encoder.encode(event.chat_id), partitionCount);
    const offset = offsets.get(partition) ?? 0;
    offsets.set(partition, offset + 1);
    const key = `${event.chat_id}:${event.step_id}`;
    let step = steps.get(key);
    if (step === undefined) steps.set(key, (step = { state: initialState(), firstOffset: offset }));
    const { state, firstOffset } = step;
    evolve(state, event);
    const isEnded = state.status !== 'open';
    if (isEnded) steps.delete(key);
    else if (state.events % EVENTS_PER_VERSION !== 1) continue;
    const range = { generation: 0, topic, partition, first_offset: firstOffset, last_offset: offset };
    recordsOf(partition).push(encodeStepRecord({ kind: 'version', message: toMessage(state, range) }));
    versions++;
  }
  for (const [partition, folded_to] of offsets) {
    const progress = { generation: 0, partition, folded_to };
    recordsOf(partition).push(encodeStepRecord({ kind: 'progress', progress }));
  }
  return { byPartition, versions };

  function recordsOf(partition: number): KeyedRecord[] {
    let records = byPartition.get(partition);
    if (records === undefined) byPartition.set(partition, (records = []));
    return records;
  }
}
