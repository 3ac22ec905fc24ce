import { surelyEndsStep, type Event } from '@stepfold/events';

/** An attempt of a step that a process holds open. */
export interface OpenAttempt {
  readonly chat_id: string;
  readonly step_id: string;
  readonly attempt: number;
  /** The last moment at which it is known to have lived, in microseconds. */
  readonly at: number;
}

/** As many as a publisher holds open by default. */
const OPEN_ATTEMPTS_MAX = 100_000;

/**
 * The attempts that were opened and not ended, of the events that pass. An end that passes elsewhere is not seen, so of more than
 * `attemptsMax` the one that was silent for longest is forgotten; the reaper ends it, if nobody has.
 */
export class OpenAttempts {
  /** The one that was silent for longest comes first. */
  readonly #byStep = new Map<string, OpenAttempt>();
  readonly #attemptsMax: number;

  constructor(attemptsMax = OPEN_ATTEMPTS_MAX) {
    this.#attemptsMax = attemptsMax;
  }

  get all(): readonly OpenAttempt[] {
    return [...this.#byStep.values()];
  }

  add(given: OpenAttempt): void {
    const key = keyOf(given);
    this.#byStep.delete(key);
    this.#byStep.set(key, given);
    if (this.#byStep.size <= this.#attemptsMax) return;
    for (const silent of this.#byStep.keys()) {
      this.#byStep.delete(silent);
      break;
    }
  }

  note(event: Event): void {
    const key = keyOf(event);
    const { chat_id, step_id, attempt = 0, at } = event;
    const known = this.#byStep.get(key);
    if (event.type === 'step-start') {
      if (known === undefined || known.attempt < attempt) this.add({ chat_id, step_id, attempt, at });
      return;
    }
    if (known === undefined) return;
    const isStopButton = event.type === 'interrupt' && event.reason === 'user';
    if (!isStopButton && known.attempt !== attempt) return;
    if (event.type === 'message' || surelyEndsStep(event)) this.#byStep.delete(key);
    else this.add({ ...known, at: Math.max(known.at, at) });
  }
}

function keyOf({ chat_id, step_id }: { readonly chat_id: string; readonly step_id: string }): string {
  return `${chat_id}:${step_id}`;
}
