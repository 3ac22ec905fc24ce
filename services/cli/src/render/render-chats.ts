import type { ChatSummary } from '@stepfold/message-store';
import { formatAge } from './format-duration.js';
import { plainLine } from './plain-text.js';
import type { Screen } from './screen.js';
import { shownStamp, statusLook } from './step-head.js';
import { columnsOf } from './text-columns.js';
import { createTextTable } from './text-table.js';

const AGE_COLUMNS = 11;
const MINUTE_COLUMNS = 16;
const STATUS_COLUMNS = 11;
/** What stands before the id of a chat, each column with its gap. */
const ID_BEGINS = AGE_COLUMNS + MINUTE_COLUMNS + STATUS_COLUMNS + 3 * 2;

/**
 * How chats are listed: a head, and a line for each. The columns are known before the first chat is. An id is
 * never cut, because it is what the next command takes: one that has no room gets a line of its own.
 */
export interface ChatLines {
  readonly head: string;
  readonly line: (chat: ChatSummary) => string;
}

/** @param nowMicros what ages are counted to */
export function createChatLines(nowMicros: number, screen: Screen): ChatLines {
  const table = createTextTable(
    [
      { title: 'active', columnsMin: AGE_COLUMNS, columnsMax: AGE_COLUMNS },
      { title: 'created (UTC)', columnsMin: MINUTE_COLUMNS, columnsMax: MINUTE_COLUMNS },
      { title: 'status', columnsMin: STATUS_COLUMNS, columnsMax: STATUS_COLUMNS },
      { title: 'chat', columnsMax: Infinity, isFlexible: true },
    ],
    [],
    screen,
  );
  return {
    head: table.head,
    line: ({ chat_id, created_at, updated_at, status }) => {
      const id = plainLine(chat_id);
      const fits = ID_BEGINS + columnsOf(id) <= screen.width;
      const line = table.line([
        // Stamps are of other machines, whose clocks may be ahead.
        { text: updated_at > nowMicros ? 'clock ahead' : `${formatAge(nowMicros - updated_at)} ago` },
        { text: shownStamp(created_at).slice(0, MINUTE_COLUMNS) },
        { text: status, look: statusLook(status) },
        { text: fits ? id : '' },
      ]);
      return fits ? line : `${line}\n  ${id}`;
    },
  };
}
