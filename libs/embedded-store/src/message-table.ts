import type { Message } from '@stepfold/fold';
import {
  itemsMaxOf,
  messageCursor,
  orderOf,
  parseMessageCursor,
  type Guard,
  type Page,
  type PageOptions,
} from '@stepfold/message-store';
import { isId } from '@stepfold/events';
import type { Reads, Writes } from './database.js';
import { decodeHead, encodeHead } from './head-codec.js';
import { headKey, messageKey, messageRange } from './keys.js';
import { takePage } from './page.js';
import { decodeMessage, type StoredVersion } from './stored-version.js';

/**
 * Stores a version if the guard lets the stored one go; answers whether it did. The head is read in the transaction
 * that writes: between the two nobody else can write.
 */
export function offerMessage(
  writes: Writes,
  collection: string,
  version: StoredVersion,
  guard: Guard,
): boolean {
  const { chat_id, step_id } = version.message;
  const key = headKey(collection, chat_id, step_id);
  const bytes = writes.get(key);
  const stored = bytes === undefined ? undefined : decodeHead(bytes);
  if (!guard(stored, version.head)) return false;
  if (stored !== undefined && stored.order !== version.head.order) {
    writes.remove(messageKey(collection, chat_id, stored.order, step_id));
  }
  writes.put(messageKey(collection, chat_id, version.head.order, step_id), version.bytes);
  writes.put(key, encodeHead(version.head));
  return true;
}

export function readMessage(
  reads: Reads,
  collection: string,
  chatId: string,
  stepId: string,
): Message | undefined {
  if (!isId(chatId) || !isId(stepId)) return undefined;
  const head = reads.get(headKey(collection, chatId, stepId));
  if (head === undefined) return undefined;
  const bytes = reads.get(messageKey(collection, chatId, decodeHead(head).order, stepId));
  return bytes === undefined ? undefined : decodeMessage(bytes);
}

/** Messages of a chat in order of `(order, step_id)`. */
export function readMessages(
  reads: Reads,
  collection: string,
  chatId: string,
  page: PageOptions | undefined,
): Page<Message> {
  const itemsMax = itemsMaxOf(page);
  const after = page?.cursor === undefined ? undefined : parseMessageCursor(page.cursor);
  if (!isId(chatId)) return { items: [] };
  return takePage(
    reads.entries(messageRange(collection, chatId, after)),
    itemsMax,
    ({ value }) => ({ item: decodeMessage(value), storedBytes: value.length }),
    (message) => messageCursor({ order: orderOf(message), stepId: message.step_id }),
  );
}
