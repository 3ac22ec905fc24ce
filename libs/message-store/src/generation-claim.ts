import { UsageError } from '@stepfold/runtime';

/** The partition count of a log generation, as it is registered in the store. */
export interface GenerationClaim {
  /** 0…32,767; raised by the operator when topics are created anew. */
  readonly generation: number;
  /** 1 or more. */
  readonly partition_count: number;
}

const GENERATION_MAX = 32_767;

/** What is registered after a claim: the first of the highest generation. It never goes back. */
export function registeredAfter(
  stored: GenerationClaim | undefined,
  claim: GenerationClaim,
): GenerationClaim {
  return stored === undefined || claim.generation > stored.generation ? claim : stored;
}

/** @throws UsageError `bad-usage` if a claim holds anything but a generation and a count */
export function requireGenerationClaim(claim: GenerationClaim): void {
  const { generation, partition_count } = claim;
  if (!isWholeFrom(generation, 0) || generation > GENERATION_MAX) {
    throw new UsageError('bad-usage', `A log generation is a whole number up to ${GENERATION_MAX}.`);
  }
  if (!isWholeFrom(partition_count, 1)) {
    throw new UsageError('bad-usage', 'The number of partitions is a whole number of at least 1.');
  }
}

function isWholeFrom(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
