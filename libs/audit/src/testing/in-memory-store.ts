import type { Message } from '@stepfold/fold';
import {
  FIRST_COLLECTION,
  orderOf,
  type ChatSummary,
  type DeadLetter,
  type GenerationClaim,
  type MessageStore,
  type Page,
  type PageOptions,
  type Progress,
  type WriteOutcome,
} from '@stepfold/message-store';

/** Messages and progress in maps, for tests. Takes everything that it is given: a test decides what is stored. */
export class InMemoryStore implements MessageStore {
  readonly #messages = new Map<string, Message>();
  readonly #progress = new Map<string, Progress>();
  /** Runs before every call. */
  onCall: () => void = () => undefined;
  lookups = 0;

  /** Puts a message, as the record of a version would bring it, in the place of its ids or of others. */
  put(message: Message, chatId = message.chat_id, stepId = message.step_id): void {
    this.#messages.set(`${chatId}:${stepId}`, JSON.parse(JSON.stringify(message)) as Message);
  }

  get(chatId: string, stepId: string): Message | undefined {
    return this.#messages.get(`${chatId}:${stepId}`);
  }

  remove(chatId: string, stepId: string): void {
    this.#messages.delete(`${chatId}:${stepId}`);
  }

  all(): Message[] {
    return [...this.#messages.values()];
  }

  setProgress(foldedTo: number, partition = 0, generation = 0): void {
    this.#progress.set(`${generation}:${partition}`, { generation, partition, folded_to: foldedTo });
  }

  write(_collection: string, versions: readonly Message[]): Promise<readonly WriteOutcome[]> {
    for (const message of versions) this.put(message);
    return Promise.resolve(versions.map(() => ({ outcome: 'applied' })));
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

  writeDeadLetters(): Promise<void> {
    return Promise.resolve();
  }

  deadLetters(): Promise<Page<DeadLetter>> {
    return Promise.resolve({ items: [] });
  }

  liveCollection(): Promise<string> {
    return Promise.resolve(FIRST_COLLECTION);
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
