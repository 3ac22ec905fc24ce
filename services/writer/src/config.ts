/** Limits of a writer, each with its unit in its name. */
export interface WriterConfig {
  /** The consumer group that shares the partitions of the steps and dead letters. The log may put a prefix before it. */
  readonly group: string;
  /** Records of one poll, and so of one bulk write. */
  readonly batchRecordsMax: number;
  /** Bytes of one poll; a single larger record still comes. */
  readonly batchBytesMax: number;
}

export const writerDefaults: WriterConfig = {
  group: 'writer',
  batchRecordsMax: 1_000,
  batchBytesMax: 4 * 1024 * 1024,
};
