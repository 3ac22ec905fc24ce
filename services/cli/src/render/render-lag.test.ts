import { describe, expect, it } from '@jest/globals';
import type { LagReading } from '@stepfold/audit';
import { renderLag } from './render-lag.js';
import { plainScreen } from './screen.js';

function reading(fields: Partial<LagReading>, events: number, offset = 5): LagReading {
  const partition = {
    ...{ partition: 0, end: offset, folded_to: offset, low_water: 3, stored_to: offset - events },
    oldest_open_ms: 61_000,
  };
  const lag = { partitions: [partition], events, seconds: events === 0 ? 0 : 2.25 };
  return { lag, wasEverFolded: true, wasEverStored: true, ...fields };
}

/** The sentence below the table. */
function sentence(given: LagReading): string | undefined {
  return renderLag(given, plainScreen).trimEnd().split('\n').at(-1);
}

describe('the lag, for a person', () => {
  it('is a table and a sentence', () => {
    expect(renderLag(reading({}, 1), plainScreen).split('\n')).toEqual([
      'partition  end  folded to  low water  stored to  oldest open',
      '        0    5          5          3          4   1 min 01 s',
      '1 event and 2.3 s behind',
      '',
    ]);
  });

  it('says whether all is stored, and what never ran', () => {
    expect(sentence(reading({}, 0))).toBe('caught up: every event of the log is stored');
    expect(sentence(reading({}, 4))).toBe('4 events and 2.3 s behind');
    expect(sentence(reading({ wasEverFolded: false }, 4))).toMatch(/no projector .* `stepfold projector`$/);
    expect(sentence(reading({ wasEverStored: false }, 4))).toMatch(/no writer .* `stepfold writer`$/);
  });

  it('stays within 80 columns for a log of a trillion events', () => {
    const lines = renderLag(reading({}, 10 ** 11, 10 ** 12 - 1), plainScreen).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[1]).toContain(' 899999999999 ');
  });
});
