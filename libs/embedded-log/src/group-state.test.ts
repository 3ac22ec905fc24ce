import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { PartitionName } from './assignment.js';
import {
  decodeGroup,
  emptyGroup,
  encodeGroup,
  planGroup,
  type GroupState,
  type MemberView,
} from './group-state.js';

const here = { pid: 1, namespace: 'here' };
const partitionCount = 4;

function view(id: string, changes: Partial<MemberView> = {}): MemberView {
  return {
    id,
    topics: ['events'],
    process: here,
    partitionCount,
    isBeatDue: false,
    isLeaving: false,
    gone: new Set(),
    released: new Set(),
    busy: new Set(),
    ...changes,
  };
}

function ownedBy(state: GroupState, id: string): PartitionName[] {
  return [...state.owners].filter(([, owner]) => owner === id).map(([name]) => name);
}

describe('a pass over the state of a group', () => {
  const alone = planGroup(emptyGroup, view('a')).state;
  const joined = planGroup(alone, view('b'));

  it('lets the first member take everything', () => {
    expect(ownedBy(alone, 'a')).toEqual(['events:0', 'events:1', 'events:2', 'events:3']);
  });

  it('lets a newcomer take nothing that another one owns', () => {
    expect(ownedBy(joined.state, 'a')).toHaveLength(4);
    expect(ownedBy(joined.state, 'b')).toEqual([]);
  });

  it('tells a member what to give up, and lets the other take it when it was given up', () => {
    const asked = planGroup(joined.state, view('a'));
    expect(asked.hasChanged).toBe(false);
    expect([...asked.surplus]).toEqual(['events:2', 'events:3']);
    const released = planGroup(joined.state, view('a', { released: new Set(['events:3']) })).state;
    expect(ownedBy(released, 'a')).toEqual(['events:0', 'events:1', 'events:2']);
    expect(ownedBy(planGroup(released, view('b')).state, 'b')).toEqual(['events:3']);
  });

  it('does not take what is still worked on here', () => {
    const busy = new Set<PartitionName>(['events:1']);
    expect(ownedBy(planGroup(emptyGroup, view('a', { busy })).state, 'a')).toEqual([
      'events:0',
      'events:2',
      'events:3',
    ]);
  });

  it('frees what a member that has gone owned, and takes it', () => {
    const after = planGroup(joined.state, view('b', { gone: new Set(['a']) })).state;
    expect([...after.members.keys()]).toEqual(['b']);
    expect(ownedBy(after, 'b')).toHaveLength(4);
  });

  it('changes nothing when there is nothing to do', () => {
    expect(planGroup(alone, view('a')).hasChanged).toBe(false);
  });

  it('raises the beat when that is due, and with every other change', () => {
    const beat = (state: GroupState): number | undefined => state.members.get('a')?.beat;
    const before = beat(alone)!;
    expect(beat(planGroup(alone, view('a', { isBeatDue: true })).state)).toBe(before + 1);
    expect(beat(planGroup(alone, view('a', { released: new Set(['events:0']) })).state)).toBe(before + 1);
  });

  it('keeps a leaving member until it owns nothing, and gives it nothing', () => {
    const leaving = planGroup(joined.state, view('a', { isLeaving: true }));
    expect(leaving.state.members.get('a')?.isLeaving).toBe(true);
    expect(leaving.surplus.size).toBe(4);
    const released = new Set<PartitionName>(['events:0', 'events:1', 'events:2', 'events:3']);
    const left = planGroup(leaving.state, view('a', { isLeaving: true, released })).state;
    expect([...left.members.keys()]).toEqual(['b']);
    expect(ownedBy(planGroup(left, view('b')).state, 'b')).toHaveLength(4);
  });

  it('lets nobody join who is leaving', () => {
    expect(planGroup(emptyGroup, view('a', { isLeaving: true })).hasChanged).toBe(false);
  });

  it('comes back from its document as it was', () => {
    expect(decodeGroup(encodeGroup(joined.state))).toEqual(joined.state);
    expect(decodeGroup(encodeGroup(emptyGroup))).toEqual(emptyGroup);
  });
});

describe('members that come, work, leave and die in any order', () => {
  type Step = readonly ['pass' | 'return' | 'join' | 'leave' | 'die', id: string];
  const steps = fc.array(
    fc.tuple(
      fc.constantFrom<Step[0]>('pass', 'pass', 'return', 'join', 'leave', 'die'),
      fc.constantFrom('a', 'b', 'c'),
    ),
    { maxLength: 60 },
  );

  interface Actor {
    isLeaving: boolean;
    /** Worked on; true if it was asked to stop and has. */
    readonly working: Map<PartitionName, 'working' | 'asked' | 'returned'>;
  }

  /** A member that follows the rules of the shell, without time. */
  function pass(state: GroupState, id: string, actor: Actor, actors: ReadonlyMap<string, Actor>): GroupState {
    const released = new Set([...actor.working].filter(([, is]) => is === 'returned').map(([name]) => name));
    const { state: next, surplus } = planGroup(state, {
      ...view(id),
      isLeaving: actor.isLeaving,
      gone: new Set([...state.members.keys()].filter((other) => !actors.has(other))),
      released,
      busy: new Set(actor.working.keys()),
    });
    for (const name of released) actor.working.delete(name);
    for (const name of surplus) if (actor.working.get(name) === 'working') actor.working.set(name, 'asked');
    for (const name of ownedBy(next, id)) if (!actor.working.has(name)) actor.working.set(name, 'working');
    return next;
  }

  function finish(actor: Actor): void {
    for (const [name, is] of actor.working) if (is === 'asked') actor.working.set(name, 'returned');
  }

  it('never work two on one partition, and share all fairly when they are left alone', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        let state = emptyGroup;
        const actors = new Map<string, Actor>([['z', { isLeaving: false, working: new Map() }]]);
        const play = ([what, name]: Step, generation: number): void => {
          const id = [...actors.keys()].find((id) => id.startsWith(name));
          const actor = id === undefined ? undefined : actors.get(id);
          if (id === undefined || actor === undefined) {
            if (what === 'join') actors.set(`${name}${generation}`, { isLeaving: false, working: new Map() });
          } else if (what === 'pass') state = pass(state, id, actor, actors);
          else if (what === 'return') finish(actor);
          else if (what === 'leave') actor.isLeaving = true;
          else if (what === 'die') actors.delete(id);
          const worked = [...actors.values()].flatMap(({ working }) => [...working.keys()]);
          expect(worked).toHaveLength(new Set(worked).size);
        };
        for (const [i, step] of steps.entries()) play(step, i);
        for (let round = 0; round < 12; round++) {
          for (const [id, actor] of actors) {
            state = pass(state, id, actor, actors);
            finish(actor);
          }
          for (const [id, actor] of actors) if (actor.isLeaving && !state.members.has(id)) actors.delete(id);
        }
        const shares = [...actors.keys()].map((id) => ownedBy(state, id).length);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(partitionCount);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        expect([...state.members.keys()].toSorted()).toEqual([...actors.keys()].toSorted());
      }),
      { numRuns: 500 },
    );
  });
});
