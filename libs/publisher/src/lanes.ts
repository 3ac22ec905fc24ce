import { partitionOf } from '@stepfold/event-log';

/**
 * What the publisher knows of one attempt of a step: the way to its partition, and its numbering.
 *
 * A pair (step, producer) is never numbered from 0 twice, because a projector would take the second series
 * for duplicates of the first and nobody would miss them. So a publisher that has forgotten a lane is, for
 * that step, a new incarnation: see `createLanes`.
 */
export interface Lane {
  readonly chatId: string;
  readonly stepId: string;
  readonly attempt: number;
  /** Names the step, all attempts of it. Ids hold no colon. */
  readonly stepKey: string;
  /** The record key. */
  readonly key: Uint8Array;
  readonly partition: number;
  readonly producer: string;
  /** Given when an event leaves the queue, or is taken by an outbox. */
  nextSeq: number;
  /** Events that found no room since the last one that did. Their numbers are used up: the fold notes the gap. */
  droppedEvents: number;
  /** Its start found room. */
  isStarted: boolean;
  /** Its start found no room: nothing of this attempt can be in a message, unless it is started again. */
  isLost: boolean;
  /** The message says that something was withheld. */
  isRedactionNoted: boolean;
  /** The first error of redaction was told. */
  isRedactionTold: boolean;
  /** Events that were taken, or wait for room, and are not settled. */
  pendingEvents: number;
  /** A terminal event of this attempt was published here. */
  isEnded: boolean;
}

export interface Lanes {
  /** The lane of an attempt, a new one if there is none or it was forgotten. */
  laneOf(chatId: string, stepId: string, attempt: number): Lane;
  /** The lane, if it is known. Creates nothing. */
  peek(chatId: string, stepId: string, attempt: number): Lane | undefined;
  /** Keeps a lane in memory until it is let go. */
  hold(lane: Lane): void;
  letGo(lane: Lane): void;
}

/**
 * Remembers lanes in two generations. When the young one is full, the old one is forgotten, the young one
 * becomes old, and the publisher takes its next incarnation: lanes made from then on have another producer
 * id (`NAME.1`, `NAME.2`, …). A lane that is forgotten was made before that, so when its step is published to
 * again, it is under an id that this step has not seen. Lanes in use keep their id: an open step has one
 * writer from its beginning to its end.
 */
export function createLanes(options: {
  readonly producer: string;
  readonly partitionCount: number;
  readonly stepsRememberedMax: number;
}): Lanes {
  const { partitionCount, stepsRememberedMax } = options;
  const encoder = new TextEncoder();
  const held = new Map<string, Lane>();
  let young = new Map<string, Lane>();
  let old = new Map<string, Lane>();
  let incarnation = 0;
  let producer = options.producer;

  function makeRoom(): void {
    if (young.size < stepsRememberedMax) return;
    old = young;
    young = new Map();
    incarnation++;
    producer = `${options.producer}.${incarnation}`;
  }

  function remember(laneKey: string, lane: Lane): void {
    makeRoom();
    young.set(laneKey, lane);
  }

  function find(laneKey: string): Lane | undefined {
    const lane = held.get(laneKey) ?? young.get(laneKey);
    if (lane !== undefined) return lane;
    const former = old.get(laneKey);
    if (former === undefined) return undefined;
    old.delete(laneKey);
    remember(laneKey, former);
    return former;
  }

  return {
    laneOf(chatId, stepId, attempt) {
      const laneKey = laneKeyOf(chatId, stepId, attempt);
      const known = find(laneKey);
      if (known !== undefined) return known;
      makeRoom();
      const key = encoder.encode(chatId);
      const lane: Lane = {
        chatId,
        stepId,
        attempt,
        stepKey: stepKeyOf(chatId, stepId),
        key,
        partition: partitionOf(key, partitionCount),
        producer,
        nextSeq: 0,
        droppedEvents: 0,
        isStarted: false,
        isLost: false,
        isRedactionNoted: false,
        isRedactionTold: false,
        pendingEvents: 0,
        isEnded: false,
      };
      young.set(laneKey, lane);
      return lane;
    },
    peek: (chatId, stepId, attempt) => find(laneKeyOf(chatId, stepId, attempt)),
    hold(lane) {
      const laneKey = laneKeyOf(lane.chatId, lane.stepId, lane.attempt);
      young.delete(laneKey);
      old.delete(laneKey);
      held.set(laneKey, lane);
    },
    letGo(lane) {
      const laneKey = laneKeyOf(lane.chatId, lane.stepId, lane.attempt);
      if (held.delete(laneKey)) remember(laneKey, lane);
    },
  };
}

export function stepKeyOf(chatId: string, stepId: string): string {
  return `${chatId}:${stepId}`;
}

function laneKeyOf(chatId: string, stepId: string, attempt: number): string {
  return `${chatId}:${stepId}:${attempt}`;
}
