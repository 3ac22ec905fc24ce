/** Told how many records of the log have been read, and how many there are to be read; holes count as records. */
export type OnProgress = (doneRecords: number, totalRecords: number) => void;

/** Adds up how far the partitions of a log have been read. */
export interface ReadProgress {
  /** Up to `to` is to be read, for the first time from `from`. A later call may only add to it. */
  plan(partition: number, from: number, to: number): void;
  /** Everything before `offset` has been read. */
  reach(partition: number, offset: number): void;
}

export function createReadProgress(onProgress: OnProgress = () => undefined): ReadProgress {
  const ranges = new Map<number, { readTo: number; to: number }>();
  let done = 0;
  let total = 0;
  return {
    plan(partition, from, to) {
      const range = ranges.get(partition) ?? { readTo: from, to: from };
      ranges.set(partition, range);
      total += Math.max(0, to - range.to);
      range.to = Math.max(range.to, to);
    },
    reach(partition, offset) {
      const range = ranges.get(partition);
      if (range === undefined) return;
      const readTo = Math.min(offset, range.to);
      if (readTo <= range.readTo) return;
      done += readTo - range.readTo;
      range.readTo = readTo;
      onProgress(done, total);
    },
  };
}
