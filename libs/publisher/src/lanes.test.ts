import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createLanes } from './lanes.js';

describe('lanes', () => {
  it('never number one step from 0 twice under one producer, whatever was forgotten', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ step: fc.nat({ max: 12 }), action: fc.constantFrom('use', 'use', 'hold', 'letGo') }),
          {
            maxLength: 200,
          },
        ),
        fc.integer({ min: 1, max: 4 }),
        (uses, stepsRememberedMax) => {
          const lanes = createLanes({ producer: 'p', partitionCount: 3, stepsRememberedMax });
          const given = new Set<string>();
          for (const { step, action } of uses) {
            const lane = lanes.laneOf('c', `s${step}`, 0);
            const name = `${lane.stepId} ${lane.producer} ${lane.nextSeq++}`;
            expect(given.has(name)).toBe(false);
            given.add(name);
            if (action === 'hold') lanes.hold(lane);
            else if (action === 'letGo') lanes.letGo(lane);
          }
        },
      ),
    );
  });

  it('remember at least as many as they should, those used last, and all that are held', () => {
    const lanes = createLanes({ producer: 'p', partitionCount: 1, stepsRememberedMax: 10 });
    const held = lanes.laneOf('c', 'held', 0);
    lanes.hold(held);
    for (let i = 0; i < 1_000; i++) {
      lanes.laneOf('c', `s${i}`, 0).nextSeq = i;
      for (let back = 0; back < 10 && back <= i; back++) {
        expect(lanes.peek('c', `s${i - back}`, 0)?.nextSeq).toBe(i - back);
      }
    }
    expect(lanes.laneOf('c', 'held', 0)).toBe(held);
    const remembered = Array.from({ length: 1_000 }, (_, i) => lanes.peek('c', `s${i}`, 0));
    expect(remembered.filter((lane) => lane !== undefined).length).toBeLessThanOrEqual(20);
    expect(lanes.peek('c', 's5', 0)).toBeUndefined();
  });

  it('are apart for attempts, steps and chats', () => {
    const lanes = createLanes({ producer: 'p', partitionCount: 1, stepsRememberedMax: 10 });
    const lane = lanes.laneOf('c', 's', 0);
    expect(lanes.laneOf('c', 's', 0)).toBe(lane);
    for (const other of [lanes.laneOf('c', 's', 1), lanes.laneOf('c', 's1', 0), lanes.laneOf('c1', 's', 0)]) {
      expect(other).not.toBe(lane);
    }
    expect(lanes.laneOf('c', 's', 1).stepKey).toBe(lane.stepKey);
  });
});
