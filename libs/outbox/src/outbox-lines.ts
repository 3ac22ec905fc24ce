import { createEventCodec, type Event } from '@stepfold/events';
import { OpenAttempts, type OpenAttempt } from './open-attempts.js';

/**
 * A file of an outbox is lines, each of a kind that its first character says:
 *
 * - `+` number, space, event: the event as it is sent;
 * - `-` numbers between commas: these are on the log, or were refused for good;
 * - `o` JSON: an attempt that is open, of whose events some are no longer in the file.
 *
 * The process may have died while it wrote the last line, which then has no line break and counts for nothing.
 */
export const keptLine = (number: number, text: string): string => `+${number} ${text}\n`;
export const settledLine = (numbers: readonly number[]): string => `-${numbers.join(',')}\n`;
export const openLine = (attempt: OpenAttempt): string => `o${JSON.stringify(attempt)}\n`;

export interface OutboxContent {
  /** Those that are not known to be on the log, in the order in which they were taken. */
  readonly events: ReadonlyMap<number, Event>;
  readonly open: readonly OpenAttempt[];
  /** Lines that could not be read. */
  readonly damagedLines: number;
}

export function readOutboxLines(bytes: Uint8Array): OutboxContent {
  const codec = createEventCodec();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const events = new Map<number, Event>();
  const attempts = new OpenAttempts();
  let damagedLines = 0;

  function readKept(line: string): boolean {
    const [, number, text] = /^(\d+) (.*)$/s.exec(line) ?? [];
    const decoded = text === undefined ? undefined : codec.decode(new TextEncoder().encode(text));
    if (decoded?.ok !== true) return false;
    events.set(Number(number), decoded.event);
    attempts.note(decoded.event);
    return true;
  }

  function readSettled(line: string): boolean {
    if (!/^\d+(,\d+)*$/.test(line)) return false;
    for (const number of line.split(',')) events.delete(Number(number));
    return true;
  }

  function readOpen(line: string): boolean {
    const attempt = JSON.parse(line) as OpenAttempt;
    attempts.add(attempt);
    return true;
  }

  function read(line: string): boolean {
    try {
      const rest = line.slice(1);
      if (line.startsWith('+')) return readKept(rest);
      if (line.startsWith('-')) return readSettled(rest);
      return line.startsWith('o') && readOpen(rest);
    } catch {
      return false;
    }
  }

  for (let from = 0; ;) {
    const end = bytes.indexOf(0x0a, from);
    if (end < 0) break;
    let line: string | undefined;
    try {
      line = decoder.decode(bytes.subarray(from, end));
    } catch {
      line = undefined;
    }
    if (line === undefined || !read(line)) damagedLines++;
    from = end + 1;
  }
  return { events, open: attempts.all, damagedLines };
}
