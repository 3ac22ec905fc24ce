import type { EventLog, LogRecord, ReadLimits, RecordToAppend, Topic } from '../event-log.js';

export function record(text: string): RecordToAppend {
  return { key: Buffer.from('key'), value: Buffer.from(text) };
}

export function textsOf(records: readonly LogRecord[]): string[] {
  return records.map(({ value }) => (value === null ? '' : Buffer.from(value).toString()));
}

/** Everything in a partition from an offset to its end, however many reads that takes. */
export async function readAll(
  log: EventLog,
  topic: Topic,
  partition: number,
  fromOffset = 0,
  limits?: ReadLimits,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let offset = fromOffset; ;) {
    const result = await log.read(topic, partition, offset, limits);
    if (result.records.length === 0) return records;
    records.push(...result.records);
    offset = result.nextOffset;
  }
}

/** A promise that somebody else resolves. */
export function createGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
