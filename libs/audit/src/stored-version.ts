import type { Message, StepState } from '@stepfold/fold';

/**
 * What a stored message says of itself: which prefix of which attempt it is, and where that lies. It is what
 * is in doubt, so any of its fields may hold anything. A field that makes no sense is read in the way that
 * keeps the message to be compared as a whole, which then names the field.
 */
export interface StoredVersion {
  readonly message: Message;
  /** Undefined: that of the log. */
  readonly attempt: number | undefined;
  readonly isEnded: boolean;
  /** Infinity if it makes no sense: only the end of the attempt is as far as that. */
  readonly events: number;
  /** Undefined: that of the log. */
  readonly generation: number | undefined;
  /** Undefined: somewhere on the log. */
  readonly firstOffset: number | undefined;
  readonly lastOffset: number | undefined;
}

export function readVersion(message: Message): StoredVersion {
  const log = message.log as Readonly<Record<string, unknown>> | null | undefined;
  return {
    message,
    attempt: count(message.attempt),
    isEnded: message.status !== 'open',
    // A message begins with its first event.
    events: count(message.events) || Infinity,
    generation: count(log?.['generation']),
    firstOffset: count(log?.['first_offset']),
    lastOffset: count(log?.['last_offset']),
  };
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** The attempt and prefix that the log has, as far as it was read. */
export type Reached = Pick<StepState, 'attempt' | 'status' | 'events'>;

/** Where a version stands to what the log has: before it, at the same prefix, or further. */
export function compareToLog(version: StoredVersion, reached: Reached): 'older' | 'same' | 'newer' {
  const { attempt = reached.attempt, isEnded, events } = version;
  if (attempt !== reached.attempt) return attempt < reached.attempt ? 'older' : 'newer';
  const hasEnded = reached.status !== 'open';
  if (isEnded || hasEnded) return isEnded === hasEnded ? 'same' : isEnded ? 'newer' : 'older';
  if (events === reached.events) return 'same';
  return events < reached.events ? 'older' : 'newer';
}
