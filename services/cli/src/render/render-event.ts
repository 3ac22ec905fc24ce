import type { Event } from '@stepfold/events';
import { cutText } from './plain-text.js';
import type { Look, Screen } from './screen.js';
import { shownTime } from './step-head.js';

/** Fields that every event has, or that are of no interest here. */
const envelope = new Set(['v', 'chat_id', 'step_id', 'attempt', 'producer', 'seq', 'at', 'type', 'metadata']);

/**
 * One event on one line: time, step, type, and the beginning of what it holds.
 * @param prefix stands before it and is cut with it
 */
export function renderEvent(event: Event, { width, paint }: Screen, prefix = ''): string {
  const time = shownTime(event.at);
  const line = cutText(
    `${prefix}${time} ${event.step_id} ${event.type} ${ownFieldsOf(event)}`.trimEnd(),
    width,
  );
  const look = lookOf(event);
  return look === undefined ? line : paint(look, line);
}

/** The fields that are of the type of an event, in words; those named in `behind` are the last. */
export function ownFieldsOf(event: Event, behind: ReadonlySet<string> = new Set()): string {
  const own = Object.entries(event).filter(([name]) => !envelope.has(name));
  return [...own.filter(([name]) => !behind.has(name)), ...own.filter(([name]) => behind.has(name))]
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

export function lookOf({ type }: Event): Look | undefined {
  if (type === 'error') return 'failure';
  if (type === 'interrupt') return 'warning';
  if (type === 'heartbeat') return 'faint';
  return (['reasoning', 'text', 'tool'] as const).find((look) => type.startsWith(`${look}-`));
}
