import { describe, expect, it } from '@jest/globals';
import type { GroupMember } from './group-state.js';
import { createSilenceMeter } from './silence.js';

function membersWith(beats: Readonly<Record<string, number>>): Map<string, GroupMember> {
  const process = { pid: 1, namespace: '' };
  return new Map(
    Object.entries(beats).map(([id, beat]) => [id, { topics: [], beat, process, isLeaving: false }]),
  );
}

describe('the silence of members', () => {
  it('grows while the beat stays the same, and ends with the next beat', () => {
    const silence = createSilenceMeter(100);
    silence.look(membersWith({ a: 1, b: 1 }), 1_000);
    silence.look(membersWith({ a: 1, b: 2 }), 1_080);
    silence.look(membersWith({ a: 1, b: 2 }), 1_160);
    expect([silence.silentMs('a'), silence.silentMs('b')]).toEqual([160, 80]);
    silence.look(membersWith({ a: 2, b: 2 }), 1_200);
    expect([silence.silentMs('a'), silence.silentMs('b')]).toEqual([0, 120]);
  });

  it('does not count the time in which nobody looked, as after a freeze of the observer', () => {
    const silence = createSilenceMeter(100);
    silence.look(membersWith({ a: 1 }), 1_000);
    silence.look(membersWith({ a: 1 }), 3_600_000);
    expect(silence.silentMs('a')).toBe(100);
  });

  it('is nothing for who was never seen, or has just come', () => {
    const silence = createSilenceMeter(100);
    silence.look(membersWith({ a: 1 }), 1_000);
    expect([silence.silentMs('a'), silence.silentMs('b')]).toEqual([0, 0]);
  });
});
