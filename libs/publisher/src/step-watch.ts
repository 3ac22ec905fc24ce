import type { EventLog, LogRecord } from '@stepfold/event-log';
import { createEventCodec, type Event } from '@stepfold/events';
import { decide, evolve, initialState, type StepState } from '@stepfold/fold';
import { retryTransient, sleep, type Logger, type Runtime } from '@stepfold/runtime';
import { stepKeyOf, type Lane } from './lanes.js';
import type { StepEnding } from './step-stopped.js';

/**
 * Follows, on the log, steps that this publisher holds open, to learn that somebody else has ended one: an interrupt
 * that the fold takes, any other terminal event of another producer, or a higher attempt. Also, whether an interrupt of
 * its own with `if_events` has ended it.
 *
 * 1. One reader for each partition that has watched steps, and none for the others.
 * 2. What the fold would say is asked of the fold, with a state that holds no content: a few numbers for each step.
 * 3. A log that is away is asked again; nobody is told but the logger.
 */
export interface StepWatch {
  /** Reads from the offset of the step's start. Watching twice is watching once. */
  add(lane: Lane, fromOffset: number): void;
  remove(lane: Lane): void;
  /** Ends all reading, for good: what is added later is not watched. */
  stop(): void;
}

export interface StepWatchOptions {
  readonly log: EventLog;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Pause between two looks at the end of the log. */
  readonly intervalMs: number;
  /** The step has ended, and is not watched any more: by somebody else if `ending` is given, else by its own producer. */
  readonly onEnded: (lane: Lane, ending: StepEnding | undefined) => void;
}

interface WatchedStep {
  readonly lane: Lane;
  /** Its events before this were folded, or are of an earlier attempt. */
  nextOffset: number;
  /** Holds no content: see `fold`. */
  readonly state: StepState;
}

interface PartitionWatch {
  readonly steps: Map<string, WatchedStep>;
  readonly abort: AbortController;
  nextOffset: number;
}

/** One look. What is behind is read in several, without a pause. */
const PAGE = { recordsMax: 1_000, bytesMax: 4 * 1024 * 1024 };
/** The longest pause while the log is away, so that a stop is known within a second when it is back. */
const RETRY_MS_MAX = 500;

export function createStepWatch(options: StepWatchOptions): StepWatch {
  const { log, runtime, logger, intervalMs, onEnded } = options;
  const codec = createEventCodec();
  const decoder = new TextDecoder();
  const partitions = new Map<number, PartitionWatch>();
  let isStopped = false;

  async function follow(partition: number, watch: PartitionWatch): Promise<void> {
    const { signal } = watch.abort;
    while (!signal.aborted) {
      const from = watch.nextOffset;
      const read = await retryTransient(() => log.read('events', partition, from, PAGE), {
        runtime,
        signal,
        initialDelayMs: Math.min(intervalMs, RETRY_MS_MAX),
        maximalDelayMs: RETRY_MS_MAX,
        onRetry: (error, attempt) => {
          if (attempt === 1) logger.warn({ partition, code: error.code }, 'the log could not be watched');
        },
      });
      if (signal.aborted) return;
      // A step that began further back was added during the read.
      if (watch.nextOffset < from) continue;
      watch.nextOffset = read.nextOffset;
      const chatIds = new Set([...watch.steps.values()].map(({ lane }) => lane.chatId));
      for (const record of read.records) take(watch, chatIds, record);
      if (read.nextOffset >= read.endOffset) await sleep(runtime, intervalMs, signal);
    }
  }

  /** Decodes nothing of other chats, which are most of what a partition holds. */
  function take(watch: PartitionWatch, chatIds: ReadonlySet<string>, record: LogRecord): void {
    if (record.key === null || record.value === null) return;
    const chatId = decoder.decode(record.key);
    if (!chatIds.has(chatId)) return;
    const decoded = codec.decode(record.value);
    if (!decoded.ok || decoded.event.chat_id !== chatId) return;
    const { event } = decoded;
    const step = watch.steps.get(stepKeyOf(event.chat_id, event.step_id));
    if (step === undefined || record.offset < step.nextOffset) return;
    step.nextOffset = record.offset + 1;
    const ending = fold(step, event);
    if (ending === undefined && step.state.status === 'open') return;
    remove(step.lane);
    onEnded(step.lane, ending);
  }

  function begin(step: WatchedStep): void {
    const { partition, stepKey } = step.lane;
    const abort = new AbortController();
    const watch = { steps: new Map([[stepKey, step]]), abort, nextOffset: step.nextOffset };
    partitions.set(partition, watch);
    follow(partition, watch).catch((error: unknown) => {
      if (abort.signal.aborted) return;
      // A step that is watched from now on begins behind what could not be read.
      partitions.delete(partition);
      const name = error instanceof Error ? error.name : 'none';
      logger.error({ partition, error: name }, 'steps are watched no more');
    });
  }

  function remove(lane: Lane): void {
    const watch = partitions.get(lane.partition);
    if (watch?.steps.get(lane.stepKey)?.lane !== lane) return;
    watch.steps.delete(lane.stepKey);
    if (watch.steps.size > 0) return;
    watch.abort.abort();
    partitions.delete(lane.partition);
  }

  return {
    add(lane, fromOffset) {
      if (isStopped) return;
      const watch = partitions.get(lane.partition);
      if (watch?.steps.get(lane.stepKey)?.lane === lane) return;
      const step: WatchedStep = { lane, nextOffset: fromOffset, state: initialState() };
      if (watch === undefined) begin(step);
      else {
        watch.steps.set(lane.stepKey, step);
        watch.nextOffset = Math.min(watch.nextOffset, fromOffset);
      }
    },
    remove,
    stop() {
      isStopped = true;
      for (const watch of partitions.values()) watch.abort.abort();
      partitions.clear();
    },
  };
}

/** Folds the event without its content. Answers how it ended the step, if somebody else did by it. */
function fold({ lane, state }: WatchedStep, event: Event): StepEnding | undefined {
  if (decide(state, event) !== 'accepted') return undefined;
  const { v, chat_id, step_id, attempt = 0, at, producer, seq } = event;
  const isOwn = producer === lane.producer;
  const isOpening = event.type === 'step-start' || event.type === 'message';
  const envelope = {
    ...{ v, chat_id, step_id, at },
    // A stop button may name any attempt, and is taken as of the present one.
    attempt: isOpening ? attempt : state.attempt,
    ...(producer === undefined ? {} : { producer, seq: seq as number }),
  };
  const ending = endingOf(event);
  if (isOpening) {
    if (!isOwn || attempt !== lane.attempt) return 'attempt';
    evolve(state, { ...envelope, type: 'step-start' });
  } else if (ending === undefined) evolve(state, { ...envelope, type: 'heartbeat' });
  else if (isOwn) evolve(state, { ...envelope, type: 'step-end' });
  else return ending;
  return undefined;
}

function endingOf(event: Event): StepEnding | undefined {
  switch (event.type) {
    case 'step-end':
      return 'step-end';
    case 'interrupt':
      return event.reason;
    case 'error':
      return event.fatal ? 'error' : undefined;
    default:
      return undefined;
  }
}
