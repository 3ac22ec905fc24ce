import { encodeEvent, type Event } from '@stepfold/events';
import type { SeededChance } from '../support/chance.js';
import { eventBody, likelyTypes } from '../support/generate-events.js';
import { pick } from '../support/chance.js';
import type { SimulationOptions } from './simulation-options.js';
import { REFUSED_PREFIX } from './store-server.js';

/** One event to publish, some time after the one before it. */
export interface TrackItem {
  readonly delayMs: number;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Appended twice in a row, as a retry after a lost answer does. */
  readonly isRepeated: boolean;
  /** How far its `seq` is off: above 0 some numbers are left out, below 0 it comes too late. */
  readonly seqShift: number;
}

/** What one producer publishes to one step, in order. */
export interface TrackPlan {
  readonly chatId: string;
  readonly stepId: string;
  readonly attempt: number;
  readonly startMs: number;
  readonly hasProducer: boolean;
  readonly items: readonly TrackItem[];
  /** Whether a publisher that died may have the step begun again, or go on with it. */
  readonly isMain: boolean;
}

/** A record that no publisher should have sent. */
export interface PoisonPlan {
  readonly atMs: number;
  readonly partition: number | undefined;
  readonly key: string;
  readonly value: Uint8Array;
}

export interface Workload {
  /** Records that are made here: what publishers of any make may send, wrong numbers and repetitions too. */
  readonly tracks: readonly TrackPlan[];
  /** Events that are given to the production publisher. */
  readonly clientTracks: readonly TrackPlan[];
  readonly poison: readonly PoisonPlan[];
}

/** Chats of a few model loops: steps with tools, messages of people, stop buttons, and all that goes wrong. */
export function planWorkload(chance: SeededChance, options: SimulationOptions): Workload {
  const rawTracks: TrackPlan[] = [];
  const clientTracks: TrackPlan[] = [];
  const poison: PoisonPlan[] = [];
  for (let index = 0; index < options.steps; index++) {
    const chatId = `chat-${zipf(chance, options.chats)}`;
    const tracks = chance.isTrue(options.clientShare) ? clientTracks : rawTracks;
    const prefix = chance.isTrue(0.02) ? REFUSED_PREFIX : 'step-';
    const step: StepPlace = {
      chatId,
      stepId: `${prefix}${index}`,
      startMs: chance.fraction() * options.spanMs,
    };
    if (chance.isTrue(0.2)) tracks.push(...planMessage(chance, options, step));
    else tracks.push(...planStep(chance, options, step));
    if (chance.isTrue(options.poisonProbability)) poison.push(planPoison(chance, options, step));
  }
  return { tracks: rawTracks, clientTracks, poison };
}

/** A few chats have most of the steps. */
function zipf(chance: SeededChance, count: number): number {
  return Math.floor((count + 1) ** chance.fraction()) - 1;
}

/** Most steps are short, and a few are many times as long: log-normal, with this median. */
function sizeOf(chance: SeededChance, median: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - chance.fraction())) * Math.cos(2 * Math.PI * chance.fraction());
  return Math.min(Math.round(median * Math.exp(0.8 * normal)), 6 * median);
}

interface StepPlace {
  readonly chatId: string;
  readonly stepId: string;
  readonly startMs: number;
}

/** A whole message, now and then edited or sent again later. */
function planMessage(chance: SeededChance, options: SimulationOptions, step: StepPlace): TrackPlan[] {
  const item = planItem(chance, options, eventBody(chance, 'message'));
  const tracks = [planTrack(step, [item])];
  if (chance.isTrue(0.2)) {
    const laterMs = step.startMs + chance.fraction() * options.spanMs;
    tracks.push(planTrack({ ...step, startMs: laterMs }, [item], { attempt: chance.below(2) }));
  }
  return tracks;
}

function planStep(chance: SeededChance, options: SimulationOptions, step: StepPlace): TrackPlan[] {
  const item = (fields: Readonly<Record<string, unknown>>): TrackItem => planItem(chance, options, fields);
  const attempt = chance.isTrue(0.1) ? 1 : 0;
  const count = sizeOf(chance, options.stepEvents);
  const content = Array.from({ length: count }, () => item(eventBody(chance, pick(chance, likelyTypes))));
  const end = planEnd(chance).map(item);
  // After the end: a few more, which are late.
  const late =
    end.length > 0 && chance.isTrue(0.2)
      ? Array.from({ length: 1 + chance.below(3) }, () =>
          item(
            eventBody(chance, pick(chance, ['tool-result', 'text-delta', 'source', 'heartbeat'] as const)),
          ),
        )
      : [];
  const main = planTrack(step, [item(eventBody(chance, 'step-start')), ...content, ...end, ...late], {
    attempt,
    hasProducer: !chance.isTrue(0.1),
    isMain: true,
  });
  const tracks = [main];
  const durationMs = main.items.reduce((sum, { delayMs }) => sum + delayMs, 0);
  const during = (): StepPlace => ({ ...step, startMs: step.startMs + chance.fraction() * durationMs });
  if (chance.isTrue(0.3)) {
    const types = ['tool-execution-start', 'tool-result', 'data', 'heartbeat', 'tool-approval'] as const;
    const work = Array.from({ length: 1 + chance.below(3) }, () =>
      item(eventBody(chance, pick(chance, types))),
    );
    tracks.push(planTrack(during(), work, { attempt }));
  }
  if (chance.isTrue(0.15)) {
    const stop = { type: 'interrupt', reason: 'user' };
    tracks.push(planTrack(during(), [item(stop)], { hasProducer: chance.isTrue(0.5) }));
  }
  if (chance.isTrue(0.15)) tracks.push(planRival(chance, options, during(), attempt));
  return tracks;
}

