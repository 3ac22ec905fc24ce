import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ArmJob, ArmName } from './arm.js';
import type { Measured } from './statistics.js';

export type ArmRequest =
  | { readonly kind: 'round'; readonly round: string; readonly isProfiled: boolean }
  | { readonly kind: 'close' };

export type ArmAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'measured'; readonly measured: Measured; readonly problem?: string }
  | { readonly kind: 'closed' };

export interface RoundOutcome {
  readonly measured: Measured;
  /** In a sentence, why the figure does not count. */
  readonly problem?: string;
}

/** A process that does one arm and nothing else, so that its CPU time is the arm's. */
export interface ArmProcess {
  readonly arm: ArmName;
  round(round: string, isProfiled: boolean): Promise<RoundOutcome>;
  close(): Promise<void>;
  kill(): void;
}

/** Starts the process. Resolves when the arm is prepared. @throws if it ends before */
export async function startArm(job: ArmJob): Promise<ArmProcess> {
  const child = fork(fileURLToPath(new URL('arm-main.js', import.meta.url)), [JSON.stringify(job)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--expose-gc'],
  });
  await answerOf(child, job.arm);
  const ask = async (request: ArmRequest): Promise<ArmAnswer> => {
    const answer = answerOf(child, job.arm);
    child.send(request);
    return answer;
  };
  return {
    arm: job.arm,
    async round(round, isProfiled) {
      const answer = await ask({ kind: 'round', round, isProfiled });
      if (answer.kind !== 'measured') throw new Error(`${job.arm} answered ${answer.kind} to a round`);
      return answer;
    },
    async close() {
      await ask({ kind: 'close' });
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function answerOf(child: ChildProcess, arm: ArmName): Promise<ArmAnswer> {
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: unknown): void => {
      child.off('exit', onExit);
      resolve(answer as ArmAnswer);
    };
    const onExit = (code: number | null, signal: string | null): void => {
      child.off('message', onAnswer);
      reject(new Error(`the process of ${arm} ended (${signal ?? code}) before it answered`));
    };
    child.once('message', onAnswer);
    child.once('exit', onExit);
  });
}
