import type { DeadLetterCode } from '@stepfold/events';
import type { LogRecord, RecordToAppend } from './event-log.js';

/** Values above this are cut. */
const VALUE_BYTES_MAX = 1024 * 1024;
/** What is kept of a value that is cut. A letter whose value has another length holds all of it. */
export const DEAD_LETTER_BYTES_KEPT = 64 * 1024;

export interface DeadLetterCause {
  readonly reason: DeadLetterCode;
  readonly detail: string;
  readonly stage: 'projector' | 'writer';
  /** Full name of the topic that the record came from. */
  readonly topic: string;
  readonly partition: number;
  /** Microseconds. */
  readonly at: number;
  readonly version: string;
  readonly sha256: (value: Uint8Array) => string;
  readonly ids?: { readonly chat_id: string; readonly step_id: string };
}

/** The record as it was, with the reason in its headers. A large value is cut and its hash kept. */
export function deadLetterRecord(record: LogRecord, cause: DeadLetterCause): RecordToAppend {
  const isCut = record.value !== null && record.value.byteLength > VALUE_BYTES_MAX;
  return {
    key: record.key,
    value: isCut ? (record.value as Uint8Array).subarray(0, DEAD_LETTER_BYTES_KEPT) : record.value,
    headers: {
      'stepfold-reason': cause.reason,
      'stepfold-detail': cause.detail,
      'stepfold-topic': cause.topic,
      'stepfold-partition': String(cause.partition),
      'stepfold-offset': String(record.offset),
      'stepfold-stage': cause.stage,
      'stepfold-version': cause.version,
      'stepfold-at': String(cause.at),
      ...(cause.ids === undefined
        ? {}
        : { 'stepfold-chat-id': cause.ids.chat_id, 'stepfold-step-id': cause.ids.step_id }),
      ...(isCut
        ? {
            'stepfold-bytes': String((record.value as Uint8Array).byteLength),
            'stepfold-sha256': cause.sha256(record.value as Uint8Array),
          }
        : {}),
    },
  };
}
