import type { ReadEvent } from '@stepfold/audit';

/** One event of the log and what became of it, as a line of JSON without its end. */
export function eventJson(read: ReadEvent): string {
  const { position, outcome } = read;
  return JSON.stringify(
    read.event === undefined
      ? { position, outcome, detail: read.detail }
      : { position, event: read.event, outcome },
  );
}
