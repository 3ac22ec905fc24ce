import { Long, type Filter } from 'mongodb';
import { isId } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import {
  boundedBatches,
  guardedWrite,
  itemsMaxOf,
  messageCursor,
  parseMessageCursor,
  type Page,
  type PageOptions,
  type WriteOutcome,
} from '@stepfold/message-store';
import { raiseChats } from './chats.js';
import { decodeMessage } from './decode-message.js';
import { documentIdOf } from './encode-message.js';
import { createGuardedWritePort, type WayOfWriting } from './guarded-write-port.js';
import { offeredBytesOf, offeredVersionOf, type OfferedVersion } from './offered-version.js';
import { readPage } from './read-page.js';
import { collectionOf, type StoreConnection, type StoredDocument } from './store-connection.js';

/** Writes versions in bulks of bounded size, each with its chats behind it. */
export async function writeVersions(
  connection: StoreConnection,
  collection: string,
  versions: readonly Message[],
  way: WayOfWriting,
): Promise<readonly WriteOutcome[]> {
  const port = createGuardedWritePort(connection, way);
  const outcomes: WriteOutcome[] = [];
  for (const batch of boundedBatches(versions, offeredVersionOf, offeredBytesOf)) {
    const offered = batch.filter((version) => !('refusal' in version)) as OfferedVersion[];
    const answers = await guardedWrite(port, collection, offered);
    const settled = offered.filter((_, i) => answers[i]?.outcome !== 'refused');
    await raiseChats(
      connection,
      settled.map((version) => version.message),
    );
    let next = 0;
    for (const version of batch) {
      outcomes.push(
        'refusal' in version ? { outcome: 'refused', detail: version.refusal } : answers[next++]!,
      );
    }
  }
  return outcomes;
}

export async function readMessage(
  connection: StoreConnection,
  collection: string,
  chatId: string,
  stepId: string,
): Promise<Message | undefined> {
  if (!isId(chatId) || !isId(stepId)) return undefined;
  const document = await collectionOf(connection, collection).findOne(
    { _id: { $eq: documentIdOf(chatId, stepId) } },
    { maxTimeMS: connection.operationTimeoutMs },
  );
  return document === null ? undefined : decodeMessage(document);
}

/** Messages of a chat in order of `(order, step_id)`. */
export async function readMessages(
  connection: StoreConnection,
  collection: () => Promise<string>,
  chatId: string,
  page: PageOptions | undefined,
): Promise<Page<Message>> {
  const itemsMax = itemsMaxOf(page);
  const after = page?.cursor === undefined ? undefined : parseMessageCursor(page.cursor);
  if (!isId(chatId)) return { items: [] };
  const filter: Filter<StoredDocument> = { chat_id: { $eq: chatId } };
  if (after !== undefined) {
    const order = Long.fromBigInt(after.order);
    filter['order'] = { $gte: order };
    filter.$or = [{ order: { $gt: order } }, { step_id: { $gt: after.stepId } }];
  }
  return readPage(connection, {
    collection: await collection(),
    filter,
    sort: { order: 1, step_id: 1 },
    itemsMax,
    decode: decodeMessage,
    cursorOf: (message, document) =>
      messageCursor({ order: BigInt(String(document['order'])), stepId: message.step_id }),
  });
}
