import type { ToolResult } from '@stepfold/recorder';

/**
 * Results of tools behind the last answer of the model, in the messages of a request: those that no stream tells,
 * because the client ran them. What was denied has no result.
 */
export function requestResults(messages: unknown): ToolResult[] {
  const results: ToolResult[] = [];
  if (!Array.isArray(messages)) return results;
  for (let index = messages.length - 1; index >= 0; index--) {
    const { role, content } = (messages[index] ?? {}) as { role?: unknown; content?: unknown };
    if (role === 'assistant') break;
    if (role === 'tool' && Array.isArray(content)) results.unshift(...content.flatMap(resultOf));
  }
  return results;
}

function resultOf(given: unknown): ToolResult[] {
  const part = (given ?? {}) as Readonly<Record<string, unknown>>;
  const { toolCallId, toolName } = part;
  if (part['type'] !== 'tool-result' || typeof toolCallId !== 'string') return [];
  const output = (part['output'] ?? {}) as Readonly<Record<string, unknown>>;
  const kind = output['type'];
  if (kind === 'execution-denied') return [];
  const isError = kind === 'error-text' || kind === 'error-json';
  const { value } = output;
  return [
    {
      toolCallId,
      ...(typeof toolName === 'string' ? { toolName } : {}),
      result: isError ? { error: value } : value,
      isError,
    },
  ];
}
