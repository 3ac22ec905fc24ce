import {
  deadLetterRecord,
  partitionOf,
  type DeadLetterCause,
  type LogRecord,
  type RecordToAppend,
} from '@stepfold/event-log';
import type { DeadLetterCode, Event, EventCodec } from '@stepfold/events';
import {
  elideLargest,
  encodeStepRecord,
  evolve,
  surelyFits,
  toMessage,
  type CreateSha256,
  type Message,
  type Outcome,
} from '@stepfold/fold';
import type { Metrics } from '@stepfold/runtime';
import type { Checkpoint } from './checkpoint.js';
import type { ProjectorConfig } from './config.js';
import { carriesContent } from './content.js';
import { isWithinBudget, isWorthAVersion, noteVersion } from './emission-policy.js';
import { createEndedSteps, type EndedSteps } from './ended-steps.js';
import { newOpenStep, stepKey, type OpenStep } from './open-step.js';

/**
 * What a projector knows of one partition, and what it has made that is not on the log yet. All of it is
 * synchronous: the loop around it does the waiting.
 *
 * 1. `openSteps` is in order of `firstOffset`, so its first entry is the low-water mark.
 * 2. What `versions` and `deadLetters` hold was made from events below `nextOffset`; a checkpoint is taken
 *    only when both have been acknowledged.
 * 3. Below `silentBelow` nothing is made: a former owner had it acknowledged. Steps that are open there
 *    get one version when `silentBelow` is reached.
 */
export interface Projection {
  readonly openSteps: Map<string, OpenStep>;
  /** One of them, the one that was found last. */
  lastStep: OpenStep | undefined;
  readonly endedSteps: EndedSteps;
  nextOffset: number;
  readonly silentBelow: number;
  isSilent: boolean;
  /** Highest append time seen; the partition's clock. */
  appendedAtMs: number;
  versions: RecordToAppend[];
  deadLetters: RecordToAppend[];
  outputBytes: number;
  /** Open steps of which a version is due. */
  readonly dueSteps: Set<OpenStep>;
  /** Open steps that are larger than allowed. */
  readonly oversizeSteps: Set<OpenStep>;
  /** How many events came to what and are not counted yet. */
  readonly outcomes: Map<Outcome, number>;
}

/** What a projection needs besides the records. */
export interface ProjectionContext {
  readonly config: ProjectorConfig;
  readonly codec: EventCodec;
  readonly generation: number;
  readonly partition: number;
  readonly partitionCount: number;
  /** Full name of the topic of events. */
  readonly topic: string;
  readonly version: string;
  readonly metrics: Metrics;
  readonly nowMicros: () => number;
  readonly monotonicMs: () => number;
  readonly createSha256: CreateSha256;
}

const encoder = new TextEncoder();

export function createProjection(start: Checkpoint, config: ProjectorConfig): Projection {
  return {
    openSteps: new Map(),
    lastStep: undefined,
    endedSteps: createEndedSteps(config.endedStepsMax),
    nextOffset: start.lowWaterMark,
    silentBelow: start.foldedTo,
    isSilent: start.lowWaterMark < start.foldedTo,
    appendedAtMs: -Infinity,
    versions: [],
    deadLetters: [],
    outputBytes: 0,
    dueSteps: new Set(),
    oversizeSteps: new Set(),
    outcomes: new Map(),
  };
}

/** Where a restart would have to begin, if everything made so far were acknowledged. */
export function checkpointOf(projection: Projection): Checkpoint {
  const oldest = projection.openSteps.values().next().value;
  return {
    lowWaterMark: oldest?.firstOffset ?? projection.nextOffset,
    // While the former owner's work is folded again, what it had acknowledged stays acknowledged.
    foldedTo: Math.max(projection.nextOffset, projection.silentBelow),
  };
}

