import type { Event } from '@stepfold/events';

/**
 * True for events whose content nobody else has: refused, it would be lost. The tail after a stop button
 * (deltas, ends, finishes) is no reason for an alarm.
 */
export function carriesContent(event: Event): boolean {
  switch (event.type) {
    case 'step-start':
    case 'message':
    case 'tool-call':
    case 'source':
    case 'file':
      return true;
    case 'tool-result':
      return event.preliminary !== true;
    case 'data':
      return event.transient !== true;
    default:
      return false;
  }
}
