import type {
  EventOf,
  FinishReason,
  InterruptReason,
  JsonValue,
  Metadata,
  Role,
  Usage,
} from '@stepfold/events';

/**
 * A stored message, `contract/message.md`: one document per step. Names are those of the document, stamps
 * are microseconds since the epoch. `messageToJson` makes the JSON form, whose stamps are text.
 */
export interface Message {
  readonly chat_id: string;
  readonly step_id: string;
  readonly attempt: number;
  readonly role: Role;
  readonly status: 'open' | 'complete' | 'interrupted' | 'failed';
  /** attempt · 2^32 + (events while open, 2^32 − 1 once ended). */
  readonly rev: number;
  /** Accepted events of this attempt. */
  readonly events: number;
  readonly provider?: string;
  readonly model?: string;
  readonly run_id?: string;
  readonly step_index?: number;
  readonly response_id?: string;
  readonly metadata?: Metadata;
  readonly metadata_elided?: Elided;
  readonly parts: readonly Part[];
  readonly pending_tool_call_ids?: readonly string[];
  readonly finish_reason?: FinishReason;
  readonly raw_finish_reason?: string;
  readonly usage?: Usage;
  readonly interrupt?: Interrupt;
  readonly errors?: readonly NotedError[];
  readonly error_count?: number;
  readonly started_at: number;
  readonly first_output_at?: number;
  readonly finished_at?: number;
  readonly ended_at?: number;
  readonly last_event_at: number;
  readonly gaps?: readonly Gap[];
  readonly gap_count?: number;
  readonly anomalies?: readonly Anomaly[];
  readonly anomaly_count?: number;
  readonly omitted_events?: number;
  readonly log?: LogRange;
  readonly fold_version: number;
  readonly digest?: string;
}

/** Where on the log the accepted events of the attempt lie. */
export interface LogRange {
  readonly generation: number;
  readonly topic: string;
  readonly partition: number;
  readonly first_offset: number;
  readonly last_offset: number;
}

export interface Interrupt {
  readonly reason: InterruptReason;
  readonly message?: string;
  readonly at: number;
  readonly detected_at?: number;
}

export interface NotedError {
  readonly message: string;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly at: number;
}

/** Sequence numbers of a producer, first and last, that never came. */
export interface Gap {
  readonly producer: string;
  readonly from: number;
  readonly to: number;
}

export const anomalyCodes = [
  'implied-start',
  'unknown-end',
  'repeated-start',
  'repeated-call',
  'repeated-result',
  'late-preliminary',
  'late-delta',
  'unknown-call',
  'unreadable',
] as const;
export type AnomalyCode = (typeof anomalyCodes)[number];

export interface Anomaly {
  readonly code: AnomalyCode;
  /** The value of `events` at that event. */
  readonly event: number;
}

/** Stands beside a value that was left out because the message was too large. */
export interface Elided {
  readonly bytes: number;
  readonly sha256: string;
  /** The `last_event` of the part. */
  readonly event: number;
}

interface PartBase {
  readonly first_event: number;
  readonly last_event: number;
  readonly metadata?: Metadata;
  readonly metadata_elided?: Elided;
}

export type EndReason = 'implied' | 'interrupt' | 'error';

interface BlockPart extends PartBase {
  readonly id?: string;
  readonly text: string;
  readonly text_elided?: Elided;
  readonly created_at: number;
  readonly last_delta_at?: number;
  readonly completed_at?: number;
  /** Absent for an ordinary end. */
  readonly end_reason?: EndReason;
}

export interface TextPart extends BlockPart {
  readonly type: 'text';
}

export interface ReasoningPart extends BlockPart {
  readonly type: 'reasoning';
  readonly redacted?: true;
}

export interface Approval {
  readonly approval_id: string;
  readonly state: EventOf<'tool-approval'>['state'];
  readonly automatic?: true;
  readonly reason?: string;
  readonly requested_at?: number;
  readonly responded_at?: number;
}

export interface ToolCallPart extends PartBase {
  readonly type: 'tool-call';
  readonly tool_call_id: string;
  readonly tool_name?: string;
  readonly args?: JsonValue;
  readonly args_elided?: Elided;
  /** Arguments that are not JSON; of an open input, what has arrived. */
  readonly args_text?: string;
  readonly args_text_elided?: Elided;
  /** The model is still writing the arguments. */
  readonly input_open?: true;
  /** The call was never made: its input was cut off. */
  readonly partial?: true;
  readonly invalid?: true;
  readonly error?: string;
  readonly input_started_at?: number;
  /** When the call was made; absent if it never was. */
  readonly created_at?: number;
  readonly execution_started_at?: number;
  readonly approval?: Approval;
  readonly provider_executed?: true;
  readonly dynamic?: true;
  readonly title?: string;
  readonly parent_tool_call_id?: string;
}

export interface ToolResultPart extends PartBase {
  readonly type: 'tool-result';
  readonly tool_call_id: string;
  readonly tool_name?: string;
  readonly result?: JsonValue;
  readonly result_elided?: Elided;
  readonly is_error?: true;
  readonly is_media?: true;
  readonly preliminary?: true;
  /** Made by the fold for a call that an interrupt or a fatal error cut off. */
  readonly synthetic?: true;
  readonly provider_executed?: true;
  readonly execution_started_at?: number;
  readonly created_at: number;
}

export interface ToolApprovalPart extends PartBase {
  readonly type: 'tool-approval';
  readonly tool_call_id: string;
  readonly approval_id: string;
  readonly state: Approval['state'];
  readonly automatic?: true;
  readonly reason?: string;
  readonly created_at: number;
}

export interface SourcePart extends PartBase {
  readonly type: 'source';
  readonly source_type: 'url' | 'document';
  readonly source_id?: string;
  readonly url?: string;
  readonly title?: string;
  readonly media_type?: string;
  readonly filename?: string;
  readonly created_at: number;
}

export interface FilePart extends PartBase {
  readonly type: 'file';
  readonly media_type: string;
  readonly url?: string;
  readonly file_id?: string;
  /** Base64. */
  readonly data?: string;
  readonly data_elided?: Elided;
  readonly name?: string;
  readonly reasoning?: true;
  readonly created_at: number;
}

export interface DataPart extends PartBase {
  readonly type: 'data';
  readonly name: string;
  readonly data_id?: string;
  readonly data?: JsonValue;
  readonly data_elided?: Elided;
  readonly created_at: number;
  readonly updated_at?: number;
}

export type Part =
  | TextPart
  | ReasoningPart
  | ToolCallPart
  | ToolResultPart
  | ToolApprovalPart
  | SourcePart
  | FilePart
  | DataPart;

/** Raised by any change to what a given log yields. */
export const FOLD_VERSION = 1;

const REV_PER_ATTEMPT = 2 ** 32;

/** The version number of a message: grows with every accepted event, and with every attempt. */
export function revOf(attempt: number, events: number, isOpen: boolean): number {
  return attempt * REV_PER_ATTEMPT + (isOpen ? Math.min(events, REV_PER_ATTEMPT - 2) : REV_PER_ATTEMPT - 1);
}
