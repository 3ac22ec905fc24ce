import { describe, expect, it } from '@jest/globals';
import { createInstantRuntime } from '../testing/instant-runtime.js';
import { ProjectorFailed, type ProcessEnd } from './projector-failed.js';
import { createProjectorKeeper } from './projector-keeper.js';
import type { ProjectorProcess } from './projector-process.js';

/** A process that ends when the test says so. */
class SimulatedProjector implements ProjectorProcess {
  readonly calls: string[] = [];
  readonly ended: Promise<ProcessEnd>;
  readonly atWork = Promise.resolve();
  end!: (end: Partial<ProcessEnd>) => void;

  constructor(
    readonly pid: number,
    readonly isStubborn = false,
  ) {
    this.ended = new Promise((resolve) => {
      this.end = (end) => resolve({ exitCode: null, signal: null, sentence: undefined, ...end });
    });
  }
  kill(): void {
    this.calls.push('kill');
    this.end({ signal: 'SIGKILL' });
  }
  stop(): void {
    this.calls.push('stop');
    if (!this.isStubborn) this.end({ exitCode: 0 });
  }
}

function keeping(isStubborn = false) {
  const started: SimulatedProjector[] = [];
  const happened: string[] = [];
  const waiting = new Set<() => void>();
  const note = (what: string): void => {
    happened.push(what);
    for (const look of waiting) look();
  };
  const runtime = createInstantRuntime();
  const keeper = createProjectorKeeper({
    start() {
      const process = new SimulatedProjector(started.length + 1, isStubborn);
      started.push(process);
      return process;
    },
    runtime,
    pauseMs: 2_500,
    onStarted: (pid) => note(`started ${pid}`),
    onAtWork: (pid) => note(`at work ${pid}`),
    onDied: (pid) => note(`died ${pid}`),
  });
  const until = (what: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (happened.includes(what)) resolve();
      };
      waiting.add(look);
      look();
    });
  return { keeper, started, happened, until, runtime, controller: new AbortController() };
}

describe('the keeper of the projector', () => {
  it('starts another one after a pause when it is killed, by whomever', async () => {
    const { keeper, started, happened, until, runtime, controller } = keeping();
    const running = keeper.run(controller.signal);
    await until('at work 1');
    keeper.kill();
    await until('at work 2');
    expect(runtime.waitsMs).toEqual([2_500]);
    // Somebody else sends it a SIGTERM, and it drains.
    started[1]!.end({ exitCode: 0 });
    await until('at work 3');
    controller.abort();
    await running;
    expect(happened).toEqual(
      [1, 2]
        .flatMap((pid) => [`started ${pid}`, `at work ${pid}`, `died ${pid}`])
        .concat('started 3', 'at work 3'),
    );
    expect(started.map(({ calls }) => calls)).toEqual([['kill'], [], ['stop']]);
  });

  it('fails with the sentence and the exit code of one that fails', async () => {
    const { keeper, started, until, controller } = keeping();
    const running = keeper.run(controller.signal);
    await until('started 1');
    started[0]!.end({ exitCode: 3, sentence: 'the broker is away' });
    await expect(running).rejects.toThrow(
      new ProjectorFailed({ exitCode: 3, signal: null, sentence: 'the broker is away' }),
    );
    await expect(running).rejects.toMatchObject({ end: { exitCode: 3 } });
    expect(started).toHaveLength(1);
  });

  it('gives up on one that dies again and again', async () => {
    const { keeper, happened, controller } = keeping();
    const killing = setIntervalOf(() => keeper.kill());
    await expect(keeper.run(controller.signal)).rejects.toThrow('SIGKILL');
    killing.stop();
    expect(happened.filter((what) => what.startsWith('started'))).toHaveLength(21);
  });

  it('starts none when it is told to stop between two of them', async () => {
    const { keeper, started, until, controller } = keeping();
    const running = keeper.run(controller.signal);
    await until('at work 1');
    controller.abort();
    keeper.kill();
    await running;
    expect(started).toHaveLength(1);
  });

  it('kills one that does not end when it is told to', async () => {
    const { keeper, started, until, controller } = keeping(true);
    const running = keeper.run(controller.signal);
    await until('at work 1');
    controller.abort();
    await running;
    expect(started[0]!.calls).toEqual(['stop', 'kill']);
  });
});

/** Does something at every turn of the event loop. */
function setIntervalOf(work: () => void): { readonly stop: () => void } {
  let isStopped = false;
  const turn = (): void => {
    if (isStopped) return;
    work();
    setImmediate(turn);
  };
  turn();
  return { stop: () => void (isStopped = true) };
}
