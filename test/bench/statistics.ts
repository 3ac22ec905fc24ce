/** What became of one arm in one round. */
export interface Measured {
  readonly records: number;
  readonly seconds: number;
  /** Of the arm's process alone, user and system together; servers do not count. */
  readonly cpuSeconds: number;
  readonly latencies?: Latencies;
}

/** Microseconds from when a source gave something to when its reader had it. */
export interface Latencies {
  readonly first_us: { readonly p50: number; readonly p99: number };
  readonly delta_us: { readonly p50: number; readonly p99: number };
}

/** Least, middle and greatest of some numbers. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError if there are none, or one is no finite number */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0 || !sorted.every(Number.isFinite)) {
    throw new RangeError(`there is no median of [${values.join(', ')}]`);
  }
  const upper = sorted[sorted.length >> 1]!;
  const lower = sorted[(sorted.length - 1) >> 1]!;
  return { min: sorted[0]!, median: (lower + upper) / 2, max: sorted.at(-1)! };
}

/** Records per second. */
export function rateOf({ records, seconds }: Measured): number {
  return records / seconds;
}

/** CPU-seconds that a million records cost: less dependent on what else the machine does than a rate. */
export function cpuPerMillion({ records, cpuSeconds }: Measured): number {
  return (cpuSeconds / records) * 1_000_000;
}

/**
 * How many times as fast one arm is as another: the rate of the one by the rate of the other in the same round, and
 * of these the middle. Arms of one round run right after each other, so what slows the machine for a minute
 * slows both; a ratio of two medians would not notice that it compares different minutes.
 */
export function ratioOf(ours: readonly Measured[], others: readonly Measured[]): Spread {
  return spreadOf(perRound(ours, others, (our, other) => rateOf(our) / rateOf(other)));
}

/** The same by CPU-seconds for each record: above 1, ours costs less. */
export function cpuRatioOf(ours: readonly Measured[], others: readonly Measured[]): Spread {
  return spreadOf(perRound(ours, others, (our, other) => cpuPerMillion(other) / cpuPerMillion(our)));
}

function perRound(
  ours: readonly Measured[],
  others: readonly Measured[],
  ratio: (our: Measured, other: Measured) => number,
): readonly number[] {
  if (ours.length !== others.length) {
    throw new RangeError(`${ours.length} rounds of one arm and ${others.length} of the other`);
  }
  return ours.map((our, round) => ratio(our, others[round]!));
}
