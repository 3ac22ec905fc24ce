import {
  withoutUnknownTimes,
  type Message,
  type Part,
  type ReasoningPart,
  type ToolCallPart,
  type ToolResultPart,
} from '@stepfold/fold';
import { attributesOf, eventAt, intervalOf, jsonText, spanKinds, STATUS_ERROR } from './otlp.js';
import type { OtlpSpan, OtlpTraces } from './otlp.js';
import { spanIdOf, traceIdOf } from './span-ids.js';
import { errorTypeOf, stepSpan } from './step-span.js';

export interface SpansOptions {
  /**
   * Also what people, models and tools wrote: texts, arguments, results, the messages of errors. Left out unless asked
   * for, as the conventions want it.
   */
  readonly content?: boolean;
}

/** A call whose result has not been seen yet: what its span needs of it. */
interface WaitingCall {
  readonly step: Message;
  readonly call: ToolCallPart;
  /** Which part of the step it is. */
  readonly index: number;
}

/** Calls are forgotten, oldest first, beyond this many that nobody answered. */
const WAITING_CALLS_MAX = 100_000;

/**
 * The view `spans`: traces of a chat by the OpenTelemetry conventions for generative AI. The function that is made here
 * takes the messages of chats in their order and gives, for each step that has ended, what a collector takes in one
 * request: a span for the step, one for each reasoning block and one for each tool execution whose result came in it.
 *
 * Nothing is invented: what lacks one of its times, or whose end is before its start, has no span, and a step that is
 * still open has none of its own yet, so that no span is ever sent twice. The span of a tool execution hangs under the
 * step that made the call, also where the result came in a later one.
 */
export function createSpansView(options: SpansOptions = {}): (message: Message) => OtlpTraces | undefined {
  const hasContent = options.content === true;
  const waiting = new Map<string, WaitingCall>();

  function toolSpan(step: Message, result: ToolResultPart, index: number): OtlpSpan | undefined {
    if (result.preliminary === true) return undefined;
    const key = callKey(step, result.tool_call_id);
    const asked = waiting.get(key) ?? callAfter(step, result.tool_call_id, index);
    waiting.delete(key);
    const call = asked?.call;
    const interval = intervalOf(
      result.execution_started_at ?? call?.execution_started_at ?? call?.created_at,
      result.created_at,
    );
    if (interval === undefined) return undefined;
    const owner = asked?.step ?? step;
    const name = call?.tool_name ?? result.tool_name;
    const error = toolErrorOf(step, result);
    return {
      traceId: traceIdOf(owner),
      spanId: asked === undefined ? spanIdOf(step, 'result', String(index)) : toolSpanId(owner, asked.index),
      parentSpanId: parentOf(owner, call),
      name: ['execute_tool', name].filter(Boolean).join(' '),
      kind: spanKinds.internal,
      ...interval,
      attributes: attributesOf({
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': name,
        'gen_ai.tool.call.id': result.tool_call_id,
        'gen_ai.tool.type': isByProvider(call, result) ? 'extension' : 'function',
        'gen_ai.conversation.id': step.chat_id,
        'error.type': error,
        'stepfold.step.id': owner.step_id,
        'gen_ai.tool.call.arguments': hasContent ? jsonText(call?.args ?? call?.args_text) : undefined,
        'gen_ai.tool.call.result': hasContent ? jsonText(result.result) : undefined,
      }),
      ...(error === undefined ? {} : { status: { code: STATUS_ERROR } }),
    };
  }

  /** A call that another call's code made hangs under that one's span, if it is known. */
  function parentOf(owner: Message, call: ToolCallPart | undefined): string {
    const parentId = call?.parent_tool_call_id;
    if (parentId === undefined || parentId === call?.tool_call_id) return spanIdOf(owner);
    const index = owner.parts.findIndex((part) => isCallOf(part, parentId));
    if (index >= 0) return toolSpanId(owner, index);
    const parent = waiting.get(callKey(owner, parentId));
    // A parent in another run is in another trace, where a span cannot hang.
    if (parent === undefined || traceIdOf(parent.step) !== traceIdOf(owner)) return spanIdOf(owner);
    return toolSpanId(parent.step, parent.index);
  }

  function remember(step: Message, call: ToolCallPart, index: number): void {
    const key = callKey(step, call.tool_call_id);
    waiting.delete(key);
    waiting.set(key, { step, call, index });
    if (waiting.size > WAITING_CALLS_MAX) waiting.delete(waiting.keys().next().value!);
  }

  return (stored) => {
    const message = withoutUnknownTimes(stored);
    if (message.status === 'open') return undefined;
    const step = stepSpan(message, hasContent);
    const spans = step === undefined ? [] : [step];
    for (const [index, part] of message.parts.entries()) {
      if (part.type === 'tool-call') remember(message, part, index);
      const span =
        part.type === 'reasoning'
          ? reasoningSpan(message, part, index)
          : part.type === 'tool-result'
            ? toolSpan(message, part, index)
            : undefined;
      if (span !== undefined) spans.push(span);
    }
    return spans.length === 0 ? undefined : tracesOf(spans);
  };
}

/** From the start of the block to what closed it. When its last text came is an event: some blocks are closed late. */
function reasoningSpan(message: Message, part: ReasoningPart, index: number): OtlpSpan | undefined {
  const interval = intervalOf(part.created_at, part.completed_at);
  if (interval === undefined) return undefined;
  const events = eventAt(part.last_delta_at, 'stepfold.reasoning.last_delta');
  return {
    traceId: traceIdOf(message),
    spanId: spanIdOf(message, 'part', String(index)),
    parentSpanId: spanIdOf(message),
    name: 'reasoning',
    kind: spanKinds.internal,
    ...interval,
    attributes: attributesOf({
      'gen_ai.operation.name': 'reasoning',
      'gen_ai.conversation.id': message.chat_id,
      'stepfold.step.id': message.step_id,
      'stepfold.part.index': BigInt(index),
      'stepfold.reasoning.redacted': part.redacted,
      'stepfold.reasoning.end_reason': part.end_reason,
    }),
    ...(events.length === 0 ? {} : { events }),
  };
}

/** Why a tool gave no good result: it said so itself, or its step was cut off while it ran. */
function toolErrorOf(step: Message, result: ToolResultPart): string | undefined {
  if (result.is_error !== true) return undefined;
  if (result.synthetic !== true) return 'tool_error';
  return errorTypeOf(step) ?? step.interrupt?.reason ?? '_OTHER';
}

function isByProvider(call: ToolCallPart | undefined, result: ToolResultPart): boolean {
  return call?.provider_executed === true || result.provider_executed === true;
}

function callKey({ chat_id }: Message, toolCallId: string): string {
  return `${chat_id}:${toolCallId}`;
}

function toolSpanId(step: Message, index: number): string {
  return spanIdOf(step, 'part', String(index));
}

/** A result may stand before its call, if that is of the same step. */
function callAfter(step: Message, toolCallId: string, after: number): WaitingCall | undefined {
  const index = step.parts.findIndex((part, place) => place > after && isCallOf(part, toolCallId));
  const call = step.parts[index];
  return call?.type === 'tool-call' ? { step, call, index } : undefined;
}

function isCallOf(part: Part, toolCallId: string): boolean {
  return part.type === 'tool-call' && part.tool_call_id === toolCallId;
}

function tracesOf(spans: readonly OtlpSpan[]): OtlpTraces {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ 'service.name': 'stepfold' }) },
        scopeSpans: [{ scope: { name: '@stepfold/views' }, spans }],
      },
    ],
  };
}
