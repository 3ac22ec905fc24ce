import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createQueueRoom } from './queue-room.js';

const limits = { eventsMax: 10, bytesMax: 100, partitionEventsMax: 5, partitionBytesMax: 50 };

describe('the room of a queue', () => {
  it('never is more than its limits, admits in order within a partition, and in the end everybody', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ partition: fc.nat({ max: 3 }), bytes: fc.nat({ max: 50 }) }), { maxLength: 80 }),
        fc.array(fc.nat({ max: 9 }), { maxLength: 80 }),
        (requests, releases) => {
          const room = createQueueRoom(limits);
          const inside: { partition: number; bytes: number; index: number }[] = [];
          const admitted: number[][] = [[], [], [], []];
          const check = (): void => {
            const bytesOf = (list: typeof inside): number => list.reduce((sum, { bytes }) => sum + bytes, 0);
            expect(inside.length).toBeLessThanOrEqual(limits.eventsMax);
            expect(bytesOf(inside)).toBeLessThanOrEqual(limits.bytesMax);
            for (let partition = 0; partition < 4; partition++) {
              const own = inside.filter((entry) => entry.partition === partition);
              expect(own.length).toBeLessThanOrEqual(limits.partitionEventsMax);
              expect(bytesOf(own)).toBeLessThanOrEqual(limits.partitionBytesMax);
            }
          };
          const release = (index: number): void => {
            const [entry] = inside.splice(index % inside.length, 1);
            if (entry !== undefined) room.release(entry.partition, 1, entry.bytes);
            check();
          };
          for (const [index, { partition, bytes }] of requests.entries()) {
            room.take(partition, bytes, () => {
              inside.push({ partition, bytes, index });
              admitted[partition]!.push(index);
            });
            check();
            if (releases[index] !== undefined && inside.length > 0) release(releases[index]);
          }
          while (inside.length > 0) release(0);
          expect(room.waiting).toBe(0);
          for (let partition = 0; partition < 4; partition++) {
            expect(admitted[partition]).toEqual(
              requests.flatMap((request, index) => (request.partition === partition ? [index] : [])),
            );
          }
        },
      ),
    );
  });

  it('lets nobody small overtake a large one for good', () => {
    const room = createQueueRoom({
      eventsMax: 100,
      bytesMax: 100,
      partitionEventsMax: 100,
      partitionBytesMax: 100,
    });
    const admitted: string[] = [];
    room.take(0, 60, () => admitted.push('first'));
    room.take(1, 90, () => admitted.push('large'));
    for (let i = 0; i < 5; i++) room.take(2, 10, () => admitted.push('small'));
    expect(admitted).toEqual(['first']);
    room.release(0, 1, 60);
    expect(admitted).toEqual(['first', 'large', 'small']);
  });

  it('has room for anything that may be in an empty queue, however ordinary', () => {
    const room = createQueueRoom(limits);
    expect(room.tryTake(0, 50, 'ordinary')).toBe(true);
    expect(room.tryTake(1, 50, 'ordinary')).toBe(false);
    room.release(0, 1, 50);
    expect(room.tryTake(1, 50, 'ordinary')).toBe(true);
  });

  it('lets a partition that has used up its share hold up nobody else', () => {
    const room = createQueueRoom(limits);
    const admitted: string[] = [];
    for (let i = 0; i < 8; i++) room.take(0, 1, () => admitted.push('away'));
    room.take(1, 1, () => admitted.push('there'));
    expect(admitted).toEqual(['away', 'away', 'away', 'away', 'away', 'there']);
  });
});
