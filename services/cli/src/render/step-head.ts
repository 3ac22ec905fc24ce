import { formatStamp } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { spanMicros, stepMicros } from './durations.js';
import { counted } from './counted.js';
import { formatDuration } from './format-duration.js';
import { cutText } from './plain-text.js';
import type { Look, Screen } from './screen.js';

const statusLooks: { readonly [K in Message['status']]: Look } = {
  open: 'text',
  complete: 'good',
  interrupted: 'warning',
  failed: 'failure',
};

/** How a step or a chat with this status looks. */
export function statusLook(status: Message['status']): Look {
  return statusLooks[status];
}

/** The line that names a chat and says how much there is of it. */
export function chatHead(chatId: string, messages: readonly Message[], { width, paint }: Screen): string {
  if (messages.length === 0) return cutText(`chat ${chatId}: no messages`, width);
  return paint(
    'heading',
    cutText(`chat ${chatId} · ${counted(messages.length, 'message')} · times are UTC`, width),
  );
}

/** Two lines about a step: when it was, how it ended and how long it took; then which one it is. */
export function stepHead(message: Message, { width, paint }: Screen): readonly string[] {
  const micros = stepMicros(message);
  const firstOutput = spanMicros(message.started_at, message.first_output_at);
  const first = cutText(
    joined([
      `${shownStamp(message.started_at)}  ${message.role}`,
      message.status === 'complete' ? undefined : message.status,
      micros === undefined || micros === 0 ? undefined : formatDuration(micros),
    ]),
    width,
  );
  const second = joined([
    `step ${message.step_id}`,
    message.attempt > 0 ? `attempt ${message.attempt} (a retry)` : undefined,
    message.model,
    firstOutput === undefined ? undefined : `first output after ${formatDuration(firstOutput)}`,
  ]);
  const look = message.status === 'complete' ? 'heading' : statusLook(message.status);
  return [paint(look, first), `  ${paint('faint', cutText(second, width - 2))}`];
}

/** `2026-04-10 12:00:00.123`, in UTC; of an imported message nobody may know it. */
export function shownStamp(micros: number | undefined): string {
  return micros === undefined ? 'time unknown' : formatStamp(micros).replace('T', ' ').slice(0, 23);
}

/** The time of day to the microsecond, `12:00:00.000123`, in UTC. */
export function shownTime(micros: number): string {
  return formatStamp(micros).slice(11, 26);
}

export function joined(items: readonly (string | undefined)[]): string {
  return items.filter((item) => item !== undefined && item !== '').join(' · ');
}
