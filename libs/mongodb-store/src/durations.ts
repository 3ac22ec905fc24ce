import { knownCreatedAt, type Part, type ToolCallPart } from '@stepfold/fold';

/**
 * How long a block or a tool took, in microseconds, where it shows within the message: both ends are known, and the
 * end is not before the start. Of a block from its start to its end. Of a result from the start of the execution that it
 * names itself, else from the one that its call names, else from the call.
 */
export function durationOf(part: Part, calls: ReadonlyMap<string, ToolCallPart>): number | undefined {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return span(knownCreatedAt(part), part.completed_at);
    case 'tool-result': {
      const call = calls.get(part.tool_call_id);
      const madeAt = call === undefined ? undefined : knownCreatedAt(call);
      return span(part.execution_started_at ?? call?.execution_started_at ?? madeAt, knownCreatedAt(part));
    }
    default:
      return undefined;
  }
}

/** The calls of a message by their `tool_call_id`; of two with the same id the first. */
export function callsOf(parts: readonly Part[]): ReadonlyMap<string, ToolCallPart> {
  const calls = new Map<string, ToolCallPart>();
  for (const part of parts) {
    if (part.type === 'tool-call' && !calls.has(part.tool_call_id)) calls.set(part.tool_call_id, part);
  }
  return calls;
}

/** Whoever else writes versions may have written anything; what is no stamp has no distance. */
function span(start: number | undefined, end: number | undefined): number | undefined {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end)) return undefined;
  return end! < start! ? undefined : end! - start!;
}
