import type { EventType, InterruptReason } from '@stepfold/events';
import { wireFields, type EventFields, type StampOption } from './event-fields.js';
import type { Lane } from './lanes.js';
import type { Publication } from './publication.js';
import type { OpenStep, OpenStepFields } from './publisher.js';

/**
 * A step that events are published to: one method for each event type. Every method takes the publisher's
 * clock at the moment of the call unless `at` is given, and answers a `Publication`.
 */
export interface JoinedStep {
  readonly chatId: string;
  readonly stepId: string;
  readonly attempt: number;
  /** A terminal event was published: of this attempt through this publisher, or through this object. */
  readonly isEnded: boolean;

  textStart(id: string, options?: Omit<EventFields<'text-start'>, 'id'>): Publication;
  textDelta(id: string, text: string, options?: Omit<EventFields<'text-delta'>, 'id' | 'text'>): Publication;
  textEnd(id: string, options?: Omit<EventFields<'text-end'>, 'id'>): Publication;

  reasoningStart(id: string, options?: Omit<EventFields<'reasoning-start'>, 'id'>): Publication;
  reasoningDelta(
    id: string,
    text: string,
    options?: Omit<EventFields<'reasoning-delta'>, 'id' | 'text'>,
  ): Publication;
  reasoningEnd(id: string, options?: Omit<EventFields<'reasoning-end'>, 'id'>): Publication;

  toolInputStart(
    toolCallId: string,
    options?: Omit<EventFields<'tool-input-start'>, 'toolCallId'>,
  ): Publication;
  toolInputDelta(
    toolCallId: string,
    text: string,
    options?: Omit<EventFields<'tool-input-delta'>, 'toolCallId' | 'text'>,
  ): Publication;
  toolInputEnd(toolCallId: string, options?: Omit<EventFields<'tool-input-end'>, 'toolCallId'>): Publication;
  /** The whole call, with exactly one of `args` (JSON) and `argsText` (a string that is not JSON). */
  toolCall(fields: EventFields<'tool-call'>): Publication;
  /** The tool really starts, after queueing and approval. */
  toolExecutionStart(toolCallId: string, options?: StampOption): Publication;
  toolApproval(fields: EventFields<'tool-approval'>): Publication;
  /** What the tool gave. `at` is the moment that it returned. */
  toolResult(fields: EventFields<'tool-result'>): Publication;

  source(fields: EventFields<'source'>): Publication;
  /** A file that the model made, with exactly one of `url`, `fileId` and `data` (base64). */
  file(fields: EventFields<'file'>): Publication;
  data(fields: EventFields<'data'>): Publication;

  /** The step is alive. Open steps send it by themselves. */
  heartbeat(options?: StampOption): Publication;
  /** The model's stream is over; its tools may still run. */
  finish(fields?: EventFields<'finish'>): Publication;
  /** With `fatal` the step has failed and is ended; otherwise the stream goes on. */
  error(fields: EventFields<'error'>): Publication;
  /**
   * The step was broken off and is ended, except with `ifEvents`, which may turn out not to fit. An interrupt
   * by the `user` stops whichever attempt is the present one.
   */
  interrupt(reason: InterruptReason, options?: Omit<EventFields<'interrupt'>, 'reason'>): Publication;
  /** The step is complete. */
  end(options?: StampOption): Publication;
}

/** What a handle hands its events to. */
export interface StepSink {
  nowMicros(): number;
  /** `isPlain`: the event holds strings and numbers alone. */
  publish(handle: StepHandle, event: StepEvent, isPlain: boolean): Publication;
}

/** An event on the way to its check. */
export interface StepEvent {
  readonly v: 1;
  readonly chat_id: string;
  readonly step_id: string;
  readonly attempt?: number;
  readonly at: number;
  readonly type: EventType;
  readonly [field: string]: unknown;
}

/** An event of a step; `fields` are under their names on the wire. Attempt 0 is left out. */
export function stepEvent(
  step: { readonly chatId: string; readonly stepId: string; readonly attempt: number },
  at: number,
  type: EventType,
  fields: object,
): StepEvent {
  const { chatId, stepId, attempt } = step;
  return attempt === 0
    ? { v: 1, chat_id: chatId, step_id: stepId, at, type, ...fields }
    : { v: 1, chat_id: chatId, step_id: stepId, attempt, at, type, ...fields };
}

export class StepHandle implements JoinedStep {
  /** A stop button was pressed through this handle, for whichever attempt was the present one. */
  isStopped = false;
  readonly #sink: StepSink;

