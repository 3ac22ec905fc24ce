import type { Message } from '@stepfold/fold';
import type { MessageStore } from '@stepfold/message-store';

/** Every message of a store whose chat is asked for. */
export async function storedMessages(store: MessageStore, chatPrefix: string): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (let cursor: string | undefined; ;) {
    const chats = await store.chats({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { chat_id } of chats.items) {
      if (chat_id.startsWith(chatPrefix)) messages.push(...(await messagesOf(store, chat_id)));
    }
    cursor = chats.nextCursor;
    if (cursor === undefined) return messages;
  }
}

async function messagesOf(store: MessageStore, chatId: string): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await store.messages(chatId, { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    messages.push(...page.items);
    cursor = page.nextCursor;
    if (cursor === undefined) return messages;
  }
}
