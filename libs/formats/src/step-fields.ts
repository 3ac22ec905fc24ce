import type { EventOf, Metadata } from '@stepfold/events';

/**
 * What converters give to the step writer. A field typed `unknown` takes whatever the source gave; the
 * writer makes of it what an event may hold, or leaves it out.
 */

export type BlockKind = 'text' | 'reasoning';

export interface StartFields {
  readonly provider?: unknown;
  readonly model?: unknown;
  readonly metadata?: Metadata | undefined;
}
export interface BlockFields {
  readonly id: unknown;
  /** Of a start or an end: the provider hides the reasoning. */
  readonly isRedacted?: boolean;
  readonly metadata?: Metadata | undefined;
}
export interface CallFields {
  readonly toolCallId: unknown;
  readonly toolName?: unknown;
  readonly isProviderExecuted?: unknown;
  readonly isDynamic?: unknown;
  readonly title?: unknown;
  readonly parentToolCallId?: unknown;
  readonly metadata?: Metadata | undefined;
}
export interface MadeCallFields extends CallFields {
  readonly args?: unknown;
  readonly argsText?: string | undefined;
  readonly isInvalid?: unknown;
  /** Why the call is invalid. */
  readonly error?: unknown;
}
export interface ApprovalFields {
  readonly toolCallId: unknown;
  /** Without one: that of the latest approval of the call, else the id of the call. */
  readonly approvalId?: unknown;
  readonly state: EventOf<'tool-approval'>['state'];
  readonly isAutomatic?: unknown;
  readonly reason?: unknown;
}
export interface ResultFields {
  readonly toolCallId: unknown;
  readonly toolName?: unknown;
  readonly result: unknown;
  readonly isError?: unknown;
  readonly isPreliminary?: unknown;
  readonly isProviderExecuted?: unknown;
  readonly metadata?: Metadata | undefined;
}
export interface SourceFields {
  readonly sourceType: 'url' | 'document';
  readonly sourceId?: unknown;
  readonly url?: unknown;
  readonly title?: unknown;
  readonly mediaType?: unknown;
  readonly filename?: unknown;
  readonly metadata?: Metadata | undefined;
}
export interface FileFields {
  /** `application/octet-stream` if the source does not say. */
  readonly mediaType: unknown;
  readonly content: FileContent;
  readonly name?: unknown;
  readonly isReasoning?: boolean;
  readonly metadata?: Metadata | undefined;
}
/** Where a file is: at a URL, at the provider under an id, or here as base64. */
export type FileContent =
  { readonly url: string } | { readonly fileId: string } | { readonly base64: string };
export interface FinishFields {
  readonly finishReason?: EventOf<'finish'>['finish_reason'] | undefined;
  readonly rawFinishReason?: unknown;
  readonly usage?: EventOf<'finish'>['usage'];
  readonly responseId?: unknown;
  readonly model?: unknown;
  readonly metadata?: Metadata | undefined;
}
