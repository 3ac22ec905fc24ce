import type { SeededChance } from '../support/chance.js';
import { Incarnation } from './incarnation.js';
import type { Scheduler } from './scheduler.js';
import { SimulatedRuntime, type ClockOptions } from './simulated-runtime.js';
import type { Trace } from './trace.js';

/** Runs the program of a process. Resolves when it has come to its end by itself. */
export type Program = (process: RunningProcess) => Promise<void>;

export interface RunningProcess {
  readonly incarnation: Incarnation;
  readonly runtime: SimulatedRuntime;
  /** Asks the program to stop. */
  readonly signal: AbortSignal;
}

export interface SlotOptions {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly chance: SeededChance;
  readonly clock: () => ClockOptions;
  /** How long it takes until a process that has died runs again. */
  readonly restartMs: () => number;
  readonly program: Program;
  /** Whether the program may come to its end without being asked to. */
  readonly mayEnd: boolean;
  /** Called when the program fails, or ends without being asked to. */
  readonly onFailure: (what: string) => void;
}

/** A place where a process runs: what dies there starts again, as a new incarnation that knows nothing. */
export class ProcessSlot {
  #process: RunningProcess | undefined;
  #stop: AbortController | undefined;
  #isHalted = false;
  #count = 0;

  constructor(readonly options: SlotOptions) {}

  /** The present incarnation, frozen or running, if there is one. */
  get process(): RunningProcess | undefined {
    return this.#process;
  }

  start(): void {
    const { name, scheduler, trace, chance, clock, program, mayEnd, onFailure } = this.options;
    if (this.#process !== undefined || this.#isHalted) return;
    this.#count += 1;
    const incarnation = new Incarnation(`${name}.${this.#count}`, chance.fork(), scheduler, trace);
    const stop = new AbortController();
    const process = {
      incarnation,
      runtime: new SimulatedRuntime(incarnation, clock()),
      signal: stop.signal,
    };
    this.#process = process;
    this.#stop = stop;
    incarnation.note('starts');
    incarnation.onSilence(() => {
      if (incarnation.isDead && this.#process === process) this.#onEnd();
    });
    scheduler.noteWoken();
    program(process).then(
      () => {
        if (incarnation.isDead) return;
        if (!stop.signal.aborted && !mayEnd) {
          onFailure(`${incarnation.name} ended without being asked to`);
        }
        incarnation.exit();
      },
      (error: unknown) => {
        if (incarnation.isDead) return;
        onFailure(`${incarnation.name} failed: ${describe(error)}`);
        incarnation.exit();
      },
    );
  }

  /** Asks the present incarnation to stop. */
  stop(): void {
    const stop = this.#stop;
    const incarnation = this.#process?.incarnation;
    if (incarnation === undefined) return;
    incarnation.note('is asked to stop');
    incarnation.deliver(() => stop?.abort());
  }

  /** Nothing starts here any more. */
  halt(): void {
    this.#isHalted = true;
    this.stop();
  }

  #onEnd(): void {
    this.#process = undefined;
    this.#stop = undefined;
    this.options.scheduler.schedule(this.options.restartMs(), () => this.start());
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