/** Folds one record of the partition: checks it, applies it to its step, and notes what is to be emitted. */
export function foldRecord(projection: Projection, context: ProjectionContext, record: LogRecord): void {
  // The silent range may end in a hole before this record.
  passTo(projection, record.offset);
  const { isSilent } = projection;
  projection.nextOffset = record.offset + 1;
  projection.appendedAtMs = Math.max(projection.appendedAtMs, record.appendedAtMs);

  const checked = checkRecord(context, record);
  if ('reason' in checked) {
    if (!isSilent) addDeadLetter(projection, context, record, checked.reason, checked.detail);
    return;
  }
  const { event } = checked;
  const outcome = applyEvent(projection, context, record, event, isSilent);
  if (isSilent) return;
  projection.outcomes.set(outcome, (projection.outcomes.get(outcome) ?? 0) + 1);
  if (isLost(outcome) && carriesContent(event)) {
    // Told again after its step had ended, its content is in the message.
    if (projection.endedSteps.isKnownDuplicate(stepKey(event), event)) return;
    const detail = `${event.type} of attempt ${event.attempt ?? 0} was not accepted: ${outcome}`;
    addDeadLetter(projection, context, record, outcome, detail, event);
  }
}

/** Counts what became of the events folded since the last call: a metric for each event would cost as much as folding it. */
export function countOutcomes(projection: Projection, metrics: Metrics): void {
  for (const [outcome, events] of projection.outcomes) metrics.count('events_total', { outcome }, events);
  projection.outcomes.clear();
}

/** To be called when the partition has been read up to an offset that may lie past the last record. */
export function passTo(projection: Projection, nextOffset: number): void {
  projection.nextOffset = Math.max(projection.nextOffset, nextOffset);
  if (!projection.isSilent || projection.nextOffset < projection.silentBelow) return;
  projection.isSilent = false;
  for (const step of projection.openSteps.values()) {
    step.emission.isDue = true;
    projection.dueSteps.add(step);
  }
}

/** Outcomes with which an event's content is not in any message. */
function isLost(outcome: Outcome): outcome is 'not-open' | 'out-of-order' | 'conflict' {
  return outcome === 'not-open' || outcome === 'out-of-order' || outcome === 'conflict';
}

function checkRecord(
  context: ProjectionContext,
  record: LogRecord,
): { readonly event: Event } | { readonly reason: DeadLetterCode; readonly detail: string } {
  if (record.value === null) return { reason: 'bad-json', detail: 'the record has no value' };
  const decoded = context.codec.decode(record.value);
  if (!decoded.ok) return { reason: decoded.code, detail: decoded.detail };
  const { event } = decoded;
  if (record.key === null || !isTextOf(event.chat_id, record.key)) {
    return { reason: 'wrong-key', detail: 'the key of the record is not the chat_id of its event' };
  }
  const partition = partitionOf(record.key, context.partitionCount);
  if (partition !== context.partition) {
    return {
      reason: 'wrong-partition',
      detail: `the key belongs to partition ${partition} of ${context.partitionCount} by murmur2`,
    };
  }
  return { event };
}

/** True if the bytes are an id in UTF-8. Ids are ASCII, so nothing has to be encoded for that, event after event. */
function isTextOf(id: string, bytes: Uint8Array): boolean {
  if (id.length !== bytes.length) return false;
  for (let i = 0; i < bytes.length; i++) if (id.charCodeAt(i) !== bytes[i]) return false;
  return true;
}

/** Applies an event to its step and answers what became of it. */
function applyEvent(
  projection: Projection,
  context: ProjectionContext,
  record: LogRecord,
  event: Event,
  isSilent: boolean,
): Outcome {
  const opens = event.type === 'step-start' || event.type === 'message';
  let step = openStepOf(projection, event);
  if (step === undefined || (opens && (event.attempt ?? 0) > step.state.attempt)) {
    const key = stepKey(event);
    if (!opens || (event.attempt ?? 0) <= (projection.endedSteps.endedAttempt(key) ?? -1)) return 'not-open';
    if (step !== undefined) drop(projection, step);
    projection.endedSteps.forget(key);
    step = newOpenStep(key, record, context.createSha256);
    projection.openSteps.set(key, step);
    projection.lastStep = step;
  }
  if ((event.attempt ?? 0) === step.state.attempt) step.lastAppendedAtMs = record.appendedAtMs;
  const partsBefore = step.state.parts.length;
  const value = record.value as Uint8Array;
  const outcome = evolve(step.state, event, value.byteLength);
  if (outcome !== 'accepted') return outcome;

  step.digest.add(value);
  step.lastOffset = record.offset;
  if (step.state.status !== 'open') {
    drop(projection, step);
    projection.endedSteps.remember(step.key, step.state);
    if (!isSilent) addFinalVersion(projection, context, step, record, event);
    return outcome;
  }
  if (isSilent) return outcome;
  if (step.state.bytes > context.config.stepBytesMax) projection.oversizeSteps.add(step);
  if (isWorthAVersion(step, event, partsBefore)) step.emission.isDue = true;
  if (step.emission.isDue) projection.dueSteps.add(step);
  return outcome;
}

