import { runFromFileName } from '@stepfold/formats';
import { UsageError } from '@stepfold/runtime';
import {
  DEFAULT_START_MICROS,
  DEFAULT_TICK_MICROS,
  type FormatChoice,
  type RecordingOptions,
} from './recording-options.js';
import { shownName } from './shown-name.js';

/** Which file, and where its events belong. `chatId` and `runId` mean nothing for a `stepfold` file. */
export interface RecordingPlan<F extends FormatChoice = FormatChoice> {
  readonly fileName: string;
  readonly format: F;
  readonly chatId: string;
  readonly runId: string;
  readonly startMicros: number;
  readonly tickMicros: number;
}

/**
 * Plans the files of one command line. Whether two of them collide is seen here if their format is given, and else when
 * it is known (`checkRuns`).
 * @throws UsageError if two of them would be the same run of the same chat: their steps would collide
 */
export function planRecordings(
  fileNames: readonly string[],
  options: RecordingOptions,
): readonly RecordingPlan[] {
  const plans = fileNames.map((fileName) => {
    const runId = options.run ?? runFromFileName(fileName);
    return {
      fileName,
      format: options.format,
      chatId: options.chat ?? options.defaultChat ?? runId,
      runId,
      startMicros: options.start ?? DEFAULT_START_MICROS,
      tickMicros: options.tick ?? DEFAULT_TICK_MICROS,
    };
  });
  if (options.format !== 'auto') checkRuns(plans);
  return plans;
}

/** @throws UsageError if two files, neither of which holds events, would be the same run of the same chat */
export function checkRuns(plans: readonly RecordingPlan[]): void {
  const byRun = new Map<string, RecordingPlan>();
  for (const plan of plans) {
    if (plan.format === 'stepfold') continue;
    const other = byRun.get(`${plan.chatId}:${plan.runId}`);
    if (other !== undefined) {
      throw new UsageError(
        'bad-usage',
        `${shownName(other.fileName)} and ${shownName(plan.fileName)} would both be run ${plan.runId} ` +
          `of chat ${plan.chatId}: take them one by one, with another --run or --chat`,
      );
    }
    byRun.set(`${plan.chatId}:${plan.runId}`, plan);
  }
}
