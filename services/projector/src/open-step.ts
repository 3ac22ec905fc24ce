import type { Event } from '@stepfold/events';
import {
  createEventDigest,
  initialState,
  type CreateSha256,
  type EventDigest,
  type StepState,
} from '@stepfold/fold';
import type { LogRecord } from '@stepfold/event-log';

/** One attempt of a step that has not ended, as a projector holds it. */
export interface OpenStep {
  readonly key: string;
  readonly state: StepState;
  readonly digest: EventDigest;
  /** Offset of the event that opened the attempt: the commit must not pass it. */
  readonly firstOffset: number;
  lastOffset: number;
  readonly firstAppendedAtMs: number;
  /** Append time of the last event that named this attempt, accepted or not: a sign of life. */
  lastAppendedAtMs: number;
  readonly emission: Emission;
  /** The closing that was appended for it, so that it is not appended again. */
  closing: { readonly events: number; readonly isConditional: boolean } | undefined;
  /** The `seq` of the next closing. */
  closingSeq: number;
}

/** What has been emitted of an open step. */
export interface Emission {
  /** Something worth a version has happened since the last one. */
  isDue: boolean;
  atMs: number;
  bytes: number;
  lastVersionBytes: number;
  bytesFoldedAtLast: number;
}

/** Ids hold no colon, so the key is unambiguous. */
export function stepKey(event: Pick<Event, 'chat_id' | 'step_id'>): string {
  return `${event.chat_id}:${event.step_id}`;
}

export function newOpenStep(key: string, record: LogRecord, createSha256: CreateSha256): OpenStep {
  return {
    key,
    state: initialState(),
    digest: createEventDigest(createSha256),
    firstOffset: record.offset,
    lastOffset: record.offset,
    firstAppendedAtMs: record.appendedAtMs,
    lastAppendedAtMs: record.appendedAtMs,
    emission: { isDue: false, atMs: -Infinity, bytes: 0, lastVersionBytes: 0, bytesFoldedAtLast: 0 },
    closing: undefined,
    closingSeq: 0,
  };
}
