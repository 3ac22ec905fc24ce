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
      if (onError === undefined)
        logger.error({ ...where, code: codeOf(error) }, 'something was not recorded');
      // It may be an async function.
      else Promise.resolve(onError(error, where) as unknown).catch(noteThrown);
    } catch (thrown) {
      noteThrown(thrown);
    }
  }

  function noteThrown(thrown: unknown): void {
    try {
      logger.error({ error: thrown instanceof Error ? thrown.name : 'none' }, 'onError has thrown');
    } catch {
      // The logger throws too: nobody is left who could be told.
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
        report(thrown) {
          const error = isError(thrown)
            ? thrown
            : new Error('what was thrown is no error', { cause: thrown });
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

/** Also one of another realm, which \`instanceof\` does not know. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]';
}
