import { formatStamp, type Event } from '@stepfold/events';
import { cutText } from './plain-text.js';

const WIDTH = 80;

/** Fields that every event has, or that are of no interest here. */
const envelope = new Set(['v', 'chat_id', 'step_id', 'attempt', 'producer', 'seq', 'at', 'type', 'metadata']);

/** One event on one line: time, step, type, and the beginning of what it holds. */
export function renderEvent(event: Event, prefix = ''): string {
  const own = Object.entries(event).filter(([name]) => !envelope.has(name));
  const fields = own.map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const time = formatStamp(event.at).slice(11, 26);
  return cutText(`${prefix}${time} ${event.step_id} ${event.type} ${fields.join(', ')}`.trimEnd(), WIDTH);
}
