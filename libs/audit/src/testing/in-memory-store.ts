import type { Message } from '@stepfold/fold';
import {
  FIRST_COLLECTION,
  headOf,
  isRaisedBy,
  isRepairedBy,
  orderOf,
  type ChatSummary,
  type DeadLetter,
  type GenerationClaim,
  type Guard,
  type Head,
  type MessageStore,
  type Page,
  type PageOptions,
  type Progress,
  type WriteOutcome,
} from '@stepfold/message-store';

/** Messages, progress and dead letters in maps, for tests, which may also put into it what no writer would. */
export class InMemoryStore implements MessageStore {
  readonly #messages = new Map<string, Message>();
  /** What the guard compares, apart from the messages: damage to a message leaves its rank as it was. */
  readonly #heads = new Map<string, Head>();
  readonly #progress = new Map<string, Progress>();
  readonly #letters: DeadLetter[] = [];
  /** Answers why a version can never be stored, if it is to be refused. */
  refusal: (version: Message) => string | undefined = () => undefined;
  /** Names of the live collection, one for each time that it is asked for; the last one stays. */
  liveNames: string[] = [FIRST_COLLECTION];
  /** The collections of all writes and repairs, in turn. */
  readonly writtenTo: string[] = [];
  /** Runs before every call. */
  onCall: () => void = () => undefined;
  lookups = 0;

  /** Puts a message, as the record of a version would bring it, in the place of its ids or of others. */
  put(message: Message, chatId = message.chat_id, stepId = message.step_id): void {
    this.damage(message, chatId, stepId);
    const { rev, fold_version: foldVersion } = message;
    this.#heads.set(`${chatId}:${stepId}`, { rev, foldVersion, order: orderIfAny(message) });
  }

  /** Changes what is stored of a message and leaves its rank: what a fault of a disk or of a person does. */
  damage(message: Message, chatId = message.chat_id, stepId = message.step_id): void {
    this.#messages.set(`${chatId}:${stepId}`, JSON.parse(JSON.stringify(message)) as Message);
  }

  get(chatId: string, stepId: string): Message | undefined {
    return this.#messages.get(`${chatId}:${stepId}`);
  }

  remove(chatId: string, stepId: string): void {
    this.#messages.delete(`${chatId}:${stepId}`);
    this.#heads.delete(`${chatId}:${stepId}`);
  }

  all(): Message[] {
    return [...this.#messages.values()];
  }

  setProgress(foldedTo: number, partition = 0, generation = 0): void {
    this.#progress.set(`${generation}:${partition}`, { generation, partition, folded_to: foldedTo });
  }

  write(collection: string, versions: readonly Message[]): Promise<readonly WriteOutcome[]> {
    return this.#offer(collection, versions, isRaisedBy);
  }

  repair(collection: string, versions: readonly Message[]): Promise<readonly WriteOutcome[]> {
    return this.#offer(collection, versions, isRepairedBy);
  }

  #offer(collection: string, versions: readonly Message[], guard: Guard): Promise<readonly WriteOutcome[]> {
    this.onCall();
    this.writtenTo.push(collection);
    const outcomes = versions.map((message): WriteOutcome => {
      const detail = this.refusal(message);
      if (detail !== undefined) return { outcome: 'refused', detail };
      if (!guard(this.#heads.get(`${message.chat_id}:${message.step_id}`), headOf(message))) {
        return { outcome: 'stale' };
      }
      this.put(message);
      return { outcome: 'applied' };
    });
    return Promise.resolve(outcomes);
  }

  messages(chatId: string, page?: PageOptions): Promise<Page<Message>> {
    this.onCall();
    const ofChat = [...this.#messages]
      .filter(([key]) => key.startsWith(`${chatId}:`))
      .map(([key, message]) => ({ key, message }));
    ofChat.sort((a, b) => (a.key < b.key ? -1 : 1));
    ofChat.sort((a, b) => Number(orderIfAny(a.message) - orderIfAny(b.message)));
    return Promise.resolve(
      pageOf(
        ofChat.map(({ message }) => message),
        page,
      ),
    );
  }

  message(chatId: string, stepId: string): Promise<Message | undefined> {
    this.onCall();
    this.lookups++;
    return Promise.resolve(this.get(chatId, stepId));
  }

  chats(page?: PageOptions): Promise<Page<ChatSummary>> {
    this.onCall();
    const ids = [...new Set([...this.#messages.keys()].map((key) => key.slice(0, key.indexOf(':'))))];
    const summaries = ids.map((chat_id) => ({
      chat_id,
      created_at: 0,
      updated_at: 0,
      status: 'open' as const,
    }));
    return Promise.resolve(pageOf(summaries, page));
  }

  raiseProgress(progress: Progress): Promise<void> {
    this.setProgress(progress.folded_to, progress.partition, progress.generation);
    return Promise.resolve();
  }

  progress(generation: number): Promise<readonly Progress[]> {
    this.onCall();
    return Promise.resolve([...this.#progress.values()].filter((each) => each.generation === generation));
  }

  writeDeadLetters(letters: readonly DeadLetter[]): Promise<void> {
    this.#letters.push(...letters);
    return Promise.resolve();
  }

  deadLetters(): Promise<Page<DeadLetter>> {
    return Promise.resolve({ items: this.#letters });
  }

  liveCollection(): Promise<string> {
    const [name] = this.liveNames.length > 1 ? this.liveNames.splice(0, 1) : this.liveNames;
    return Promise.resolve(name!);
  }

  switchLiveCollection(): Promise<boolean> {
    return Promise.resolve(false);
  }

  claimGeneration(claim: GenerationClaim): Promise<GenerationClaim> {
    return Promise.resolve(claim);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A message that was tampered with may have no place. */
function orderIfAny(message: Message): bigint {
  try {
    return orderOf(message);
  } catch {
    return 0n;
  }
}

/** Pages of two, so that every walk has to turn them. */
function pageOf<T>(items: readonly T[], page: PageOptions = {}): Page<T> {
  const start = Number(page.cursor ?? 0);
  const end = start + Math.min(page.limit ?? 2, 2);
  return { items: items.slice(start, end), ...(end < items.length ? { nextCursor: String(end) } : {}) };
}
