import type { Approval, Message, Part, ToolApprovalPart, ToolCallPart, ToolResultPart } from '@stepfold/fold';
import { defined } from '../defined.js';

/**
 * What is derived from stamps, `contract/fold.md` section 5: a duration exists only where both of its ends do
 * and the end is not before the start.
 */
export function spanMicros(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined || to < from ? undefined : to - from;
}

/** The calls, results and consents of a chat: what answers a call may come in a later step. */
export interface ChatTools {
  /** The call that a result in this step is of: that of the step, else the nearest before it, else any. */
  readonly callOf: (toolCallId: string, step: Message) => ToolCallPart | undefined;
  /** The result of a call of this step: that of the step, else the nearest behind it. */
  readonly resultOf: (toolCallId: string, step: Message) => ToolResultPart | undefined;
  /** What became of the question whether a call may be made, also if a later step of the chat answers it. */
  readonly approvalOf: (call: ToolCallPart) => Approval | undefined;
}

/** A part, and the number of its step in the chat. */
interface Placed<T> {
  readonly index: number;
  readonly part: T;
}

export function chatTools(messages: readonly Message[]): ChatTools {
  const indexes = new Map(messages.map((message, index) => [message, index]));
  const calls = new Map<string, Placed<ToolCallPart>[]>();
  const results = new Map<string, Placed<ToolResultPart>[]>();
  const answers = new Map<string, Placed<ToolApprovalPart>[]>();
  for (const [index, { parts }] of messages.entries()) {
    for (const part of parts) {
      if (part.type === 'tool-call') add(calls, { index, part });
      else if (part.type === 'tool-result') add(results, { index, part });
      else if (part.type === 'tool-approval') add(answers, { index, part });
    }
  }
  return {
    callOf(toolCallId, step) {
      const placed = calls.get(toolCallId) ?? [];
      const index = indexes.get(step) ?? messages.length;
      return (placed.findLast((call) => call.index <= index) ?? placed[0])?.part;
    },
    resultOf(toolCallId, step) {
      const index = indexes.get(step) ?? messages.length;
      return results.get(toolCallId)?.find((result) => result.index >= index)?.part;
    },
    approvalOf(call) {
      const { approval, tool_call_id } = call;
      if (approval?.state !== 'requested') return approval;
      const asked = calls.get(tool_call_id)?.find(({ part }) => part === call)?.index ?? 0;
      const answer = answers
        .get(tool_call_id)
        ?.find(({ index, part }) => index >= asked && part.approval_id === approval.approval_id)?.part;
      if (answer === undefined) return approval;
      const { state, automatic, reason, created_at: responded_at } = answer;
      return { ...approval, state, responded_at, ...defined({ automatic, reason }) };
    },
  };
}

function add<T extends { readonly tool_call_id: string }>(
  table: Map<string, Placed<T>[]>,
  placed: Placed<T>,
): void {
  const known = table.get(placed.part.tool_call_id);
  if (known === undefined) table.set(placed.part.tool_call_id, [placed]);
  else known.push(placed);
}

/** When a tool really started, as far as that is known. */
export function toolStartedAt(result: ToolResultPart, call: ToolCallPart | undefined): number | undefined {
  return result.execution_started_at ?? call?.execution_started_at ?? call?.created_at;
}

/** How long a part took: a block from its start to its close, a tool from when it really started to its result. */
export function partMicros(part: Part, step: Message, tools: ChatTools): number | undefined {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return spanMicros(part.created_at, part.completed_at);
    case 'tool-result':
      return spanMicros(toolStartedAt(part, tools.callOf(part.tool_call_id, step)), part.created_at);
    default:
      return undefined;
  }
}

export function stepMicros(message: Message): number | undefined {
  return spanMicros(message.started_at, message.ended_at);
}
