import type { ActivityPlace, MessagePlace } from '@stepfold/message-store';

/**
 * Every record lies in one ordered key space. A key is a table letter and its fields with NUL between
 * them. No field can hold a NUL (ids are checked before they come here), so a field ends where it seems to
 * end: the range of chat `a` holds nothing of `a.b` or `a~`. Numbers have a fixed width, so that the
 * order of bytes is the order of values.
 */
const SEPARATOR = '\0';
const ORDER_DIGITS = 20;
const NUMBER_DIGITS = 16;

type Table = 'setting' | 'head' | 'message' | 'chat' | 'chat-by-activity' | 'progress' | 'dead-letter';

const letters: Readonly<Record<Table, string>> = {
  setting: 's',
  head: 'h',
  message: 'm',
  chat: 'c',
  'chat-by-activity': 'a',
  progress: 'p',
  'dead-letter': 'd',
};

/** Keys of a range: from `start`, up to but without `end`. */
export interface KeyRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

export function settingKey(name: 'format' | 'live' | 'log'): Buffer {
  return key('setting', name);
}

/** Where the guard of a message is kept: what a version must raise, without the message itself. */
export function headKey(collection: string, chatId: string, stepId: string): Buffer {
  return key('head', collection, chatId, stepId);
}

/** Where a message is kept: in its chat, in order of `(order, step_id)`. */
export function messageKey(collection: string, chatId: string, order: bigint, stepId: string): Buffer {
  return key('message', collection, chatId, orderField(order), stepId);
}

/** All messages of a chat, or those after a place in it. */
export function messageRange(collection: string, chatId: string, after?: MessagePlace): KeyRange {
  return after === undefined
    ? rangeOf('message', collection, chatId)
    : rangeAfter(messageKey(collection, chatId, after.order, after.stepId), 'message', collection, chatId);
}

export function chatKey(chatId: string): Buffer {
  return key('chat', chatId);
}

/** The index of chats, last active first: the time counts down. */
export function activityKey(place: ActivityPlace): Buffer {
  return key('chat-by-activity', numberField(Number.MAX_SAFE_INTEGER - place.updatedAtMicros), place.chatId);
}

export function activityRange(after?: ActivityPlace): KeyRange {
  return after === undefined
    ? rangeOf('chat-by-activity')
    : rangeAfter(activityKey(after), 'chat-by-activity');
}

export function progressKey(generation: number, partition: number): Buffer {
  return key('progress', numberField(generation), numberField(partition));
}

export function progressRange(generation: number): KeyRange {
  return rangeOf('progress', numberField(generation));
}

export function deadLetterKey(id: string): Buffer {
  return key('dead-letter', id);
}

export function deadLetterRange(afterId?: string): KeyRange {
  return afterId === undefined ? rangeOf('dead-letter') : rangeAfter(deadLetterKey(afterId), 'dead-letter');
}

/** The last field of a key. */
export function lastFieldOf(keyBytes: Uint8Array): string {
  const text = Buffer.from(keyBytes).toString('utf8');
  return text.slice(text.lastIndexOf(SEPARATOR) + 1);
}

function key(table: Table, ...fields: string[]): Buffer {
  return Buffer.from([letters[table], ...fields].join(SEPARATOR), 'utf8');
}

function rangeOf(table: Table, ...fields: string[]): KeyRange {
  const prefix = key(table, ...fields);
  return { start: bytesAfter(prefix, 0x00), end: bytesAfter(prefix, 0x01) };
}

/** The rest of a range: a key with a zero byte behind it is the next one that can exist. */
function rangeAfter(last: Buffer, table: Table, ...fields: string[]): KeyRange {
  return { start: bytesAfter(last, 0x00), end: rangeOf(table, ...fields).end };
}

function bytesAfter(bytes: Buffer, last: number): Buffer {
  return Buffer.concat([bytes, Uint8Array.of(last)]);
}

function orderField(order: bigint): string {
  return order.toString().padStart(ORDER_DIGITS, '0');
}

function numberField(value: number): string {
  return String(value).padStart(NUMBER_DIGITS, '0');
}
