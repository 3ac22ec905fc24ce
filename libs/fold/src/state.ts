import type { FinishReason, JsonValue, Role, Usage } from '@stepfold/events';
import type {
  Anomaly,
  AnomalyCode,
  Approval,
  EndReason,
  Gap,
  Interrupt,
  Message,
  NotedError,
  Part,
} from './message.js';
import type { OwnMetadata } from './metadata.js';

/** Lists in a message are bounded; beside a full one stands the count of all. */
const NOTED_MAX = 20;
const GAPS_MAX = 100;

/**
 * What is known of one attempt of a step. `evolve` changes it in place: a copy for every event would make
 * a step of n parts cost n², and nobody but the fold looks inside. Take a message to keep what it says.
 */
export interface StepState {
  chatId: string;
  stepId: string;
  attempt: number;
  role: Role;
  status: Message['status'];
  /** Accepted events of the attempt; 0 before anything was accepted. */
  events: number;
  /** Of these on the log, as far as whoever folds them has told. */
  bytes: number;
  /** Who opened the attempt, and so writes its model stream. */
  opener: string | undefined;
  /** The next expected `seq` of every producer. */
  readonly producers: Map<string, number>;
  readonly gaps: Gap[];
  gapCount: number;
  provider: string | undefined;
  model: string | undefined;
  runId: string | undefined;
  stepIndex: number | undefined;
  responseId: string | undefined;
  metadata: OwnMetadata | undefined;
  readonly parts: PartState[];
  /** Open text and reasoning blocks, in order of start, by kind and id. */
  readonly openBlocks: Map<string, PartState>;
  /** The call and the result part of each `tool_call_id`, and the data part of each name and `data_id`. */
  readonly calls: Map<string, PartState>;
  readonly results: Map<string, PartState>;
  readonly dataParts: Map<string, PartState>;
  pendingToolCallIds: string[];
  finishReason: FinishReason | undefined;
  rawFinishReason: string | undefined;
  usage: Usage | undefined;
  interrupt: Interrupt | undefined;
  readonly errors: NotedError[];
  errorCount: number;
  startedAt: number;
  firstOutputAt: number | undefined;
  finishedAt: number | undefined;
  endedAt: number | undefined;
  lastEventAt: number;
  readonly anomalies: Anomaly[];
  anomalyCount: number;
  omittedEvents: number;
}

/** A part under construction: every field that a part of any type can have. */
export interface PartState {
  readonly type: Part['type'];
  first_event: number;
  last_event: number;
  metadata?: OwnMetadata | undefined;
  id?: string | undefined;
  /** Joined as it came; may end in half a surrogate pair. */
  text?: string;
  created_at?: number | undefined;
  last_delta_at?: number | undefined;
  completed_at?: number | undefined;
  end_reason?: EndReason | undefined;
  redacted?: true | undefined;
  tool_call_id?: string;
  tool_name?: string | undefined;
  args?: JsonValue | undefined;
  args_text?: string | undefined;
  /** The arguments as the model writes them, until the call is made. */
  input?: { text: string; isOpen: boolean } | undefined;
  partial?: true | undefined;
  invalid?: true | undefined;
  error?: string | undefined;
  input_started_at?: number | undefined;
  execution_started_at?: number | undefined;
  approval?: Approval | undefined;
  provider_executed?: true | undefined;
  dynamic?: true | undefined;
  title?: string | undefined;
  parent_tool_call_id?: string | undefined;
  result?: JsonValue;
  is_error?: true | undefined;
  is_media?: true | undefined;
  preliminary?: true | undefined;
  synthetic?: true | undefined;
  approval_id?: string;
  state?: Approval['state'];
  automatic?: true | undefined;
  reason?: string | undefined;
  source_type?: 'url' | 'document';
  source_id?: string | undefined;
  url?: string | undefined;
  filename?: string | undefined;
  media_type?: string | undefined;
  file_id?: string | undefined;
  data?: JsonValue | undefined;
  name?: string | undefined;
  reasoning?: true | undefined;
  data_id?: string | undefined;
  updated_at?: number | undefined;
}

/** The state of a step of which nothing has been accepted. */
export function initialState(): StepState {
  return {
    chatId: '',
    stepId: '',
    attempt: 0,
    role: 'assistant',
    status: 'open',
    events: 0,
    bytes: 0,
    opener: undefined,
    producers: new Map(),
    gaps: [],
    gapCount: 0,
    provider: undefined,
    model: undefined,
    runId: undefined,
    stepIndex: undefined,
    responseId: undefined,
    metadata: undefined,
    parts: [],
    openBlocks: new Map(),
    calls: new Map(),
    results: new Map(),
    dataParts: new Map(),
    pendingToolCallIds: [],
    finishReason: undefined,
    rawFinishReason: undefined,
    usage: undefined,
    interrupt: undefined,
    errors: [],
    errorCount: 0,
    startedAt: 0,
    firstOutputAt: undefined,
    finishedAt: undefined,
    endedAt: undefined,
    lastEventAt: 0,
    anomalies: [],
    anomalyCount: 0,
    omittedEvents: 0,
  };
}

export function noteGap(state: StepState, gap: Gap): void {
  state.gapCount++;
  if (state.gaps.length < GAPS_MAX) state.gaps.push(gap);
}

export function noteAnomaly(state: StepState, code: AnomalyCode): void {
  state.anomalyCount++;
  if (state.anomalies.length < NOTED_MAX) state.anomalies.push({ code, event: state.events });
}

export function noteError(state: StepState, error: NotedError): void {
  state.errorCount++;
  if (state.errors.length < NOTED_MAX) state.errors.push(error);
}
