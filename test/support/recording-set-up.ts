import { afterEach, beforeEach, expect } from '@jest/globals';
import { languageModel } from '@stepfold/formats';
import { createSystemRuntime } from '@stepfold/runtime';
import { HandDrivenRuntime } from '../../libs/publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../libs/publisher/src/testing/recording-log.js';
import { createRecorder, type RecorderOptions } from '@stepfold/recorder';

export function setUp(options: Partial<RecorderOptions> = {}) {
  const log = new RecordingLog();
  const errors: Error[] = [];
  const runtime = new HandDrivenRuntime();
  const recorder = createRecorder({ log, runtime, onError: (error) => void errors.push(error), ...options });
  return { log, errors, recorder, runtime, run: recorder.openRun({ chatId: 'c', runId: 'r' }) };
}

export const options = { format: languageModel };
export const parts = [
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Hello' },
];
export const sse = parts.map((part) => `data: ${JSON.stringify(part)}\n\n`).join('');

export function typesOf(log: RecordingLog): string[] {
  return log.events().map(({ type }) => type);
}

/** Every test of the file fails that leaves a rejection which nobody handles. */
export function demandNoUnhandledRejections(): void {
  const reasons: unknown[] = [];
  const note = (reason: unknown): void => void reasons.push(reason);
  beforeEach(() => void process.on('unhandledRejection', note));
  afterEach(async () => {
    await new Promise<void>((resolve) => void createSystemRuntime().setTimer(0, resolve));
    process.off('unhandledRejection', note);
    expect(reasons.splice(0)).toEqual([]);
  });
}
