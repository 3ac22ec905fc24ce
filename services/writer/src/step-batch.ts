import type { LogRecord } from '@stepfold/event-log';
import { decodeStepRecord, type FoldedTo, type Message } from '@stepfold/fold';

/** What one batch of the topic of steps comes to. */
export interface StepBatch {
  /** The highest version of each message, with the record that it came in. */
  readonly versions: readonly { readonly message: Message; readonly record: LogRecord }[];
  /** The furthest progress of each generation and partition that the batch tells. */
  readonly progress: readonly FoldedTo[];
  readonly unreadable: readonly { readonly record: LogRecord; readonly detail: string }[];
}

/** Keeps the highest (`rev`, `fold_version`) of each message; of equal ones the first. */
export function collapse(records: readonly LogRecord[]): StepBatch {
  const versions = new Map<string, { message: Message; record: LogRecord }>();
  const progress = new Map<string, FoldedTo>();
  const unreadable: { record: LogRecord; detail: string }[] = [];
  for (const record of records) {
    const decoded = decodeStepRecord(record.key, record.value);
    if (typeof decoded === 'string') {
      unreadable.push({ record, detail: decoded });
    } else if (decoded.kind === 'progress') {
      const key = `${decoded.progress.generation}:${decoded.progress.partition}`;
      const former = progress.get(key);
      if (former === undefined || former.folded_to < decoded.progress.folded_to)
        progress.set(key, decoded.progress);
    } else {
      const { message } = decoded;
      const key = `${message.chat_id}:${message.step_id}`;
      const former = versions.get(key)?.message;
      if (former === undefined || isHigher(message, former)) versions.set(key, { message, record });
    }
  }
  return { versions: [...versions.values()], progress: [...progress.values()], unreadable };
}

function isHigher(a: Message, b: Message): boolean {
  return a.rev > b.rev || (a.rev === b.rev && a.fold_version > b.fold_version);
}
