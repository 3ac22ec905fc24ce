import type { Usage } from '@stepfold/events';

/** A token count that a source gave. Undefined for what is no whole number ≥ 0. */
export function tokenCountOf(given: unknown): number | undefined {
  return Number.isSafeInteger(given) && (given as number) >= 0 ? (given as number) : undefined;
}

/** The sum of the counts that are there. Undefined if none is, or if it is too large to be exact. */
export function tokenSumOf(...counts: readonly (number | undefined)[]): number | undefined {
  const present = counts.filter((count) => count !== undefined);
  return present.length === 0 ? undefined : tokenCountOf(present.reduce((sum, count) => sum + count, 0));
}

/** Only the counts that are there. */
export function presentCounts(usage: { [K in keyof Usage]: Usage[K] | undefined }): Usage {
  return Object.fromEntries(Object.entries(usage).filter(([, count]) => count !== undefined)) as Usage;
}

/**
 * True if a service leaves reasoning out of its output count, which the numbers prove: there is more reasoning than
 * output, or the total is the sum of all three.
 */
export function isReasoningApart({
  input,
  output,
  total,
  reasoning = 0,
}: {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly total: number | undefined;
  readonly reasoning: number | undefined;
}): boolean {
  if (output === undefined || reasoning === 0) return false;
  return reasoning > output || (input !== undefined && total === input + output + reasoning);
}
