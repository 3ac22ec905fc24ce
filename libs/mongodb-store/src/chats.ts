import { Long, type Filter } from 'mongodb';
import type { Message } from '@stepfold/fold';
import {
  chatCursor,
  itemsMaxOf,
  orderOf,
  parseChatCursor,
  type ChatSummary,
  type Page,
  type PageOptions,
} from '@stepfold/message-store';
import { settleBulk, type BulkOperation } from './bulk.js';
import { readPage } from './read-page.js';
import {
  collectionOf,
  ownCollections,
  type StoreConnection,
  type StoredDocument,
} from './store-connection.js';

/** What the versions of one batch say of a chat. */
interface ChatSaid {
  createdAt: number;
  updatedAt: number;
  last: LastMessage;
}

interface LastMessage {
  readonly order: bigint;
  readonly rev: number;
  readonly status: Message['status'];
}

/**
 * Takes versions into their chats, stale ones too. Minimum and maximum do not mind order or repetition: writers may
 * offer versions twice, late or at the same time, and every one of them ends with the same chat.
 */
export async function raiseChats(connection: StoreConnection, versions: readonly Message[]): Promise<void> {
  const chats = new Map<string, ChatSaid>();
  for (const version of versions) {
    const said = chats.get(version.chat_id);
    if (said === undefined) chats.set(version.chat_id, saidBy(version));
    else addTo(said, version);
  }
  if (chats.size === 0) return;
  const sorted = [...chats].sort(([a], [b]) => (a < b ? -1 : 1));
  const operations = sorted.map(([chatId, said]) => raiseOf(chatId, said));
  await settleRepeatable(connection, operations);
}

/** Two writers that make a chat at the same time get in each other's way once; then it is there. */
async function settleRepeatable(
  connection: StoreConnection,
  operations: readonly BulkOperation[],
): Promise<void> {
  const collection = collectionOf(connection, ownCollections.chats);
  const { outcomes } = await settleBulk(connection, collection, operations);
  const again = operations.filter((_, i) => outcomes[i] === 'duplicate-id');
  if (again.length > 0) await settleBulk(connection, collection, again);
}

/** The `last` of a chat is compared as a whole, field by field: order, rev, and of messages without a log the status. */
function raiseOf(chatId: string, said: ChatSaid): BulkOperation {
  const { order, rev, status } = said.last;
  return {
    updateOne: {
      filter: { _id: chatId },
      update: {
        $min: { created_at: dateOf(said.createdAt), created_us: Long.fromNumber(said.createdAt) },
        $max: {
          updated_at: dateOf(said.updatedAt),
          updated_us: Long.fromNumber(said.updatedAt),
          last: { order: Long.fromBigInt(order), rev: Long.fromNumber(rev), status },
        },
      },
      upsert: true,
    },
  };
}

/** Chats, last active first; of equally active ones by `chat_id`. */
export function readChats(
  connection: StoreConnection,
  page: PageOptions | undefined,
): Promise<Page<ChatSummary>> {
  const itemsMax = itemsMaxOf(page);
  const after = page?.cursor === undefined ? undefined : parseChatCursor(page.cursor);
  const filter: Filter<StoredDocument> = {};
  if (after !== undefined) {
    const micros = Long.fromNumber(after.updatedAtMicros);
    filter['updated_us'] = { $lte: micros };
    filter.$or = [{ updated_us: { $lt: micros } }, { _id: { $gt: after.chatId } }];
  }
  return readPage(connection, {
    collection: ownCollections.chats,
    filter,
    sort: { updated_us: -1, _id: 1 },
    itemsMax,
    decode: summaryOf,
    cursorOf: (chat) => chatCursor({ updatedAtMicros: chat.updated_at, chatId: chat.chat_id }),
  });
}

function summaryOf(document: StoredDocument): ChatSummary {
  const { created_us, updated_us, last } = document;
  return {
    chat_id: document._id,
    created_at: Number(created_us),
    updated_at: Number(updated_us),
    status: (last as LastMessage).status,
  };
}

function saidBy(version: Message): ChatSaid {
  return { createdAt: version.started_at, updatedAt: version.last_event_at, last: lastOf(version) };
}

function addTo(said: ChatSaid, version: Message): void {
  said.createdAt = Math.min(said.createdAt, version.started_at);
  said.updatedAt = Math.max(said.updatedAt, version.last_event_at);
  const last = lastOf(version);
  if (isLater(last, said.last)) said.last = last;
}

function lastOf(version: Message): LastMessage {
  return { order: orderOf(version), rev: version.rev, status: version.status };
}

function isLater(a: LastMessage, b: LastMessage): boolean {
  if (a.order !== b.order) return a.order > b.order;
  return a.rev === b.rev ? a.status > b.status : a.rev > b.rev;
}

function dateOf(micros: number): Date {
  return new Date(Math.floor(micros / 1_000));
}
