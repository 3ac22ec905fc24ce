/** Why the AI SDK would refuse messages before it sends them; see `anthropic-rules.ts`. */
type Fields = Readonly<Record<string, unknown>>;

export function aiSdkProblems({ messages }: { readonly messages: readonly unknown[] }): readonly string[] {
  const problems: string[] = [];
  const asked = new Set<string>();
  let open: string[] = [];
  for (const { role, content } of messages as readonly Fields[]) {
    const parts = content as readonly Fields[];
    if (parts.length === 0) problems.push('InvalidPromptError: a message has no content');
    if (role !== 'tool') {
      if (open.length > 0)
        problems.push(`MissingToolResultsError: Tool results are missing for tool calls ${open.join(', ')}.`);
      open = [];
    }
    for (const part of parts) {
      const id = String(part['toolCallId']);
      if (part['type'] === 'tool-call') {
        if (asked.has(id)) problems.push(`two calls ${id}`);
        asked.add(id);
        if (part['providerExecuted'] !== true) open.push(id);
      }
      if (part['type'] === 'tool-result') {
        if (role === 'tool' && !open.includes(id)) problems.push(`result without a call ${id}`);
        if (!asked.has(id)) problems.push(`result before its call ${id}`);
        open = open.filter((one) => one !== id);
      }
    }
  }
  if (open.length > 0) problems.push(`MissingToolResultsError: ${open.join(', ')}`);
  return problems;
}
