import { describe, expect, it } from '@jest/globals';
import { cpuPerMillion, cpuRatioOf, rateOf, ratioOf, spreadOf, type Measured } from './statistics.js';

const measured = (records: number, seconds: number, cpuSeconds = seconds): Measured => ({
  records,
  seconds,
  cpuSeconds,
});

describe('the spread of numbers', () => {
  it('has the middle one of an odd count as its median, whatever their order', () => {
    expect(spreadOf([30, 1, 2])).toEqual({ min: 1, median: 2, max: 30 });
  });

  it('has the mean of the middle two of an even count as its median', () => {
    expect(spreadOf([10, 4, 1, 2])).toEqual({ min: 1, median: 3, max: 10 });
  });

  it('does not exist for no numbers, nor for a rate of no time', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
    expect(() => spreadOf([1, rateOf(measured(5, 0))])).toThrow(RangeError);
  });
});

describe('the ratio of two arms', () => {
  it('is that of their rates: above 1 the first is faster', () => {
    expect(ratioOf([measured(100, 1)], [measured(100, 2)]).median).toBe(2);
    expect(ratioOf([measured(1_000, 1)], [measured(10, 1)]).median).toBe(100);
  });

  it('is taken within each round, so a slow minute of the machine does not show', () => {
    const ours = [measured(100, 1), measured(100, 10), measured(100, 1)];
    const others = [measured(100, 2), measured(100, 20), measured(100, 2)];
    expect(ratioOf(ours, others)).toEqual({ min: 2, median: 2, max: 2 });
  });

  it('by CPU-seconds is above 1 where the first costs less', () => {
    expect(cpuPerMillion(measured(500_000, 9, 2))).toBe(4);
    expect(cpuRatioOf([measured(100, 1, 1)], [measured(100, 1, 3)]).median).toBe(3);
  });

  it('does not compare different numbers of rounds', () => {
    expect(() => ratioOf([measured(1, 1)], [])).toThrow(RangeError);
  });
});
