import { jsonProblem, type JsonObject, type JsonValue } from '@stepfold/events';
import type { Approval, ToolResultPart } from '@stepfold/fold';
import type { UiCall } from './ui-message-calls.js';
import { ownEntry, present, providerMetadata, valueOf, type UiPart } from './ui-message-part.js';

const ofApproval: ReadonlySet<string> = new Set([
  'approval-requested',
  'approval-responded',
  'output-denied',
]);

/** Why a call is closed that nobody answered. */
const UNANSWERED = 'tool call has no result';

/**
 * A call and its result as one part, in the state that the AI SDK would give it. A call that has no result is closed as
 * `output-error` where the step was cut off, or the chat has gone on: the next request to a model would be refused.
 *
 * @param isOpen the step of the call may go on
 */
export function uiTool(call: UiCall, isOpen: boolean): UiPart {
  const { part, result } = call;
  const name = part.tool_name ?? result?.tool_name ?? 'unknown';
  const approval = approvalOf(call);
  const outcome = outcomeOf(call, approval, isOpen);
  // Version 5 knows approval of tools that the application has types for, and of no others.
  const isDynamic = part.dynamic === true && !ofApproval.has(outcome.state);
  const isProviderExecuted = part.provider_executed ?? result?.provider_executed;
  return {
    ...(isDynamic ? { type: 'dynamic-tool', toolName: name } : { type: `tool-${name}` }),
    toolCallId: part.tool_call_id,
    ...outcome,
    ...present('title', part.title),
    ...present('toolMetadata', objectOf(ownEntry(part.metadata, 'toolMetadata'))),
    ...present('providerExecuted', isProviderExecuted),
    ...present('callProviderMetadata', providerMetadata(part.metadata)),
  } as UiPart;
}

/** A result whose call is in no step of the chat. A request needs a call before it, so it is made up, without arguments. */
export function uiOrphanResult(result: ToolResultPart): UiPart {
  const { tool_call_id, tool_name, first_event, last_event, provider_executed } = result;
  const part = {
    type: 'tool-call',
    tool_call_id,
    args: {},
    dynamic: true,
    first_event,
    last_event,
    ...present('tool_name', tool_name),
    ...present('provider_executed', provider_executed),
  } as const;
  return uiTool({ part, result, isPast: false }, false);
}

interface Outcome {
  readonly state: string;
  readonly [name: string]: JsonValue | undefined;
}

function outcomeOf(call: UiCall, approval: Approval | undefined, isOpen: boolean): Outcome {
  const { part, result } = call;
  const input = inputOf(call);
  // The schemas have no other approval beside a result.
  const granted = approval?.state === 'granted' ? { approval: uiApproval(approval, call) } : {};
  if (result !== undefined) {
    const metadata = present('resultProviderMetadata', providerMetadata(result.metadata));
    const output = valueOf(result.result, result.result_elided) ?? null;
    if (result.is_error === true) {
      return { state: 'output-error', input, errorText: errorText(output, result), ...granted, ...metadata };
    }
    const preliminary = present('preliminary', result.preliminary);
    return { state: 'output-available', input, output, ...preliminary, ...granted, ...metadata };
  }
  if (approval?.state === 'denied')
    return { state: 'output-denied', input, approval: uiApproval(approval, call) };
  if (part.invalid === true) return { state: 'output-error', input, errorText: part.error ?? UNANSWERED };
  if (call.isPast) return { state: 'output-error', input, errorText: UNANSWERED, ...granted };
  if (part.partial === true || (isOpen && part.created_at === undefined)) {
    return {
      state: 'input-streaming',
      ...present('input', jsonOf(part.args, part.args_text)),
      ...present('rawInput', part.args_text),
    };
  }
  if (approval === undefined) return { state: 'input-available', input };
  const state = approval.state === 'granted' ? 'approval-responded' : 'approval-requested';
  return { state, input, approval: uiApproval(approval, call) };
}

/**
 * What the next request gives to the model as the arguments. Text that is no JSON is none that a provider takes, and the
 * SDK too sends `{}` then.
 */
function inputOf({ part }: UiCall): JsonValue {
  const elided = part.args_elided ?? part.args_text_elided;
  return valueOf(part.args, part.args_text === undefined ? elided : undefined) ?? {};
}

/** Arguments of which a part has arrived, where that happens to be JSON. */
function jsonOf(args: JsonValue | undefined, text: string | undefined): JsonValue | undefined {
  if (args !== undefined || text === undefined) return args;
  try {
    const value = JSON.parse(text) as JsonValue;
    // A number may be beyond what JSON can be made of again.
    return jsonProblem(value) === undefined ? value : undefined;
  } catch {
    return undefined;
  }
}

function approvalOf({ part, answer }: UiCall): Approval | undefined {
  if (answer === undefined) return part.approval;
  const { approval_id, state } = answer;
  return {
    approval_id,
    state,
    ...present('automatic', answer.automatic ?? part.approval?.automatic),
    ...present('reason', answer.reason),
  };
}

function uiApproval({ approval_id, state, automatic, reason }: Approval, { request }: UiCall): JsonObject {
  const { signature, approvalDescriptor, inputSchemaInput } = objectOf(request?.data) ?? {};
  return {
    id: approval_id,
    ...(state === 'requested'
      ? present('requestReason', reason)
      : { approved: state === 'granted', ...present('reason', reason) }),
    ...present('isAutomatic', automatic),
    ...present('signature', typeof signature === 'string' ? signature : undefined),
    ...present('descriptor', approvalDescriptor),
    ...present('inputSchemaInput', inputSchemaInput),
  };
}

/** What a person reads: the tool's own message where it has one, else the error as JSON. */
function errorText(output: JsonValue, { provider_executed }: ToolResultPart): string {
  const error = objectOf(output)?.['error'];
  const told = error === undefined || error === null ? output : error;
  if (typeof told === 'string') return told;
  const message = provider_executed === true ? undefined : objectOf(told)?.['message'];
  return typeof message === 'string' ? message : JSON.stringify(told);
}

function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : undefined;
}
