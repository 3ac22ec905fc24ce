import type { EventLog, LogRecord } from '@stepfold/event-log';

/** Which part of the events of one partition to read, and in what portions. */
export interface PageRange {
  /** The first offset. What retention has deleted of it is passed over. */
  readonly from: number;
  /** The offset to stop before. */
  readonly to: number;
  /** Records of one page. Default 1,000. */
  readonly pageRecordsMax?: number;
  /** Bytes of one page; a single larger record still comes. Default 4 MiB. */
  readonly pageBytesMax?: number;
  readonly signal?: AbortSignal;
}

/**
 * The records of a range, page by page, as they lie on the log. One page is held at a time.
 * @throws TransientError if the log is away
 */
export async function* recordPages(
  log: EventLog,
  partition: number,
  range: PageRange,
): AsyncGenerator<readonly LogRecord[], void, void> {
  const { to, pageRecordsMax: recordsMax = 1_000, pageBytesMax: bytesMax = 4 * 1024 * 1024, signal } = range;
  let offset = range.from;
  while (offset < to) {
    signal?.throwIfAborted();
    const { records, nextOffset } = await log.read('events', partition, offset, { recordsMax, bytesMax });
    const isInside = (records.at(-1)?.offset ?? -1) < to;
    const page = isInside ? records : records.filter((record) => record.offset < to);
    if (page.length > 0) yield page;
    // A log that has no more than it had would be asked for ever.
    if (nextOffset <= offset) return;
    offset = nextOffset;
  }
}