  constructor(
    sink: StepSink,
    readonly lane: Lane,
    /** This publisher opened the step; its end is known. */
    readonly isOpener: boolean,
  ) {
    this.#sink = sink;
  }

  get chatId(): string {
    return this.lane.chatId;
  }
  get stepId(): string {
    return this.lane.stepId;
  }
  get attempt(): number {
    return this.lane.attempt;
  }
  get isEnded(): boolean {
    return this.lane.isEnded || this.isStopped;
  }

  textStart(id: string, options?: object): Publication {
    return this.#publish('text-start', { ...options, id });
  }
  textDelta(id: string, text: string, options?: object): Publication {
    return this.#publishDelta('text-delta', { id, text }, options);
  }
  textEnd(id: string, options?: object): Publication {
    return this.#publish('text-end', { ...options, id });
  }

  reasoningStart(id: string, options?: object): Publication {
    return this.#publish('reasoning-start', { ...options, id });
  }
  reasoningDelta(id: string, text: string, options?: object): Publication {
    return this.#publishDelta('reasoning-delta', { id, text }, options);
  }
  reasoningEnd(id: string, options?: object): Publication {
    return this.#publish('reasoning-end', { ...options, id });
  }

  toolInputStart(toolCallId: string, options?: object): Publication {
    return this.#publish('tool-input-start', { ...options, toolCallId });
  }
  toolInputDelta(toolCallId: string, text: string, options?: object): Publication {
    return this.#publishDelta('tool-input-delta', { tool_call_id: toolCallId, text }, options);
  }
  toolInputEnd(toolCallId: string, options?: object): Publication {
    return this.#publish('tool-input-end', { ...options, toolCallId });
  }
  toolCall(fields: EventFields<'tool-call'>): Publication {
    return this.#publish('tool-call', fields);
  }
  toolExecutionStart(toolCallId: string, options?: StampOption): Publication {
    return this.#publish('tool-execution-start', { ...options, toolCallId });
  }
  toolApproval(fields: EventFields<'tool-approval'>): Publication {
    return this.#publish('tool-approval', fields);
  }
  toolResult(fields: EventFields<'tool-result'>): Publication {
    return this.#publish('tool-result', fields);
  }

  source(fields: EventFields<'source'>): Publication {
    return this.#publish('source', fields);
  }
  file(fields: EventFields<'file'>): Publication {
    return this.#publish('file', fields);
  }
  data(fields: EventFields<'data'>): Publication {
    return this.#publish('data', fields);
  }

  heartbeat(options: StampOption = {}): Publication {
    return this.#publish('heartbeat', options);
  }
  finish(fields: EventFields<'finish'> = {}): Publication {
    return this.#publish('finish', fields);
  }
  error(fields: EventFields<'error'>): Publication {
    return this.#publish('error', fields);
  }
  interrupt(reason: InterruptReason, options?: object): Publication {
    return this.#publish('interrupt', { ...options, reason });
  }
  end(options: StampOption = {}): Publication {
    return this.#publish('step-end', options);
  }

  #publish(type: EventType, given: object): Publication {
    const { at = this.#sink.nowMicros(), ...fields } = given as StampOption;
    return this.#sink.publish(this, stepEvent(this.lane, at, type, wireFields(fields)), false);
  }

  /** Nine events in ten come this way. */
  #publishDelta(type: EventType, own: object, options: object | undefined): Publication {
    if (options === undefined) {
      return this.#sink.publish(this, stepEvent(this.lane, this.#sink.nowMicros(), type, own), true);
    }
    const { at = this.#sink.nowMicros(), ...fields } = options as StampOption;
    const isPlain = Object.keys(fields).length === 0;
    return this.#sink.publish(
      this,
      stepEvent(this.lane, at, type, { ...wireFields(fields), ...own }),
      isPlain,
    );
  }
}

/** The handle of who opened the step. */
export class OpenStepHandle extends StepHandle implements OpenStep {
  readonly #own: OpenStepActions;

  constructor(
    sink: StepSink,
    lane: Lane,
    readonly opened: Publication,
    own: OpenStepActions,
  ) {
    super(sink, lane, true);
    this.#own = own;
  }

  get signal(): AbortSignal {
    return this.#own.signal();
  }
  retry(fields: OpenStepFields = {}): OpenStep {
    return this.#own.retry(fields);
  }
}

interface OpenStepActions {
  signal(): AbortSignal;
  retry(fields: OpenStepFields): OpenStep;
}
