import { describe, expect, it } from '@jest/globals';
import { runTogether } from './run-services.js';

function untilAborted(signal: AbortSignal, then: () => void): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      then();
      resolve();
    });
  });
}

describe('services that run together', () => {
  it('all end with the signal', async () => {
    const controller = new AbortController();
    const ended: string[] = [];
    const running = runTogether(controller.signal, [
      (signal) => untilAborted(signal, () => ended.push('one')),
      (signal) => untilAborted(signal, () => ended.push('two')),
    ]);
    controller.abort();
    await running;
    expect(ended).toEqual(['one', 'two']);
  });

  it('are stopped, and have drained, when one of them fails', async () => {
    const ended: string[] = [];
    const running = runTogether(new AbortController().signal, [
      () => Promise.reject(new Error('the disk is gone')),
      (signal) => untilAborted(signal, () => ended.push('drained')),
    ]);
    await expect(running).rejects.toThrow('the disk is gone');
    expect(ended).toEqual(['drained']);
  });
});
