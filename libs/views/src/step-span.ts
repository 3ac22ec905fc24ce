import type { Message, Part, ToolApprovalPart, ToolCallPart } from '@stepfold/fold';
import { eventAt, attributesOf, integer, intervalOf, spanKinds, STATUS_ERROR } from './otlp.js';
import type { OtlpEvent, OtlpSpan } from './otlp.js';
import { conventionalProviderName } from './provider-name.js';
import { outputMessages } from './span-content.js';
import { spanIdOf, traceIdOf } from './span-ids.js';

/**
 * The span of a step that has ended: of a model call `chat MODEL`, from its start to its end, the tools that ran in it
 * included; where the model was done is the event `stepfold.finish`. A message that nobody streamed (a user's, an
 * instruction) is a span without length, and no operation of the conventions.
 */
export function stepSpan(message: Message, hasContent: boolean): OtlpSpan | undefined {
  const interval = intervalOf(message.started_at, message.ended_at);
  if (interval === undefined) return undefined;
  const isModelCall = message.role === 'assistant';
  const error = errorTypeOf(message);
  const { usage } = message;
  const dropped = (message.error_count ?? 0) - (message.errors?.length ?? 0);
  return {
    traceId: traceIdOf(message),
    spanId: spanIdOf(message),
    name: isModelCall ? ['chat', message.model].filter(Boolean).join(' ') : `message ${message.role}`,
    kind: isModelCall ? spanKinds.client : spanKinds.internal,
    ...interval,
    attributes: attributesOf({
      'gen_ai.operation.name': isModelCall ? 'chat' : undefined,
      'gen_ai.provider.name': conventionalProviderName(message.provider),
      'gen_ai.request.model': message.model,
      'gen_ai.conversation.id': message.chat_id,
      'gen_ai.response.id': message.response_id,
      'gen_ai.response.finish_reasons':
        message.finish_reason === undefined ? undefined : [message.finish_reason],
      'gen_ai.response.time_to_first_chunk': secondsBetween(message.started_at, message.first_output_at),
      'gen_ai.usage.input_tokens': integer(usage?.input_tokens),
      'gen_ai.usage.output_tokens': integer(usage?.output_tokens),
      'gen_ai.usage.reasoning.output_tokens': integer(usage?.reasoning_tokens),
      'gen_ai.usage.cache_read.input_tokens': integer(usage?.cache_read_tokens),
      'gen_ai.usage.cache_write.input_tokens': integer(usage?.cache_creation_tokens),
      'error.type': error,
      'stepfold.step.id': message.step_id,
      'stepfold.step.index': integer(message.step_index),
      'stepfold.step.attempt': integer(message.attempt),
      'stepfold.step.status': message.status,
      'stepfold.run.id': message.run_id,
      'gen_ai.output.messages': hasContent && isModelCall ? outputMessages(message) : undefined,
    }),
    ...nonEmpty(eventsOf(message, hasContent)),
    ...(dropped > 0 ? { droppedEventsCount: dropped } : {}),
    ...(error === undefined ? {} : { status: statusOf(message, hasContent) }),
  };
}

/**
 * What went wrong with a step, in few words, of which there are not many: the code of the error that ended it, or why
 * it was interrupted. That a person stopped it is no error.
 */
export function errorTypeOf(message: Message): string | undefined {
  if (message.status === 'failed') return message.errors?.at(-1)?.code ?? '_OTHER';
  const reason = message.interrupt?.reason;
  return message.status === 'interrupted' && reason !== 'user' ? reason : undefined;
}

function statusOf(message: Message, hasContent: boolean): NonNullable<OtlpSpan['status']> {
  // What a provider says of an error may repeat what a user wrote.
  const text = hasContent ? (message.interrupt?.message ?? message.errors?.at(-1)?.message) : undefined;
  return { code: STATUS_ERROR, ...(text === undefined ? {} : { message: text }) };
}

function eventsOf(message: Message, hasContent: boolean): readonly OtlpEvent[] {
  const events = [
    ...message.parts.flatMap(approvalEvents),
    ...(message.errors ?? []).flatMap(({ at, code, retryable, message: text }) =>
      eventAt(at, 'stepfold.error', {
        'error.type': code ?? '_OTHER',
        'stepfold.error.retryable': retryable,
        'stepfold.error.message': hasContent ? text : undefined,
      }),
    ),
    ...eventAt(message.finished_at, 'stepfold.finish', {
      'stepfold.finish_reason': message.finish_reason,
      'stepfold.raw_finish_reason': message.raw_finish_reason,
    }),
    ...eventAt(message.interrupt?.at, 'stepfold.interrupt', {
      'stepfold.interrupt.reason': message.interrupt?.reason,
    }),
  ];
  // All times have the same number of digits: they sort as text.
  return events.sort(
    (a, b) => Number(a.timeUnixNano > b.timeUnixNano) - Number(a.timeUnixNano < b.timeUnixNano),
  );
}

/** That somebody was asked about a call, and what they answered. An answer may stand in a later step than its call. */
function approvalEvents(part: Part): readonly OtlpEvent[] {
  if (part.type === 'tool-approval') return approvalEvent(part, part, part.state, part.created_at);
  if (part.type !== 'tool-call' || part.approval === undefined) return [];
  const { approval } = part;
  return [
    ...approvalEvent(part, approval, 'requested', approval.requested_at),
    ...(approval.state === 'requested'
      ? []
      : approvalEvent(part, approval, approval.state, approval.responded_at)),
  ];
}

function approvalEvent(
  { tool_call_id }: ToolCallPart | ToolApprovalPart,
  { automatic, approval_id }: { readonly automatic?: true; readonly approval_id: string },
  state: ToolApprovalPart['state'],
  at: number | undefined,
): readonly OtlpEvent[] {
  return eventAt(at, 'stepfold.tool_approval', {
    'gen_ai.tool.call.id': tool_call_id,
    'stepfold.tool_approval.id': approval_id,
    'stepfold.tool_approval.state': state,
    'stepfold.tool_approval.automatic': automatic,
  });
}

function nonEmpty(events: readonly OtlpEvent[]): { readonly events?: readonly OtlpEvent[] } {
  return events.length === 0 ? {} : { events };
}

function secondsBetween(startMicros: number | undefined, endMicros: number | undefined): number | undefined {
  if (startMicros === undefined || endMicros === undefined || endMicros < startMicros) return undefined;
  return (endMicros - startMicros) / 1e6;
}
