import { describe, expect, it } from '@jest/globals';
import { CorruptStateError, InvariantViolation, TransientError, UsageError } from '@stepfold/runtime';
import { ProjectorFailed } from './demo/projector-failed.js';
import { endingOf } from './exit-code.js';
import { OutputClosed, OutputFailed } from './output.js';
import { LogGivenUp } from './publishing/bounded-patience.js';

describe('the exit code of an error', () => {
  it.each([
    [new UsageError('bad-input', 'f, line 1: is bad'), 2],
    [new TransientError('store-unavailable', 'the store is away'), 3],
    [new LogGivenUp('the log was away for 30 s'), 3],
    [new OutputFailed('standard output cannot be written: ENOSPC'), 3],
    [new ProjectorFailed({ exitCode: 2, signal: null, sentence: 'the folder is a file' }), 2],
    [new ProjectorFailed({ exitCode: null, signal: 'SIGKILL', sentence: undefined }), 70],
  ])('%s is %d, with its own sentence', (error, exitCode) => {
    expect(endingOf(error)).toEqual({ exitCode, sentence: error.message });
  });

  it('is 1, with what to do, when starting again does not help', () => {
    expect(endingOf(new CorruptStateError('position-deleted', 'the log begins at 7'))).toEqual({
      exitCode: 1,
      sentence: expect.stringMatching(/^the log begins at 7\. .*docs\/operating\.md/),
    });
  });

  it('is none of those for a fault of the program', () => {
    for (const error of [
      new InvariantViolation('two owners'),
      new TypeError('x is not a function'),
      'thrown',
    ]) {
      expect(endingOf(error)).toEqual({
        exitCode: 70,
        sentence: expect.stringMatching(/^a fault of the program: /),
      });
    }
  });

  it('is 0, and nothing is said, when the reader of the output has gone away', () => {
    expect(endingOf(new OutputClosed('gone'))).toEqual({ exitCode: 0 });
  });

  it('is that of what went wrong first, if closing failed as well', () => {
    const suppressed = Object.assign(new Error(), {
      name: 'SuppressedError',
      error: new TransientError('log-unavailable', 'closing took too long'),
      suppressed: new UsageError('bad-input', 'the file is bad'),
    });
    expect(endingOf(suppressed)).toEqual({ exitCode: 2, sentence: 'the file is bad' });
  });

  it('comes with one line, whatever the message holds', () => {
    const error = new UsageError('bad-usage', 'first\n  second\n');
    expect(endingOf(error).sentence).toBe('first second');
  });
});
