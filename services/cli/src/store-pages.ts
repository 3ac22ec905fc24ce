import type { Message } from '@stepfold/fold';
import {
  isDeadLetterId,
  type ChatSummary,
  type DeadLetter,
  type MessageStore,
  type Page,
  type PageOptions,
} from '@stepfold/message-store';
import { UsageError } from '@stepfold/runtime';
import { cutText } from './render/plain-text.js';

/** Everything on the pages of a query, one page in memory at a time. */
async function* itemsOf<T>(
  readPage: (page: PageOptions) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  do {
    const page: Page<T> = await readPage(cursor === undefined ? {} : { cursor });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** The messages of a chat, in order. @throws TransientError */
export function messagesOf(store: MessageStore, chatId: string): AsyncGenerator<Message, void, undefined> {
  return itemsOf((page) => store.messages(chatId, page));
}

/** All chats, last active first. @throws TransientError */
export function chatsOf(store: MessageStore): AsyncGenerator<ChatSummary, void, undefined> {
  return itemsOf((page) => store.chats(page));
}

/** All stored dead letters, in order of their ids. @throws TransientError */
export function deadLettersOf(store: MessageStore): AsyncGenerator<DeadLetter, void, undefined> {
  return itemsOf((page) => store.deadLetters(page));
}

/**
 * The stored dead letter of an id.
 * @throws UsageError `bad-usage` if there is none
 * @throws TransientError
 */
export async function requireDeadLetter(store: MessageStore, id: string): Promise<DeadLetter> {
  const isOne = isDeadLetterId(id) && /:\d+:\d+$/.test(id);
  const { items } = isOne ? await store.deadLetters({ limit: 1, cursor: placeBefore(id) }) : { items: [] };
  const letter = items.find((each) => each.id === id);
  if (letter !== undefined) return letter;
  const shown = cutText(id, 300);
  throw new UsageError(
    'bad-usage',
    `no dead letter ${shown} is stored (\`stepfold dead-letters list\` prints the ids)`,
  );
}

/** A cursor right before an id, which ends with a digit: of what may stand in its place, `~` is behind all of a lower one. */
function placeBefore(id: string): string {
  return `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(id.length - 1) - 1)}~`;
}
