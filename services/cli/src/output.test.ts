import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createOutput, OutputClosed, OutputFailed } from './output.js';

function failingStream(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });
}

describe('the output of a command', () => {
  it('is written in pieces, each of which is waited for', async () => {
    const sizes: number[] = [];
    let held = 0;
    let heldMax = 0;
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        sizes.push(chunk.length);
        setImmediate(() => {
          held -= chunk.length;
          done();
        });
      },
    });
    const output = createOutput(stream);
    for (let i = 0; i < 100; i++) {
      held += 10_000;
      await output.write('x'.repeat(10_000));
      heldMax = Math.max(heldMax, held);
    }
    await output.flush();
    expect(sizes.reduce((sum, size) => sum + size)).toBe(1_000_000);
    expect(sizes.length).toBeLessThan(20);
    expect(heldMax).toBeLessThanOrEqual(70_000);
  });

  it('says whether its reader has gone away or the disk is full', async () => {
    for (const code of ['EPIPE', 'ECONNRESET']) {
      const output = createOutput(failingStream(code));
      await output.write('x');
      await expect(output.flush()).rejects.toThrow(OutputClosed);
    }
    const output = createOutput(failingStream('ENOSPC'));
    await output.write('x');
    await expect(output.flush()).rejects.toThrow(OutputFailed);
  });
});
