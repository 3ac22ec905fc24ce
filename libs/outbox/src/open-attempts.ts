import type { Event } from '@stepfold/events';

/** An attempt of a step that a process holds open. */
export interface OpenAttempt {
  readonly chat_id: string;
  readonly step_id: string;
  readonly attempt: number;
  /** The last moment at which it is known to have lived, in microseconds. */
  at: number;
}

/** The attempts that were opened and not ended, of the events that pass. */
export class OpenAttempts {
  readonly #byStep = new Map<string, OpenAttempt>();

  get all(): readonly OpenAttempt[] {
    return [...this.#byStep.values()];
  }

  add(given: OpenAttempt): void {
    this.#byStep.set(keyOf(given), given);
  }

  note(event: Event): void {
    const key = keyOf(event);
    const { chat_id, step_id, attempt = 0, at } = event;
    const known = this.#byStep.get(key);
    if (event.type === 'step-start') {
      if (known === undefined || known.attempt < attempt)
        this.#byStep.set(key, { chat_id, step_id, attempt, at });
      return;
    }
    if (known === undefined) return;
    const isStopButton = event.type === 'interrupt' && event.reason === 'user';
    if (!isStopButton && known.attempt !== attempt) return;
    if (isTerminal(event)) this.#byStep.delete(key);
    else known.at = Math.max(known.at, at);
  }
}

function keyOf({ chat_id, step_id }: { readonly chat_id: string; readonly step_id: string }): string {
  return `${chat_id}:${step_id}`;
}

function isTerminal(event: Event): boolean {
  switch (event.type) {
    case 'step-end':
    case 'message':
      return true;
    case 'interrupt':
      return event.if_events === undefined;
    case 'error':
      return event.fatal;
    default:
      return false;
  }
}
