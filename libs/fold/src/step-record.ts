import { isId, isStamp } from '@stepfold/events';
import type { Message } from './message.js';

/**
 * The records of the topic of steps: versions of messages, and how far the events behind them have been
 * folded. Stamps are integers here: it is machines that read them.
 */
export type StepRecord =
  | { readonly kind: 'version'; readonly message: Message }
  | { readonly kind: 'progress'; readonly progress: FoldedTo };

/** Everything made from the events of a partition before `folded_to` lies before this record. */
export interface FoldedTo {
  readonly generation: number;
  readonly partition: number;
  readonly folded_to: number;
}

/** A key that no message has: ids do not begin with a colon. */
const PROGRESS_KEY = ':progress';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function encodeStepRecord(record: StepRecord): {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
} {
  if (record.kind === 'progress') {
    return { key: encoder.encode(PROGRESS_KEY), value: encoder.encode(JSON.stringify(record.progress)) };
  }
  const { message } = record;
  return {
    key: encoder.encode(`${message.chat_id}:${message.step_id}`),
    value: encoder.encode(JSON.stringify(message)),
  };
}

/** Reads a record, or answers in a sentence why it is none. Checks what a store relies on, not every part. */
export function decodeStepRecord(key: Uint8Array | null, value: Uint8Array | null): StepRecord | string {
  let keyText: string;
  let raw: unknown;
  try {
    keyText = decoder.decode(key ?? new Uint8Array());
    raw = JSON.parse(decoder.decode(value ?? new Uint8Array()));
  } catch {
    return 'the record is not valid JSON';
  }
  if (typeof raw !== 'object' || raw === null) return 'the record is not a JSON object';
  const fields = raw as Record<string, unknown>;
  if (keyText === PROGRESS_KEY) {
    const isProgress =
      isCount(fields['generation']) && isCount(fields['partition']) && isCount(fields['folded_to']);
    return isProgress ? { kind: 'progress', progress: raw as FoldedTo } : 'the record is no progress';
  }
  const wrong = messageProblem(fields, keyText);
  return wrong ?? { kind: 'version', message: raw as Message };
}

function messageProblem(fields: Record<string, unknown>, key: string): string | undefined {
  const { chat_id, step_id, rev, fold_version, status, parts, started_at, last_event_at, log } = fields;
  if (!isId(chat_id) || !isId(step_id)) return 'chat_id or step_id is no id';
  if (key !== `${chat_id}:${step_id}`) return 'the key is not that of the message';
  if (!isCount(rev) || !isCount(fold_version)) return 'rev or fold_version is no whole number';
  if (status !== 'open' && status !== 'complete' && status !== 'interrupted' && status !== 'failed') {
    return 'status is none of a message';
  }
  if (!Array.isArray(parts)) return 'parts is no array';
  if (!parts.every((part) => typeof part === 'object' && part !== null)) return 'parts holds what is no part';
  if (!isStamp(started_at) || !isStamp(last_event_at)) return 'started_at or last_event_at is no stamp';
  if (typeof log !== 'object' || log === null) return 'log is missing';
  const { generation, first_offset } = log as Record<string, unknown>;
  return isCount(generation) && isCount(first_offset) ? undefined : 'log has no generation or first_offset';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
