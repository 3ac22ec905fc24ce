import { describe, expect, it } from '@jest/globals';
import { screenOf } from './screen.js';

const painted = '\u001b[31mno\u001b[39m';

function lookOf(stdoutColumns: number | undefined, environment: Record<string, string>): string {
  return screenOf({ stdoutColumns, environment }).paint('failure', 'no');
}

describe('colour', () => {
  it('is for terminals', () => {
    expect(lookOf(80, {})).toBe(painted);
    expect(lookOf(undefined, {})).toBe('no');
    expect(lookOf(80, { TERM: 'dumb' })).toBe('no');
  });

  it('is never there with NO_COLOR, whatever it says, unless it is empty', () => {
    expect(lookOf(80, { NO_COLOR: '1' })).toBe('no');
    expect(lookOf(80, { NO_COLOR: 'false', FORCE_COLOR: '1' })).toBe('no');
    expect(lookOf(80, { NO_COLOR: '' })).toBe(painted);
  });

  it('can be forced', () => {
    expect(lookOf(undefined, { FORCE_COLOR: '1' })).toBe(painted);
    expect(lookOf(80, { FORCE_COLOR: '0' })).toBe('no');
  });
});

describe('the width', () => {
  it('is that of the terminal within reason, and 80 elsewhere', () => {
    const widths = [undefined, 20, 100, 400].map(
      (stdoutColumns) => screenOf({ stdoutColumns, environment: {} }).width,
    );
    expect(widths).toEqual([80, 60, 100, 120]);
  });
});
