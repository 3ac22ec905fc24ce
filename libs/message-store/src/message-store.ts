import type { DeadLetterCode } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import type { GenerationClaim } from './generation-claim.js';

/**
 * Where messages are kept for readers. Every write can be repeated and reordered: the store takes what
 * raises a message and refuses the rest, so that no writer needs a lock or a transaction.
 *
 * What every adapter guarantees, and the conformance suite checks:
 *
 * 1. **Guarded.** A version is taken if there is none of its message, if its `rev` is higher, or if `rev`
 *    is equal, its `fold_version` is higher and the stored `order` is not lower than its own.
 *    Two writers that race end with the version that would have won alone. Only `repair` takes an equal one too.
 * 2. **Whole.** A reader sees one version of a message, never a mixture of two. What a version lacks is absent.
 * 3. **Durable.** What has been answered survives the death of any process at any moment.
 * 4. **Exact.** A message is given back equal to the one that was written.
 *
 * Not its job: to choose the highest of several versions of one message (callers pass one), to retry.
 */
export interface MessageStore extends AsyncDisposable {
  /**
   * Offers versions of messages, at most one of each message, to a collection (an id), and updates the chats that
   * they belong to: of those taken and of those that were stale (a repeated batch must repeat it).
   * Answers one outcome for each version, in order. One that is refused harms no other.
   * @throws TransientError if the store is away, full or read-only; nothing is known, repeating is safe
   */
  write(collection: string, versions: readonly Message[]): Promise<readonly WriteOutcome[]>;

  /**
   * As `write`, but a version also takes the place of one of the same `rev` and `fold_version`, of which it must be
   * a fresh fold from the log: so what damaged the stored content is undone, and what the store derives from a message
   * (its order, dates, chats) is made again. A version of a higher `rev`, or of a higher `fold_version` at the same
   * `rev`, is never replaced, nor one of an earlier opening of the same attempt: `stale`. So it may race with any writer.
   *
   * What it cannot mend: a stored `rev` or `fold_version` that is higher than what the log yields cannot be told from a
   * newer version, nor a stored `order` that is lower from an earlier opening; one that is no number has no rank
   * at all. They stay, for `verify` to report. Of a chat it only lowers `created_at` and raises the rest, as any write.
   * @throws TransientError if the store is away, full or read-only; nothing is known, repeating is safe
   */
  repair(collection: string, versions: readonly Message[]): Promise<readonly WriteOutcome[]>;

  /**
   * The messages of a chat in order of `(order, step_id)`, from the live collection.
   * An unknown chat has none.
   * @throws TransientError
   * @throws UsageError `bad-usage` if cursor or limit is none; the other pages likewise
   */
  messages(chatId: string, page?: PageOptions): Promise<Page<Message>>;

  /** One message from the live collection, or undefined. @throws TransientError */
  message(chatId: string, stepId: string): Promise<Message | undefined>;

  /** Chats, last active first. @throws TransientError */
  chats(page?: PageOptions): Promise<Page<ChatSummary>>;

  /** Raises the stored progress of a partition; never lowers it. @throws TransientError */
  raiseProgress(progress: Progress): Promise<void>;

  /** The stored progress of every partition of a generation. @throws TransientError */
  progress(generation: number): Promise<readonly Progress[]>;

  /** Stores dead letters by `id`; one that is there already is left alone. @throws TransientError */
  writeDeadLetters(letters: readonly DeadLetter[]): Promise<void>;

  /** Dead letters in order of `id`. @throws TransientError */
  deadLetters(page?: PageOptions): Promise<Page<DeadLetter>>;

  /** The name of the collection that readers read and writers write. @throws TransientError */
  liveCollection(): Promise<string>;

  /**
   * Makes `to` the live collection if `from` is it; answers whether it was. @throws TransientError
   */
  switchLiveCollection(from: string, to: string): Promise<boolean>;

  /**
   * Registers the partition count of a log generation, so that processes that find another one can refuse to
   * start. Answers what is registered afterwards, which is the same for everybody: a claim of a higher generation
   * than the one known replaces it, one of an equal or lower generation changes nothing. It is durable when it
   * is answered. What a difference means is the caller's to say.
   * @throws TransientError
   * @throws UsageError `bad-usage` if generation or count cannot be one
   */
  claimGeneration(claim: GenerationClaim): Promise<GenerationClaim>;

  close(): Promise<void>;
}

/** The collection that is live until somebody switches. */
export const FIRST_COLLECTION = 'messages';

export type WriteOutcome =
  | { readonly outcome: 'applied' }
  /** The store has this version or a later one. */
  | { readonly outcome: 'stale' }
  /** This version can never be stored: too large, or refused by a rule of the store. */
  | { readonly outcome: 'refused'; readonly detail: string };

export interface PageOptions {
  /**
   * At most this many, a whole number of 1 or more. Default 100. A page may hold fewer although there are
   * more, because of its bytes: `nextCursor` says.
   */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Present if there may be more. */
  readonly nextCursor?: string;
}

export interface ChatSummary {
  readonly chat_id: string;
  /** Microseconds: the lowest `started_at` of its messages. */
  readonly created_at: number;
  /** Microseconds: the highest `last_event_at` of its messages. */
  readonly updated_at: number;
  /** Status of the message that comes last in order. */
  readonly status: Message['status'];
}

/** Everything made from the events of a partition before `folded_to` has been stored. */
export interface Progress {
  readonly generation: number;
  readonly partition: number;
  readonly folded_to: number;
}

export interface DeadLetter {
  /** `topic:partition:offset` of the original record. */
  readonly id: string;
  readonly stage: 'projector' | 'writer';
  readonly reason: DeadLetterCode;
  readonly detail: string;
  readonly chat_id?: string;
  readonly step_id?: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Microseconds: when the stage gave the record up. */
  readonly at: number;
}

/**
 * The position of a step in its chat: log generation · 2^48 + first offset of its attempt.
 * A message without a log (a fold of a file) has order 0.
 */
export function orderOf(message: Pick<Message, 'log'>): bigint {
  return message.log === undefined
    ? 0n
    : (BigInt(message.log.generation) << 48n) + BigInt(message.log.first_offset);
}
