import type { Message, Part, ToolCallPart } from '@stepfold/fold';

/**
 * What is derived from stamps, `contract/fold.md` section 5: a duration exists only where both of its ends do
 * and the end is not before the start.
 */
export function spanMicros(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined || to < from ? undefined : to - from;
}

/** The calls of a chat, by id: a result may come in a later step than its call. */
export type CallsById = ReadonlyMap<string, ToolCallPart>;

export function callsById(messages: readonly Message[]): CallsById {
  const calls = new Map<string, ToolCallPart>();
  for (const { parts } of messages) {
    for (const part of parts) if (part.type === 'tool-call') calls.set(part.tool_call_id, part);
  }
  return calls;
}

/** How long a part took: a block from its start to its close, a tool from when it really started to its result. */
export function partMicros(part: Part, calls: CallsById): number | undefined {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return spanMicros(part.created_at, part.completed_at);
    case 'tool-result': {
      const call = calls.get(part.tool_call_id);
      const startedAt = part.execution_started_at ?? call?.execution_started_at ?? call?.created_at;
      return spanMicros(startedAt, part.created_at);
    }
    default:
      return undefined;
  }
}

export function stepMicros(message: Message): number | undefined {
  return spanMicros(message.started_at, message.ended_at);
}
