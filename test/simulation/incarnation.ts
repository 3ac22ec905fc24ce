import type { SeededChance } from '../support/chance.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';

/**
 * One run of one process. Everything that its code awaits comes through `deliver`, and everything that it
 * asks of the world goes through `ask`; so cutting these two off is its death, between any two awaits and
 * even between two requests that it makes without waiting. What it asked before may still take effect.
 *
 * A frozen process runs no code: its answers, timers and signals wait until it thaws, in their order. It
 * may be frozen within a request, which then reaches the world when it thaws.
 */
export class Incarnation {
  #state: 'running' | 'frozen' | 'dead' = 'running';
  readonly #held: (() => void)[] = [];
  #callsLeft: number | undefined;
  #onCallsUsed: (() => void) | undefined;
  #frozenAtMs = 0;
  /** Called when it runs on after so long. */
  onThaw: (frozenMs: number) => void = () => undefined;
  readonly #onSilence: (() => void)[] = [];

  constructor(
    readonly name: string,
    readonly chance: SeededChance,
    readonly scheduler: Scheduler,
    readonly trace: Trace,
  ) {}

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  note(line: string): void {
    this.trace.note(this.scheduler.nowMs, `${this.name} ${line}`);
  }

  /** Hands something to the code of the process: now, when it thaws, or never. */
  deliver(run: () => void): void {
    if (this.#state === 'dead') return;
    if (this.#state === 'frozen') {
      this.#held.push(run);
      return;
    }
    this.scheduler.noteWoken();
    run();
  }

  /** A request to the world. `send` is called unless the process dies here; nothing is answered to the dead. */
  ask<T>(send: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    if (this.#callsLeft !== undefined && this.#state === 'running') {
      this.#callsLeft -= 1;
      if (this.#callsLeft === 0) {
        this.#callsLeft = undefined;
        this.#onCallsUsed?.();
      }
    }
    return new Promise((resolve, reject) => {
      const answered = (value: T): void => this.deliver(() => resolve(value));
      const refused = (error: unknown): void => this.deliver(() => reject(error as Error));
      if (this.#state === 'running') send(answered, refused);
      else if (this.#state === 'frozen') this.#held.push(() => send(answered, refused));
    });
  }

  /** Calls back within the request that is the `calls`-th from now, before it reaches the world. */
  afterCalls(calls: number, callback: () => void): void {
    this.#callsLeft = calls;
    this.#onCallsUsed = callback;
  }

  /** Nothing happens any more within a request to come. */
  disarm(): void {
    this.#callsLeft = undefined;
  }

  /** Called when the process falls silent, for whatever reason. */
  onSilence(callback: () => void): void {
    this.#onSilence.push(callback);
  }

  crash(): void {
    if (this.#state === 'dead') return;
    this.note('dies');
    this.#end();
  }

  /** The code has come to its end by itself. */
  exit(): void {
    if (this.#state === 'dead') return;
    this.note('exits');
    this.#end();
  }

  #end(): void {
    this.#state = 'dead';
    this.#held.length = 0;
    for (const callback of this.#onSilence) callback();
  }

  freeze(): void {
    if (this.#state !== 'running') return;
    this.note('freezes');
    this.#state = 'frozen';
    this.#frozenAtMs = this.scheduler.nowMs;
    for (const callback of this.#onSilence) callback();
  }

  /** Runs on, with one of the things that have waited after the other. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.note('thaws');
    this.onThaw(this.scheduler.nowMs - this.#frozenAtMs);
    this.#state = 'running';
    for (const run of this.#held.splice(0)) {
      this.scheduler.schedule(0, () => this.deliver(run));
    }
  }
}
