import {
  chatCursor,
  itemsMaxOf,
  orderOf,
  parseChatCursor,
  type ChatSummary,
  type Page,
  type PageOptions,
} from '@stepfold/message-store';
import type { Message } from '@stepfold/fold';
import type { Reads, Writes } from './database.js';
import { activityKey, activityRange, chatKey, lastFieldOf } from './keys.js';
import { takePage } from './page.js';

/** A chat as it is stored: the lowest, the highest and the last of what its versions said. */
interface StoredChat {
  readonly created_at: number;
  readonly updated_at: number;
  readonly last: LastMessage;
}

interface LastMessage {
  /** Decimal text. */
  readonly order: string;
  readonly rev: number;
  readonly status: Message['status'];
}

/**
 * Takes versions into their chats. Minimum and maximum do not mind order or repetition: writers may offer
 * versions twice, late or stale, and every one of them ends with the same chat.
 */
export function raiseChats(writes: Writes, versions: readonly Message[]): void {
  const storedChats = new Map<string, StoredChat | undefined>();
  const raisedChats = new Map<string, StoredChat>();
  for (const version of versions) {
    const chatId = version.chat_id;
    if (!storedChats.has(chatId)) storedChats.set(chatId, readChat(writes, chatId));
    raisedChats.set(chatId, chatRaisedBy(raisedChats.get(chatId) ?? storedChats.get(chatId), version));
  }
  for (const [chatId, raised] of raisedChats) replaceChat(writes, chatId, storedChats.get(chatId), raised);
}

function replaceChat(
  writes: Writes,
  chatId: string,
  stored: StoredChat | undefined,
  raised: StoredChat,
): void {
  if (raised === stored) return;
  writes.put(chatKey(chatId), Buffer.from(JSON.stringify(raised)));
  if (stored?.updated_at === raised.updated_at) return;
  if (stored !== undefined) writes.remove(activityKey({ updatedAtMicros: stored.updated_at, chatId }));
  writes.put(activityKey({ updatedAtMicros: raised.updated_at, chatId }), NOTHING);
}

/** Chats, last active first; of equally active ones by `chat_id`. */
export function readChats(reads: Reads, page: PageOptions | undefined): Page<ChatSummary> {
  const after = page?.cursor === undefined ? undefined : parseChatCursor(page.cursor);
  return takePage(
    reads.keys(activityRange(after)),
    itemsMaxOf(page),
    (indexKey) => {
      const chatId = lastFieldOf(indexKey);
      const chat = readChat(reads, chatId);
      if (chat === undefined) return undefined;
      const { created_at, updated_at, last } = chat;
      const item = { chat_id: chatId, created_at, updated_at, status: last.status };
      return { item, storedBytes: CHAT_BYTES };
    },
    (chat) => chatCursor({ updatedAtMicros: chat.updated_at, chatId: chat.chat_id }),
  );
}

/** About what a chat takes: only its share of a page depends on it. */
const CHAT_BYTES = 300;

/** Values of an index say nothing that its key does not. */
const NOTHING = Buffer.alloc(0);

function readChat(reads: Reads, chatId: string): StoredChat | undefined {
  const bytes = reads.get(chatKey(chatId));
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as StoredChat);
}

/** Answers the same object if the version says nothing new. */
function chatRaisedBy(stored: StoredChat | undefined, version: Message): StoredChat {
  const last = { order: orderOf(version).toString(), rev: version.rev, status: version.status };
  if (stored === undefined) {
    return { created_at: version.started_at, updated_at: version.last_event_at, last };
  }
  const isLater = compareLast(last, stored.last) > 0;
  if (!isLater && version.started_at >= stored.created_at && version.last_event_at <= stored.updated_at) {
    return stored;
  }
  return {
    created_at: Math.min(stored.created_at, version.started_at),
    updated_at: Math.max(stored.updated_at, version.last_event_at),
    last: isLater ? last : stored.last,
  };
}

/** Field by field. The status only decides between steps without a log, and then the same way everywhere. */
function compareLast(a: LastMessage, b: LastMessage): number {
  const order = BigInt(a.order) - BigInt(b.order);
  if (order !== 0n) return order > 0n ? 1 : -1;
  if (a.rev !== b.rev) return a.rev - b.rev;
  if (a.status === b.status) return 0;
  return a.status > b.status ? 1 : -1;
}
