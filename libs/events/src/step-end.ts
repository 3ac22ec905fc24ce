import type { Event } from './event.js';

/** True if the event can end a step that is open. An `interrupt` with `if_events` comes to nothing if the step went on. */
export function mayEndStep(event: Event): boolean {
  return event.type === 'step-end' || event.type === 'interrupt' || (event.type === 'error' && event.fatal);
}

/** True if the event ends its step, whatever has become of that, as long as it is open. */
export function surelyEndsStep(event: Event): boolean {
  return mayEndStep(event) && !(event.type === 'interrupt' && event.if_events !== undefined);
}
