import { beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { Event } from '@stepfold/events';
import { evolve } from '@stepfold/fold';
import type { Runtime } from '@stepfold/runtime';
import { projectorDefaults, type ProjectorConfig } from './config.js';
import { newOpenStep, stepKey, type OpenStep } from './open-step.js';
import { createProjection, type Projection } from './projection.js';
import {
  closingsDue,
  createReaper,
  noteAppendTime,
  noteConnectionLost,
  noteLook,
  type Reaper,
} from './reaper.js';

const AT = 1_775_822_400_000_000;
const config: ProjectorConfig = projectorDefaults;
const IDLE_MS = config.stepIdleTimeoutMs;

let nowMs: number;
let projection: Projection;
let reaper: Reaper;
let runtime: Runtime;

beforeEach(() => {
  nowMs = 0;
  runtime = {
    nowMicros: () => AT + 7,
    monotonicMs: () => nowMs,
    setTimer: () => () => undefined,
    random: () => 0.5,
  };
  projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, config);
  reaper = createReaper(runtime);
});

function open(stepId: string, appendedAtMs: number, more: readonly Record<string, unknown>[] = []): OpenStep {
  const base = { v: 1, chat_id: 'c', step_id: stepId, at: AT };
  const events = [
    { ...base, type: 'step-start' },
    ...more.map((fields) => ({ ...base, ...fields })),
  ] as unknown as Event[];
  const record = { offset: projection.nextOffset, key: null, value: null, headers: {}, appendedAtMs };
  const step = newOpenStep(stepKey(events[0]!), record, () => createHash('sha256'));
  for (const event of events) {
    evolve(step.state, event);
    projection.nextOffset++;
  }
  projection.openSteps.set(step.key, step);
  projection.appendedAtMs = Math.max(projection.appendedAtMs, appendedAtMs);
  noteAppendTime(reaper, projection, nowMs);
  return step;
}

/** Looks once a second for so long, always at the end, and answers what was to be closed on the way. */
function live(ms: number, end: () => number = () => projection.nextOffset) {
  const closings = [];
  for (const endMs = nowMs + ms; nowMs < endMs; nowMs += config.reaperLookMs) {
    noteLook(reaper, projection, config, end(), nowMs);
    closings.push(...closingsDue(reaper, projection, config, runtime));
  }
  return closings;
}

describe('an idle step', () => {
  it('is closed once, as of the last moment at which it is known to have lived', () => {
    open('s', 5_000, [{ type: 'heartbeat', at: AT + 3 }]);
    expect(live(IDLE_MS)).toEqual([]);
    expect(live(5_000)).toEqual([
      {
        v: 1,
        chat_id: 'c',
        step_id: 's',
        producer: reaper.producer,
        seq: 0,
        at: AT + 3,
        type: 'interrupt',
        reason: 'timeout',
        detected_at: AT + 7,
        if_events: 2,
      },
    ]);
    expect(live(60_000)).toEqual([]);
  });

  it('is closed again, with the next seq, if it lived on and fell silent again', () => {
    const step = open('s', 0);
    expect(live(IDLE_MS + 5_000)).toHaveLength(1);
    evolve(step.state, { v: 1, chat_id: 'c', step_id: 's', at: AT, type: 'heartbeat' });
    step.lastAppendedAtMs = nowMs;
    expect(live(IDLE_MS + 5_000)).toMatchObject([{ seq: 1, if_events: 2 }]);
  });

  it('names no producer once the step has as many as it can have', () => {
    const many = Array.from({ length: 256 }, (_, i) => ({ type: 'heartbeat', producer: `p${i}`, seq: 0 }));
    open('s', 0, many);
    const [closing] = live(IDLE_MS + 5_000);
    expect(closing).toBeDefined();
    expect(closing).not.toHaveProperty('producer');
    expect(closing).not.toHaveProperty('seq');
  });

  it('is left alone while events of the partition pass by but the projector is behind', () => {
    open('s', 0);
    expect(live(IDLE_MS * 2, () => projection.nextOffset + 1)).toEqual([]);
  });

  it('is left alone until the grace is over: after catching up, a lost connection, and a freeze', () => {
    open('s', 0);
    nowMs = IDLE_MS * 2;
    const grace = config.reaperGraceMs;
    expect(live(grace)).toEqual([]);
    noteConnectionLost(reaper);
    expect(live(grace)).toEqual([]);
    nowMs += config.reaperLookGapMaxMs + 1;
    expect(live(grace)).toEqual([]);
    expect(live(5_000)).toHaveLength(1);
  });

  it('is left alone by a process that was frozen between its look and its decision', () => {
    open('s', 0);
    live(config.reaperGraceMs + 10_000);
    noteLook(reaper, projection, config, projection.nextOffset, nowMs);
    nowMs += 2 * config.stepAgeMaxMs;
    expect(closingsDue(reaper, projection, config, runtime)).toEqual([]);
  });
});

describe('a step that is too old or too large', () => {
  it('is closed by age whatever it does, without if_events', () => {
    const step = open('s', 0);
    let closings: ReturnType<typeof closingsDue> = [];
    while (nowMs < config.stepAgeMaxMs + 5_000) {
      step.lastAppendedAtMs = nowMs;
      closings = [...closings, ...live(10_000)];
    }
    expect(closings).toHaveLength(1);
    expect(closings[0]).not.toHaveProperty('if_events');
  });

  it('is closed by size at once, even before the grace is over, and only once', () => {
    const step = open('s', 0);
    projection.oversizeSteps.add(step);
    expect(closingsDue(reaper, projection, config, runtime)).toHaveLength(1);
    projection.oversizeSteps.add(step);
    expect(closingsDue(reaper, projection, config, runtime)).toEqual([]);
  });
});

describe('more open steps than allowed', () => {
  it('closes the longest silent ones beyond the limit', () => {
    const small = { ...config, openStepsMax: 2 };
    for (const [i, name] of ['b', 'a', 'd', 'c'].entries()) open(name, [20, 10, 40, 30][i]!);
    noteLook(reaper, projection, small, projection.nextOffset, nowMs);
    const closings = closingsDue(reaper, projection, small, runtime);
    expect(closings.map(({ step_id, if_events }) => [step_id, if_events])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });
});

describe('open steps of more bytes than allowed together', () => {
  it('are closed, the largest first, whatever they still do, until the others fit', () => {
    const small = { ...config, openBytesMax: 100 };
    const sizes = { a: 40, b: 70, c: 30, d: 50 };
    for (const [name, bytes] of Object.entries(sizes)) open(name, 10).state.bytes = bytes;
    const look = () => {
      noteLook(reaper, projection, small, projection.nextOffset, nowMs);
      return closingsDue(reaper, projection, small, runtime);
    };
    const closings = look();
    expect(closings.map(({ step_id }) => step_id)).toEqual(['b', 'd']);
    for (const closing of closings) expect(closing).not.toHaveProperty('if_events');
    // Until the closings are folded, they are not made again.
    expect(look()).toEqual([]);
  });

  it('may be as many bytes as allowed', () => {
    const small = { ...config, openBytesMax: 100 };
    open('a', 10).state.bytes = 60;
    open('b', 10).state.bytes = 40;
    noteLook(reaper, projection, small, projection.nextOffset, nowMs);
    expect(closingsDue(reaper, projection, small, runtime)).toEqual([]);
  });
});
