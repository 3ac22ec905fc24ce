import type { DataPart, Message, Part, ToolApprovalPart, ToolCallPart, ToolResultPart } from '@stepfold/fold';

/** A call, and what became of it, in whichever step that was told. */
export interface UiCall {
  readonly part: ToolCallPart;
  /** The last final result; without one a preliminary; without any the one that the end of the step made. */
  result?: ToolResultPart;
  /** The latest answer to it from another step. */
  answer?: ToolApprovalPart;
  /** What came with the request for approval, and must go back with the answer. */
  request?: DataPart;
  /** True once another message, or another step of the same one, follows: who made it no longer waits for the call. */
  isPast: boolean;
}

export interface UiCalls {
  readonly calls: ReadonlyMap<ToolCallPart, UiCall>;
  /** Parts that are shown with a call, and nowhere else. */
  readonly told: ReadonlySet<Part>;
}

/**
 * The calls of a chat with their results. Providers use the same id again, so a part belongs to the latest call before it
 * that has its id, those of its own step first.
 */
export function uiCallsOf(messages: readonly Message[]): UiCalls {
  const calls = new Map<ToolCallPart, UiCall>();
  const told = new Set<Part>();
  const latest = new Map<string, UiCall>();
  const asked = new Map<string, UiCall>();
  /** Those that nothing follows yet but answers. */
  let present: readonly UiCall[] = [];

  for (const message of messages) {
    const made = message.parts.filter((part) => part.type === 'tool-call');
    const entries = made.map((part): UiCall => ({ part, isPast: false }));
    for (const call of entries) {
      calls.set(call.part, call);
      latest.set(call.part.tool_call_id, call);
      const approvalId = call.part.approval?.approval_id;
      if (approvalId !== undefined) asked.set(approvalId, call);
    }
    for (const part of message.parts) {
      const call = callOf(part);
      if (call === undefined) continue;
      if (part.type === 'tool-result') call.result = betterResult(call.result, part);
      if (part.type === 'tool-approval') call.answer = part;
      if (part.type === 'data') call.request = part;
      told.add(part);
    }
    if (isAnswersOnly(message)) continue;
    for (const call of present) call.isPast = true;
    present = entries;
  }
  return { calls, told };

  function callOf(part: Part): UiCall | undefined {
    if (part.type === 'tool-result') return latest.get(part.tool_call_id);
    if (part.type === 'tool-approval') return asked.get(part.approval_id) ?? latest.get(part.tool_call_id);
    if (part.type !== 'data' || part.name !== 'tool-approval-request') return undefined;
    return part.data_id === undefined ? undefined : asked.get(part.data_id);
  }

  /** Only tells what became of earlier calls: neither a person nor the model has gone on. */
  function isAnswersOnly({ parts }: Message): boolean {
    return parts.length > 0 && parts.every((part) => told.has(part));
  }
}

function betterResult(former: ToolResultPart | undefined, later: ToolResultPart): ToolResultPart {
  return former !== undefined && rank(former) > rank(later) ? former : later;
}

function rank({ synthetic, preliminary }: ToolResultPart): number {
  if (synthetic === true) return 0;
  return preliminary === true ? 1 : 2;
}
