import type { ToolResult } from '@stepfold/recorder';

type Fields = Readonly<Record<string, unknown>>;

/** Results of tools behind the last answer of the model, in the messages of a request. */
export function requestResults(request: unknown): ToolResult[] {
  const { messages } = (request ?? {}) as { messages?: unknown };
  const results: ToolResult[] = [];
  for (let index = Array.isArray(messages) ? messages.length - 1 : -1; index >= 0; index--) {
    const { role, content } = ((messages as unknown[])[index] ?? {}) as Fields;
    // Instructions of the system may stand among what the user says.
    if (role === 'assistant') break;
    if (Array.isArray(content)) results.unshift(...content.flatMap(resultOf));
  }
  return results;
}

function resultOf(given: unknown): ToolResult[] {
  const { type, tool_use_id: toolCallId, content, is_error } = (given ?? {}) as Fields;
  if (type !== 'tool_result' || typeof toolCallId !== 'string') return [];
  const isError = is_error === true;
  return [{ toolCallId, result: isError ? { error: content ?? null } : (content ?? null), isError }];
}
