import type { Event } from '@stepfold/events';
import type { Outbox } from '@stepfold/publisher';

/** An outbox as simple as can be, which outlives the processes that use it, one after the other. */
export class KeptEvents {
  #left: Event[] = [];
  #open = new Map<string, { chat_id: string; step_id: string; attempt: number; at: number }>();

  /** For the next process: what is there is of those before it. */
  open(): Outbox {
    const recovered = this.#left;
    const crashed = [...this.#open.values()];
    this.#left = [];
    this.#open = new Map();
    // Until the log has it, it is there for the next one.
    for (const event of recovered) this.#left.push(event);
    const crashes = crashed.map(({ attempt, ...step }): Event => {
      return { v: 1, ...step, ...(attempt > 0 ? { attempt } : {}), type: 'interrupt', reason: 'crash' };
    });
    this.#left.push(...crashes);
    const forget = (event: Event): void => void (this.#left = this.#left.filter((other) => other !== event));
    return {
      recover: () => [...recovered, ...crashes].map((event) => ({ event, onSettled: () => forget(event) })),
      keep: (event, text) => {
        const sent = JSON.parse(text) as Event;
        this.#note(event);
        this.#left.push(sent);
        return () => forget(sent);
      },
      close: () => undefined,
    };
  }

  #note({ type, chat_id, step_id, attempt = 0, at, ...fields }: Event): void {
    const key = `${chat_id}:${step_id}`;
    if (type === 'step-start') this.#open.set(key, { chat_id, step_id, attempt, at });
    const open = this.#open.get(key);
    if (open === undefined) return;
    const { fatal, reason, if_events } = fields as { fatal?: boolean; reason?: string; if_events?: number };
    const isEnd = type === 'step-end' || type === 'message' || (type === 'error' && fatal === true);
    const isStop = type === 'interrupt' && if_events === undefined;
    const isOfAttempt = attempt === open.attempt || reason === 'user';
    if ((isEnd || isStop) && isOfAttempt) this.#open.delete(key);
  }
}
