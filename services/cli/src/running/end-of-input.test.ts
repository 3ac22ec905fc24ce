import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { endOfInput } from './end-of-input.js';

describe('the end of the input', () => {
  it.each(['end', 'destroy'] as const)('aborts the signal when it comes by %s', async (how) => {
    const input = new PassThrough();
    using end = endOfInput(input);
    input.write('words that nobody reads');
    expect(end.signal.aborted).toBe(false);
    const aborted = new Promise((resolve) => end.signal.addEventListener('abort', resolve));
    input[how]();
    await aborted;
  });

  it('is not waited for any longer when that is let go', () => {
    const input = new PassThrough();
    endOfInput(input)[Symbol.dispose]();
    expect(input.destroyed).toBe(true);
  });
});
