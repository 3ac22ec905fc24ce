import { isId } from '@stepfold/events';
import { UsageError } from '@stepfold/runtime';
import { shownArgument } from './shown-argument.js';

/**
 * Cursors say where a page ended, in decimal text: the place of its last item. They hold no position in
 * a file, so they stay good whatever is written between two pages, in every process and for every store.
 */

/** The place of a message in its chat. */
export interface MessagePlace {
  readonly order: bigint;
  readonly stepId: string;
}

/** The place of a chat among all, last active first. */
export interface ActivityPlace {
  readonly updatedAtMicros: number;
  readonly chatId: string;
}

/** Orders are 64-bit integers with a sign, in every store. */
const ORDER_END = 2n ** 63n;
const CURSOR_PATTERN = /^(\d{1,19}):(.+)$/;

export function messageCursor(place: MessagePlace): string {
  return `${place.order}:${place.stepId}`;
}

/** @throws UsageError `bad-usage` */
export function parseMessageCursor(cursor: string): MessagePlace {
  const [digits, stepId] = fieldsOf(cursor);
  const order = BigInt(digits);
  if (order >= ORDER_END) throw badCursor(cursor);
  return { order, stepId };
}

export function chatCursor(place: ActivityPlace): string {
  return `${place.updatedAtMicros}:${place.chatId}`;
}

/** @throws UsageError `bad-usage` */
export function parseChatCursor(cursor: string): ActivityPlace {
  const [updatedAt, chatId] = fieldsOf(cursor);
  const updatedAtMicros = Number(updatedAt);
  if (!Number.isSafeInteger(updatedAtMicros)) throw badCursor(cursor);
  return { updatedAtMicros, chatId };
}

/** The cursor of dead letters is the id of the last one. @throws UsageError `bad-usage` */
export function parseDeadLetterCursor(cursor: string): string {
  if (!isDeadLetterId(cursor)) throw badCursor(cursor);
  return cursor;
}

/** Ids of dead letters are `topic:partition:offset`; whatever can be a key is taken. */
export function isDeadLetterId(id: unknown): id is string {
  return typeof id === 'string' && id.length > 0 && id.length <= 400 && !id.includes('\0');
}

function fieldsOf(cursor: string): [digits: string, id: string] {
  const match = typeof cursor === 'string' ? CURSOR_PATTERN.exec(cursor) : null;
  if (match === null || !isId(match[2])) throw badCursor(cursor);
  return [match[1]!, match[2]];
}

function badCursor(cursor: unknown): UsageError {
  return new UsageError(
    'bad-usage',
    `The cursor ${shownArgument(cursor)} is not one that this store gave out: pass \`nextCursor\` of the page before, unchanged.`,
  );
}
