import { createPublisher, createStampClock } from '@stepfold/publisher';
import { createSystemRuntime, randomSuffix, silentLogger, StepfoldError } from '@stepfold/runtime';
import { sha256 } from './sha256.js';
import type { Recorder, RecorderErrorPlace, RecorderOptions, Run, RunOptions } from './recorder.js';
import { createRun } from './run.js';

const RUN_SUFFIX_LENGTH = 16;
/** Errors that are remembered for each run, so that each is told once. */
const CODES_MAX = 100;

/**
 * A recorder on a log. Does no I/O until something is recorded.
 * @throws UsageError `bad-configuration` naming the option
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const { runtime = createSystemRuntime(), logger = silentLogger, onError, ...rest } = options;

  function tell(error: Error, where: RecorderErrorPlace): void {
    try {
      if (onError !== undefined) onError(error, where);
      else logger.error({ ...where, code: codeOf(error) }, 'something was not recorded');
    } catch (thrown) {
      logger.error({ error: thrown instanceof Error ? thrown.name : 'none' }, 'onError has thrown');
    }
  }

  const publisher = createPublisher({
    name: 'recorder',
    oversize: 'elide',
    sha256,
    ...rest,
    logger,
    runtime,
    onError: (error) => tell(error, {}),
  });
  const nowMicros = createStampClock(runtime);

  function openRun(given: RunOptions): Run {
    const runId = given.runId ?? `run-${randomSuffix(runtime, RUN_SUFFIX_LENGTH)}`;
    const told = new Set<string>();
    return createRun(
      { ...given, runId },
      {
        publisher,
        nowMicros,
        logger,
        openRun,
        report(error) {
          const code = codeOf(error);
          if (told.has(code) || told.size >= CODES_MAX) return;
          told.add(code);
          tell(error, { chatId: given.chatId, runId });
        },
      },
    );
  }

  return {
    publisher,
    openRun,
    flush: () => publisher.flush(),
    close: () => publisher.close(),
    shutdown: () => publisher.shutdown(),
    [Symbol.asyncDispose]: () => publisher.close(),
  };
}

function codeOf(error: Error): string {
  return error instanceof StepfoldError ? error.code : error.name;
}
