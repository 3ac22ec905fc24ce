import { expect, it } from '@jest/globals';
import type { Recorder, RunOptions } from '@stepfold/recorder';
import { runOfCall } from './recording-middleware.js';

/** As in recording-middleware.ts. */
const RUNS_MAX = 10_000;

it('the RUNS_MAX runs that were used last are known, and a call of an older one opens it anew', () => {
  const opened: string[] = [];
  const recorder = {
    openRun({ runId }: RunOptions) {
      opened.push(runId!);
      return {};
    },
  } as unknown as Recorder;
  const runOf = runOfCall(recorder);
  const call = (runId: string) => runOf({ providerOptions: { stepfold: { chatId: 'c', runId } } });
  for (let run = 0; run < RUNS_MAX; run++) call(`r${run}`);
  const first = call('r0');
  call('one more');
  expect(call('r0')).toBe(first);
  expect(opened).toHaveLength(RUNS_MAX + 1);
  // The second was used longest ago.
  call('r1');
  expect(opened.at(-1)).toBe('r1');
  expect(opened).toHaveLength(RUNS_MAX + 2);
});
