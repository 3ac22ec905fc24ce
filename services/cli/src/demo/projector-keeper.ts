import { sleep, type Runtime } from '@stepfold/runtime';
import { ProjectorFailed, type ProcessEnd } from './projector-failed.js';
import type { ProjectorProcess, StartProjector } from './projector-process.js';

/** Keeps one projector running: starts another one when it is killed, by whomever. */
export interface ProjectorKeeper {
  /**
   * Runs until the signal is aborted, and then until the projector has drained.
   * @throws ProjectorFailed if one ends by itself with an exit code other than 0
   */
  run(signal: AbortSignal): Promise<void>;
  /** Kills the one that runs, if one does. */
  kill(): void;
}

export interface ProjectorKeeperOptions {
  readonly start: StartProjector;
  readonly runtime: Runtime;
  /** From a death to the next start, in milliseconds. */
  readonly pauseMs: number;
  readonly onStarted: (pid: number | undefined) => void;
  /** It has a partition. */
  readonly onAtWork: (pid: number | undefined) => void;
  readonly onDied: (pid: number | undefined) => void;
}

/** How long one that was told to stop may drain. */
const STOP_PATIENCE_MS = 15_000;
/** More deaths than somebody who plays with it would cause. */
const DEATHS_MAX = 20;

export function createProjectorKeeper(options: ProjectorKeeperOptions): ProjectorKeeper {
  const { start, runtime, pauseMs, onStarted, onAtWork, onDied } = options;
  let current: ProjectorProcess | undefined;
  return {
    async run(signal) {
      for (let deaths = 0; !signal.aborted; deaths++) {
        const process = start();
        current = process;
        onStarted(process.pid);
        void process.atWork.then(() => onAtWork(process.pid));
        const end = await endOf(process, signal, runtime);
        current = undefined;
        if (signal.aborted) return;
        const hasFailed = end.exitCode !== null && end.exitCode !== 0;
        if (hasFailed || deaths === DEATHS_MAX) throw new ProjectorFailed(end);
        onDied(process.pid);
        // Rejects when it is time to stop, and the loop looks for that itself.
        await sleep(runtime, pauseMs, signal).catch(() => undefined);
      }
    },
    kill: () => current?.kill(),
  };
}

async function endOf(process: ProjectorProcess, signal: AbortSignal, runtime: Runtime): Promise<ProcessEnd> {
  let cancel = (): void => undefined;
  const stop = (): void => {
    process.stop();
    cancel = runtime.setTimer(STOP_PATIENCE_MS, () => process.kill());
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    return await process.ended;
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
  }
}