/** A second loop that works on the same step, with the same or the next attempt, or after the end. */
function planRival(
  chance: SeededChance,
  options: SimulationOptions,
  step: StepPlace,
  attempt: number,
): TrackPlan {
  const item = (fields: Readonly<Record<string, unknown>>): TrackItem => planItem(chance, options, fields);
  const lateMs = chance.isTrue(0.4) ? chance.fraction() * options.spanMs : 0;
  const types = ['text-delta', 'tool-call', 'source', 'data'] as const;
  const content = Array.from({ length: chance.below(4) }, () => item(eventBody(chance, pick(chance, types))));
  const opening = chance.isTrue(0.2) ? 'message' : 'step-start';
  return planTrack(
    { ...step, startMs: step.startMs + lateMs },
    [item(eventBody(chance, opening)), ...content, ...planEnd(chance).map(item)],
    { attempt: attempt + chance.below(2), isMain: true },
  );
}

/** The last events of a step; now and then none, for a loop that hangs, or signs of life until it is too old. */
function planEnd(chance: SeededChance): readonly Readonly<Record<string, unknown>>[] {
  const kind = chance.fraction();
  if (kind < 0.1) return [];
  if (kind < 0.16) return Array.from({ length: 9 }, () => ({ type: 'heartbeat', isAfterPause: true }));
  const finish = chance.isTrue(0.6) ? [eventBody(chance, 'finish')] : [];
  if (kind < 0.75) return [...finish, { type: 'step-end' }];
  if (kind < 0.9)
    return [...finish, { type: 'interrupt', reason: pick(chance, ['shutdown', 'eof', 'user']) }];
  return [{ type: 'error', message: 'overloaded', fatal: true }];
}

function planTrack(
  step: StepPlace,
  items: readonly TrackItem[],
  rest: Partial<Pick<TrackPlan, 'attempt' | 'hasProducer' | 'isMain'>> = {},
): TrackPlan {
  return { ...step, items, attempt: 0, hasProducer: true, isMain: false, ...rest };
}

function planItem(
  chance: SeededChance,
  options: SimulationOptions,
  given: Readonly<Record<string, unknown>>,
): TrackItem {
  const { isAfterPause, ...fields } = given;
  const idleMs = options.projector.stepIdleTimeoutMs ?? 0;
  const isPause = isAfterPause === true || chance.isTrue(0.02);
  return {
    // A pause that the reaper may take for the end, or just not.
    delayMs: isPause
      ? idleMs * (0.4 + (isAfterPause === true ? 0.5 : 0.8) * chance.fraction())
      : -Math.log(1 - chance.fraction()) * options.eventIntervalMs,
    fields,
    isRepeated: chance.isTrue(options.repeatProbability),
    seqShift: chance.isTrue(0.03) ? chance.below(7) - 3 : 0,
  };
}

function planPoison(chance: SeededChance, options: SimulationOptions, step: StepPlace): PoisonPlan {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const event = (fields: Readonly<Record<string, unknown>>): Uint8Array =>
    encodeEvent({
      ...{ v: 1, chat_id: step.chatId, step_id: step.stepId, at: 1_800_000_000_000_000 },
      ...fields,
    } as unknown as Event);
  const place = { atMs: step.startMs, partition: undefined, key: step.chatId };
  switch (chance.below(8)) {
    case 0:
      return { ...place, value: text('{"v":1,') };
    case 1:
      return { ...place, value: Uint8Array.of(0xff, 0xfe) };
    case 2:
      return { ...place, value: event({ v: 2, type: 'heartbeat' }) };
    case 3:
      return { ...place, value: event({ type: 'no-such-type' }) };
    case 4:
      return { ...place, value: event({ type: 'text-delta', id: '0', text: 'x'.repeat(5_000) }) };
    case 5:
      return { ...place, value: event({ type: 'heartbeat', seq: 1 }) };
    case 6:
      return { ...place, key: 'another-chat', value: event({ type: 'step-end' }) };
    default:
      return {
        ...place,
        partition: chance.below(options.log.partitionCount),
        value: event({ type: 'interrupt', reason: 'eof' }),
      };
  }
}
