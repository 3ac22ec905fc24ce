import type { CommittedPosition } from '@stepfold/event-log';

/**
 * What a projector commits. A restart reads from `lowWaterMark`, and makes nothing from events before
 * `foldedTo`: that has been made.
 */
export interface Checkpoint {
  /** The first event of the oldest open step, or `foldedTo` if no step is open. */
  readonly lowWaterMark: number;
  /** Everything made from events before this offset has been acknowledged. */
  readonly foldedTo: number;
}

export function encodeCheckpoint(checkpoint: Checkpoint): CommittedPosition {
  return {
    nextOffset: checkpoint.lowWaterMark,
    metadata: JSON.stringify({ folded_to: checkpoint.foldedTo }),
  };
}

/**
 * Reads a committed position. Where its metadata is lost or not ours, `foldedTo` is the low-water mark:
 * that costs versions and dead letters made twice, never a wrong message.
 */
export function decodeCheckpoint(position: CommittedPosition | undefined): Checkpoint {
  const lowWaterMark = position?.nextOffset ?? 0;
  let foldedTo: unknown;
  try {
    foldedTo = (JSON.parse(position?.metadata ?? '') as { folded_to?: unknown }).folded_to;
  } catch {
    foldedTo = undefined;
  }
  const isKnown = Number.isSafeInteger(foldedTo) && (foldedTo as number) >= lowWaterMark;
  return { lowWaterMark, foldedTo: isKnown ? (foldedTo as number) : lowWaterMark };
}
