import type { ToolResult } from '@stepfold/recorder';

type Fields = Readonly<Record<string, unknown>>;

/** Results of tools behind the last item of the model, in the input of a request to the Responses API. */
export function responsesResults(request: unknown): ToolResult[] {
  const { input } = (request ?? {}) as Fields;
  return lastOf(input, isOfClient).flatMap((item) => {
    const { type, call_id: toolCallId, output } = item;
    return isOutput(type) && typeof toolCallId === 'string' ? [{ toolCallId, result: output ?? null }] : [];
  });
}

/** The same, in the messages of a request for a chat completion. */
export function chatResults(request: unknown): ToolResult[] {
  const { messages } = (request ?? {}) as Fields;
  return lastOf(messages, isOfClient).flatMap((message) => {
    const { role, tool_call_id: toolCallId, content } = message;
    return role === 'tool' && typeof toolCallId === 'string' ? [{ toolCallId, result: content ?? null }] : [];
  });
}

/** Not of the model: what it is told or answered, in whatever order. */
function isOfClient({ type, role }: Fields): boolean {
  if (role !== undefined) return role !== 'assistant';
  return isOutput(type) || type === 'mcp_approval_response';
}

function isOutput(type: unknown): boolean {
  return typeof type === 'string' && type.endsWith('_output');
}

/** The items at the end that are all wanted. */
function lastOf(items: unknown, isWanted: (item: Fields) => boolean): Fields[] {
  const last: Fields[] = [];
  for (let index = Array.isArray(items) ? items.length - 1 : -1; index >= 0; index--) {
    const item = ((items as unknown[])[index] ?? {}) as Fields;
    if (!isWanted(item)) break;
    last.unshift(item);
  }
  return last;
}