/** A model's events come in bursts: most often it is the step of the event before. */
function openStepOf(projection: Projection, event: Event): OpenStep | undefined {
  const last = projection.lastStep;
  if (last?.state.stepId === event.step_id && last.state.chatId === event.chat_id) return last;
  return (projection.lastStep = projection.openSteps.get(stepKey(event)));
}

function drop(projection: Projection, step: OpenStep): void {
  if (projection.lastStep === step) projection.lastStep = undefined;
  projection.openSteps.delete(step.key);
  projection.dueSteps.delete(step);
  projection.oversizeSteps.delete(step);
}

/**
 * Makes a version of every open step whose time has come. Answers when the next one is due, or undefined; -Infinity
 * if there is no room for more output: what was made has to be appended, and then this called again.
 */
export function emitDueSteps(projection: Projection, context: ProjectionContext): number | undefined {
  const nowMs = context.monotonicMs();
  let nextMs: number | undefined;
  for (const step of projection.dueSteps) {
    const dueAtMs = step.emission.atMs + context.config.openStepIntervalMs;
    if (dueAtMs > nowMs) {
      nextMs = Math.min(nextMs ?? Infinity, dueAtMs);
      continue;
    }
    if (projection.outputBytes >= context.config.outputBytesMax) return -Infinity;
    projection.dueSteps.delete(step);
    // Beyond the budget it stays due and waits for the next event of the step.
    if (isWithinBudget(step)) addVersion(projection, context, step);
  }
  return nextMs;
}

/** The last version of a step, or a dead letter if the message is too large for the log however much is elided. */
function addFinalVersion(
  projection: Projection,
  context: ProjectionContext,
  step: OpenStep,
  record: LogRecord,
  event: Event,
): void {
  if (addVersion(projection, context, step, step.digest.finish())) return;
  const detail = `the message of the step cannot be made to fit ${context.config.versionBytesMax} bytes`;
  addDeadLetter(projection, context, record, 'oversize', detail, event);
}

/** Makes a version of a step. Answers false if it is too large for the log, and then makes none. */
function addVersion(
  projection: Projection,
  context: ProjectionContext,
  step: OpenStep,
  digest?: string,
): boolean {
  const message = toMessage(
    step.state,
    {
      generation: context.generation,
      topic: context.topic,
      partition: context.partition,
      first_offset: step.firstOffset,
      last_offset: step.lastOffset,
    },
    digest,
  );
  const record = encodeVersion(message, context.createSha256);
  noteVersion(step, record.value.byteLength, context.monotonicMs());
  if (record.value.byteLength > context.config.versionBytesMax) {
    context.metrics.count('versions_oversize_total');
    return false;
  }
  projection.versions.push(record);
  projection.outputBytes += record.value.byteLength;
  context.metrics.count('versions_total', { status: message.status });
  return true;
}

function encodeVersion(message: Message, createSha256: CreateSha256): ReturnType<typeof encodeStepRecord> {
  const record = encodeStepRecord({ kind: 'version', message });
  if (surelyFits(message, record.value.byteLength)) return record;
  const elided = elideLargest(message, (text) => sha256Hex(createSha256, encoder.encode(text)));
  return elided === message ? record : encodeStepRecord({ kind: 'version', message: elided });
}

function sha256Hex(createSha256: CreateSha256, bytes: Uint8Array): string {
  const hash = createSha256();
  hash.update(bytes);
  return hash.digest('hex');
}

function addDeadLetter(
  projection: Projection,
  context: ProjectionContext,
  record: LogRecord,
  reason: DeadLetterCode,
  detail: string,
  event?: Event,
): void {
  const cause: DeadLetterCause = {
    reason,
    detail,
    stage: 'projector',
    topic: context.topic,
    partition: context.partition,
    at: context.nowMicros(),
    version: context.version,
    sha256: (value) => sha256Hex(context.createSha256, value),
    ...(event === undefined ? {} : { ids: event }),
  };
  const letter = deadLetterRecord(record, cause);
  projection.deadLetters.push(letter);
  projection.outputBytes += letter.value?.byteLength ?? 0;
  context.metrics.count('dead_letters_total', { reason });
}
