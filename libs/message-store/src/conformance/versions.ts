import { revOf, type Message, type Part } from '@stepfold/fold';
import { FIRST_COLLECTION, type MessageStore, type Page, type PageOptions } from '../message-store.js';

/** Microseconds: when the steps of the tests happen. */
export const START_MICROS = 1_770_000_000_000_000;

export interface VersionFields {
  readonly chat?: string;
  readonly step?: string;
  readonly attempt?: number;
  /** Accepted events; makes the `rev` of an open version. */
  readonly events?: number;
  /** Default `open`. */
  readonly status?: Message['status'];
  readonly foldVersion?: number;
  readonly generation?: number;
  readonly firstOffset?: number;
  readonly startedAt?: number;
  readonly lastEventAt?: number;
  readonly text?: string;
  /** Anything else of the message. */
  readonly rest?: Partial<Message>;
}

/** A version of a message as the fold could make it. Its text says which version it is. */
export function version(fields: VersionFields = {}): Message {
  const { chat = 'chat', step = 'step', attempt = 0, events = 1, status = 'open' } = fields;
  const { foldVersion = 1, generation = 0, firstOffset = 0 } = fields;
  const { startedAt = START_MICROS, lastEventAt = startedAt + events } = fields;
  const isOpen = status === 'open';
  return {
    chat_id: chat,
    step_id: step,
    attempt,
    role: 'assistant',
    status,
    rev: revOf(attempt, events, isOpen),
    events,
    parts: [textPart(fields.text ?? `attempt ${attempt}, ${events} events, ${status}`)],
    started_at: startedAt,
    ...(isOpen ? {} : { ended_at: lastEventAt }),
    last_event_at: lastEventAt,
    log: {
      generation,
      topic: 'stepfold.events',
      partition: 0,
      first_offset: firstOffset,
      last_offset: firstOffset + events,
    },
    fold_version: foldVersion,
    ...fields.rest,
  };
}

export function textPart(text: string): Part {
  return { type: 'text', id: 'text-1', text, created_at: START_MICROS, first_event: 1, last_event: 1 };
}

/** Writes one version to the first collection, and answers its outcome. */
export async function writeOne(store: MessageStore, message: Message): Promise<string> {
  const [outcome] = await store.write(FIRST_COLLECTION, [message]);
  return outcome?.outcome ?? 'no outcome';
}

/** The same as a repair. */
export async function repairOne(store: MessageStore, message: Message): Promise<string> {
  const [outcome] = await store.repair(FIRST_COLLECTION, [message]);
  return outcome?.outcome ?? 'no outcome';
}

/** Reads all pages by following their cursors; `between` runs after each of them. */
export async function readAllPages<T>(
  read: (page: PageOptions) => Promise<Page<T>>,
  limit?: number,
  between: (items: readonly T[]) => Promise<void> = async () => undefined,
): Promise<T[]> {
  const items: T[] = [];
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (;;) {
    const page: Page<T> = await read({
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    await between(page.items);
    cursor = page.nextCursor;
    if (cursor === undefined) return items;
    if (cursors.has(cursor)) throw new Error(`the cursor ${cursor} was given twice`);
    cursors.add(cursor);
  }
}

export async function stepIdsOf(store: MessageStore, chatId: string, limit?: number): Promise<string[]> {
  const messages = await readAllPages((page) => store.messages(chatId, page), limit);
  return messages.map((message) => message.step_id);
}
