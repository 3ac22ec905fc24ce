import type { Event } from '@stepfold/events';
import type { EventRank } from './queue-room.js';

/**
 * What is dropped first when the queue is full. Deltas are nine events in ten and small; without those that begin and
 * end blocks and calls, what was kept of them would have no place. What ends a step has
 * room of its own above the queue: without it the step stays open until the reaper ends it.
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
