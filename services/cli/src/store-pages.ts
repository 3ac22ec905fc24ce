import type { Message } from '@stepfold/fold';
import type { ChatSummary, MessageStore, Page, PageOptions } from '@stepfold/message-store';

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
