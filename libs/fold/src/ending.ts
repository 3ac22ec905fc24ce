import { copyWellFormed, jsonProblem, type JsonValue } from '@stepfold/events';
import type { EndReason } from './message.js';
import type { PartState, StepState } from './state.js';

/** How a step ends: `contract/fold.md`, sections 3 and 4. */

const CUT_OFF = 'tool call was interrupted before it produced a result';

/** The step ended by itself: what is open is closed, and calls without a result are pending. */
export function completeStep(state: StepState, at: number): void {
  closeBlocks(state, at, 'implied');
  closeInputs(state);
  for (const [id, call] of state.calls) {
    if (call.partial !== true && !hasFinalResult(state, id)) {
      state.pendingToolCallIds.push(call.tool_call_id as string);
    }
  }
  state.status = 'complete';
  state.endedAt = at;
}

/** The step was cut off: what is open is closed as it stands, and every call gets a result. */
export function cutOffStep(state: StepState, at: number, reason: 'interrupt' | 'error'): void {
  closeBlocks(state, at, reason);
  closeInputs(state);
  for (const [id, call] of state.calls) {
    if (!hasFinalResult(state, id)) answerCutOffCall(state, id, call, at);
  }
  state.status = reason === 'interrupt' ? 'interrupted' : 'failed';
  state.endedAt = at;
}

export function closeBlocks(state: StepState, at: number, reason: EndReason): void {
  for (const block of state.openBlocks.values()) {
    block.completed_at = at;
    block.end_reason = reason;
    block.last_event = state.events;
  }
  state.openBlocks.clear();
}

/** Inputs that never became a call leave one with what the model wrote, and without the moment of a call. */
function closeInputs(state: StepState): void {
  for (const call of state.calls.values()) {
    if (call.input === undefined) continue;
    const args = parseArgs(call.input.text);
    if (args === undefined) call.args_text = call.input.text.toWellFormed();
    else call.args = args;
    call.partial = true;
    call.input = undefined;
    call.last_event = state.events;
  }
}

/** The value of a text that is JSON which may stand in an event. */
function parseArgs(text: string): JsonValue | undefined {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
  return jsonProblem(value) === undefined ? copyWellFormed(value) : undefined;
}

function hasFinalResult(state: StepState, toolCallId: string): boolean {
  const result = state.results.get(toolCallId);
  return result !== undefined && result.preliminary !== true;
}

function answerCutOffCall(state: StepState, id: string, call: PartState, at: number): void {
  const preliminary = state.results.get(id);
  const answer: PartState = preliminary ?? {
    type: 'tool-result',
    first_event: state.events,
    last_event: state.events,
    tool_call_id: call.tool_call_id as string,
  };
  answer.result =
    preliminary === undefined
      ? { error: CUT_OFF }
      : { error: CUT_OFF, partial: preliminary.result as JsonValue };
  answer.tool_name = call.tool_name;
  answer.is_error = true;
  answer.is_media = undefined;
  answer.preliminary = undefined;
  answer.synthetic = true;
  answer.provider_executed = call.provider_executed;
  answer.execution_started_at = undefined;
  answer.created_at = at;
  answer.last_event = state.events;
  if (preliminary !== undefined) return;
  state.parts.push(answer);
  state.results.set(id, answer);
}
