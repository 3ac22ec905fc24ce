import { describe, expect, it } from '@jest/globals';
import { UsageError } from '@stepfold/runtime';
import { publisherLimitDefaults, resolveLimits, type PublisherLimits } from './publisher-limits.js';

describe('limits', () => {
  it('fit together by default, for any number of partitions', () => {
    for (const partitionCount of [1, 2, 64]) {
      expect(resolveLimits({}, partitionCount)).toEqual(publisherLimitDefaults);
    }
  });

  it.each<[Partial<PublisherLimits>, string]>([
    [{ queueEventsMax: 0 }, 'queueEventsMax must be a whole number from 1'],
    [{ coalesceMs: -1 }, 'coalesceMs must be a whole number from 0'],
    [{ coalesceMs: 0.5 }, 'coalesceMs must be a whole number'],
    [{ heartbeatIntervalMs: 2 ** 31 }, 'heartbeatIntervalMs must be a whole number from 1 to 2147483647'],
    [{ eventBytesMax: 16 * 1024 * 1024 }, 'eventBytesMax must be from 1024'],
    [{ eventBytesMax: 10 }, 'eventBytesMax must be from 1024'],
    [{ queueBytesMax: 8 * 1024 * 1024 }, 'queueBytesMax (8388608) must hold two events of eventBytesMax'],
    [{ queueEventsMax: 100 }, 'batchRecordsMax (500) must not exceed queueEventsMax (100)'],
    [{ batchBytesMax: 2 ** 30 }, 'batchBytesMax (1073741824) must not exceed queueBytesMax'],
    [{ watchIntervalMs: 1_001 }, 'watchIntervalMs (1001) must not exceed 1000'],
    [{ retryDelayMinMs: 6_000 }, 'retryDelayMinMs (6000) must not exceed retryDelayMaxMs (5000)'],
  ])('refuse %j', (given, sentence) => {
    expect(() => resolveLimits(given, 2)).toThrow(sentence);
    expect(() => resolveLimits(given, 2)).toThrow(UsageError);
  });
});
