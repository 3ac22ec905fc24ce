import type { Message } from '@stepfold/fold';
import {
  FIRST_COLLECTION,
  orderOf,
  type DeadLetter,
  type GenerationClaim,
  type Progress,
  type ReplaceAnswer,
  type UpsertAnswer,
} from '@stepfold/message-store';
import type { SeededChance } from '../support/chance.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';

/** A version that took the place of another, or the first one. */
export interface WriteFact {
  readonly ordinal: number;
  readonly by: string;
  readonly collection: string;
  readonly id: string;
  readonly message: Message;
  readonly before: Message | undefined;
}

export interface ProgressFact {
  readonly ordinal: number;
  readonly by: string;
  readonly progress: Progress;
}

export interface StoreOptions {
  /** Probability that an upsert is interrupted between its look and its insert, and for how long at most. */
  readonly raceProbability: number;
  readonly raceMs: number;
  /** Probability that the operations of a batch happen at different times, and within which time. */
  readonly spreadProbability: number;
  readonly spreadMs: number;
  /** Probability that a batch fails when only some of it has happened. */
  readonly partialProbability: number;
}

/** True if a stored version lets the offered one take its place. */
export type Guard = (stored: Message, offered: Message) => boolean;

export const guard: Guard = (stored, offered) =>
  stored.rev < offered.rev ||
  (stored.rev === offered.rev &&
    stored.fold_version < offered.fold_version &&
    orderOf(stored) >= orderOf(offered));

/** The same for a repair: an equal version takes the place of the stored one too. */
export const repairGuard: Guard = (stored, offered) =>
  guard(stored, offered) ||
  (stored.rev === offered.rev &&
    stored.fold_version === offered.fold_version &&
    orderOf(stored) >= orderOf(offered));

/**
 * The store itself. Documents change one at a time, and an upsert is two acts: it looks for a document
 * that its guard lets go, and if there is none it inserts, which fails if the id is there by then.
 */
export class StoreServer {
  readonly writes: WriteFact[] = [];
  readonly progressFacts: ProgressFact[] = [];
  readonly switches: { readonly ordinal: number; readonly to: string }[] = [];
  readonly letters = new Map<string, DeadLetter>();
  readonly letterOrdinals = new Map<string, number>();
  readonly progress = new Map<number, Progress>();
  live = FIRST_COLLECTION;
  /** What is registered of the log. */
  generation: GenerationClaim | undefined;
  /** Called when an upsert of somebody pauses between its look and its insert: a moment for misfortune. */
  onPause: (by: string) => void = () => undefined;
  /** Set to a looser one to see whether that is noticed. */
  guard: Guard = guard;
  /** Upserts between their look and their insert, by collection and id. */
  readonly #pausing = new Map<string, () => void>();
  readonly #collections = new Map<string, Map<string, Message>>();

  constructor(
    readonly scheduler: Scheduler,
    readonly trace: Trace,
    readonly chance: SeededChance,
    public options: StoreOptions,
  ) {}

  collection(name: string): Map<string, Message> {
    let found = this.#collections.get(name);
    if (found === undefined) {
      found = new Map();
      this.#collections.set(name, found);
    }
    return found;
  }

  upsert(
    by: string,
    name: string,
    message: Message,
    answer: (answer: UpsertAnswer) => void,
    lets: Guard,
  ): void {
    const refusal = refusalOf(message);
    if (refusal !== undefined) {
      answer({ answer: 'refused', detail: refusal });
      return;
    }
    const stored = this.collection(name).get(idOf(message));
    if (stored !== undefined && lets(stored, message)) {
      this.#put(by, name, message);
      answer({ answer: 'written' });
      return;
    }
    const insert = (): void => {
      if (this.collection(name).has(idOf(message))) {
        answer({ answer: 'duplicate' });
      } else {
        this.#put(by, name, message);
        answer({ answer: 'written' });
      }
    };
    const place = `${name}/${idOf(message)}`;
    // Another one has looked too, and has not inserted yet: it does so now, between our look and our insert.
    this.#pausing.get(place)?.();
    if (stored === undefined && this.chance.isTrue(this.options.raceProbability)) {
      let isDone = false;
      const goOn = (): void => {
        if (isDone) return;
        isDone = true;
        if (this.#pausing.get(place) === goOn) this.#pausing.delete(place);
        insert();
      };
      this.#pausing.set(place, goOn);
      this.onPause(by);
      this.scheduler.schedule(this.chance.fraction() * this.options.raceMs, goOn);
    } else {
      insert();
    }
  }

  replace(by: string, name: string, message: Message, lets: Guard): ReplaceAnswer {
    const refusal = refusalOf(message);
    if (refusal !== undefined) return { answer: 'refused', detail: refusal };
    const stored = this.collection(name).get(idOf(message));
    if (stored === undefined || !lets(stored, message)) return { answer: 'unmatched' };
    this.#put(by, name, message);
    return { answer: 'matched' };
  }

  /** Runs one act for each of a batch, at once or spread over some time; of a partial batch only some. */
  batch(count: number, act: (index: number) => void): 'whole' | 'partial' {
    const isSpread = this.chance.isTrue(this.options.spreadProbability);
    const isPartial = this.chance.isTrue(this.options.partialProbability);
    for (let index = 0; index < count; index++) {
      if (isPartial && this.chance.below(2) === 0) continue;
      if (isSpread) {
        this.scheduler.schedule(this.chance.fraction() * this.options.spreadMs, () => act(index));
      } else {
        act(index);
      }
    }
    return isPartial ? 'partial' : 'whole';
  }

  raiseProgress(by: string, progress: Progress): void {
    this.#note(`${by} raises progress of ${progress.partition} to ${progress.folded_to}`);
    this.progressFacts.push({ ordinal: this.scheduler.ordinal, by, progress });
    const stored = this.progress.get(progress.partition);
    if (stored === undefined || stored.folded_to < progress.folded_to) {
      this.progress.set(progress.partition, { ...progress });
    }
  }

  writeDeadLetters(by: string, letters: readonly DeadLetter[]): void {
    for (const letter of letters) {
      if (this.letters.has(letter.id)) continue;
      this.#note(`${by} stores dead letter ${letter.id} ${letter.reason}`);
      this.letters.set(letter.id, letter);
      this.letterOrdinals.set(letter.id, this.scheduler.ordinal);
    }
  }

  /** Copies the live messages into another collection and makes that the live one, in one moment. */
  switchTo(name: string): void {
    this.#note(`${name} becomes the live collection`);
    for (const [id, message] of this.collection(this.live)) this.collection(name).set(id, message);
    this.live = name;
    this.switches.push({ ordinal: this.scheduler.ordinal, to: name });
  }

  #put(by: string, collection: string, message: Message): void {
    const id = idOf(message);
    const documents = this.collection(collection);
    this.#note(`${by} writes ${collection} ${id} rev ${message.rev}`);
    this.writes.push({
      ordinal: this.scheduler.ordinal,
      by,
      collection,
      id,
      message,
      before: documents.get(id),
    });
    documents.set(id, message);
  }

  #note(line: string): void {
    this.trace.note(this.scheduler.nowMs, line);
  }
}

/** Steps whose id says so are against a rule of the store. */
export const REFUSED_PREFIX = 'refused-';

function refusalOf(message: Message): string | undefined {
  return message.step_id.startsWith(REFUSED_PREFIX) ? 'against a rule of the store' : undefined;
}

export function idOf(message: Pick<Message, 'chat_id' | 'step_id'>): string {
  return `${message.chat_id}:${message.step_id}`;
}
