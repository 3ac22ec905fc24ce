import { describe, expect, it } from '@jest/globals';
import { createSystemRuntime } from '@stepfold/runtime';
import { trendOf, trendText, watchMemory } from './memory.js';

const MEBIBYTE = 1024 * 1024;
const mebibytes = (...values: number[]): number[] => values.map((value) => value * MEBIBYTE);

describe('the memory of a process', () => {
  it('is flat if it begins small and then stays, however it swings', () => {
    expect(trendOf(mebibytes(30, 60, 90, 110, 120, 90, 118, 95, 121, 99, 117, 122))).toMatchObject({
      isFlat: true,
    });
  });

  it('is not flat if it goes on growing', () => {
    const samples = mebibytes(...Array.from({ length: 60 }, (_, index) => 100 + 4 * index));
    expect(trendOf(samples)).toMatchObject({ isFlat: false });
  });

  it('is not judged by a handful of samples', () => {
    expect(trendOf(mebibytes(1, 2, 300, 400))).toBeUndefined();
    expect(trendText({ name: 'writer', samples: [], end: async () => undefined })).toMatch(/too short/);
  });

  it('is read of a process that lives', async () => {
    const runtime = createSystemRuntime();
    const watch = watchMemory(runtime, 'this', process.pid);
    while (watch.samples.length === 0)
      await new Promise((resolve) => void runtime.setTimer(1, () => resolve(0)));
    await watch.end();
    expect(watch.samples[0]).toBeGreaterThan(10 * MEBIBYTE);
    expect(watch.samples[0]).toBeLessThan(8_192 * MEBIBYTE);
  });
});
