import type { Event } from '@stepfold/events';
import type { EventRank } from './queue-room.js';

/**
 * What is dropped first when the queue is full. Deltas are nine events in ten and small; without those that begin and
 * end blocks and calls, what was kept of them would have no place. The event that ends a step is never
 * dropped: a step has one, so there are no more of them than steps.
 */
export function rankOf(event: Event): EventRank {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'tool-input-delta':
    case 'heartbeat':
      return 'ordinary';
    case 'step-end':
    case 'interrupt':
      return 'vital';
    case 'error':
      return event.fatal ? 'vital' : 'important';
    default:
      return 'important';
  }
}
