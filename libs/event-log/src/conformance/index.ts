import { describe, expect, it, jest } from '@jest/globals';
import { appendTests } from './append-tests.js';
import { groupTests } from './group-tests.js';
import {
  defaultCapabilities,
  useHarness,
  type EventLogCapabilities,
  type EventLogHarness,
} from './harness.js';
import { readTests } from './read-tests.js';
import { retentionTests } from './retention-tests.js';
import { subscribeTests } from './subscribe-tests.js';

export type { EventLogCapabilities, EventLogHarness } from './harness.js';

/**
 * Declares the tests that every adapter of the event log passes. `open` gives each test a new, empty log
 * with at least two partitions. It waits for conditions and never for fixed times, so it suits logs that
 * agree late; where logs may differ, `capabilities` says what this one does.
 */
export function eventLogConformance(
  name: string,
  open: () => Promise<EventLogHarness>,
  capabilities: Partial<EventLogCapabilities> & {
    /** The harness has no `deleteBefore`: what is said of retention is not tested here, for this reason. */
    readonly retentionUntestedBecause?: string;
  } = {},
): void {
  const present = { ...defaultCapabilities, ...capabilities };
  // A test waits for groups to settle a few times; what hangs is told by `until`, with what it waited for.
  jest.setTimeout(4 * present.settleTimeoutMs);
  describe(`event log: ${name}`, () => {
    const suite = useHarness(open, present);
    it('has a generation and at least two partitions', () => {
      expect(suite.log().generation).toBeGreaterThanOrEqual(0);
      expect(suite.log().partitionCount).toBeGreaterThanOrEqual(2);
      expect(suite.log().topicPrefix).toMatch(/^([\w-]+\.)*$/);
    });
    appendTests(suite);
    readTests(suite);
    subscribeTests(suite);
    groupTests(suite);
    if (capabilities.retentionUntestedBecause === undefined) retentionTests(suite);
  });
}
