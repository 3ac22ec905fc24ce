/** Why Chat Completions, or a service that speaks it, would refuse messages; see `anthropic-rules.ts`. */
type Fields = Readonly<Record<string, unknown>>;

export function chatProblems({ messages }: { readonly messages: readonly unknown[] }): readonly string[] {
  const problems: string[] = [];
  let open: string[] = [];
  for (const [index, message] of (messages as readonly Fields[]).entries()) {
    const at = `messages.[${index}]`;
    const { role, content } = message;
    if (role === 'tool') {
      const id = String(message['tool_call_id']);
      if (!open.includes(id)) {
        problems.push(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        );
      }
      open = open.filter((one) => one !== id);
      if (typeof content !== 'string') problems.push(`${at}.content must be a string`);
      continue;
    }
    unanswered(open, problems);
    open = [];
    if (role === 'assistant') {
      const calls = (message['tool_calls'] ?? []) as readonly Fields[];
      if (message['tool_calls'] !== undefined && calls.length === 0) {
        problems.push(`Invalid '${at}.tool_calls': empty array.`);
      }
      if (content === null && calls.length === 0) {
        problems.push(`Invalid value for 'content': expected a string, got null. (${at})`);
      }
      if (content === '') problems.push(`${at}.content is empty`);
      for (const call of calls) {
        open.push(callId(call, at, problems));
      }
    } else if (role === 'user') {
      const isFull =
        typeof content === 'string' ? content !== '' : Array.isArray(content) && content.length > 0;
      if (!isFull) problems.push(`${at}.content is empty`);
    } else if (role !== 'system' || typeof content !== 'string' || content === '') {
      problems.push(`${at} is invalid`);
    }
  }
  unanswered(open, problems);
  return problems;
}

function callId(call: Fields, at: string, problems: string[]): string {
  const id = String(call['id']);
  if (id.length < 1 || id.length > 40) {
    problems.push(
      `Invalid '${at}.tool_calls.id': string too long. Expected a string with maximum length 40.`,
    );
  }
  const tool = (call['function'] ?? call['custom']) as Fields;
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(String(tool['name']))) {
    problems.push(`Invalid '${at}.tool_calls.function.name': string does not match pattern.`);
  }
  const text = call['type'] === 'function' ? tool['arguments'] : JSON.stringify(tool['input']);
  try {
    JSON.parse(text as string);
  } catch {
    problems.push(`${at}: arguments are not JSON`);
  }
  return id;
}

function unanswered(open: readonly string[], problems: string[]): void {
  if (open.length === 0) return;
  problems.push(
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${open.join(', ')}`,
  );
}
