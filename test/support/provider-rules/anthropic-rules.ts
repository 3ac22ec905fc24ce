/**
 * Why the Messages API would refuse messages, in its own words where they are known. Written from its documentation and
 * from the errors that it gives, apart from the code that makes requests.
 */
type Fields = Readonly<Record<string, unknown>>;

export function anthropicProblems(request: {
  readonly system?: unknown;
  readonly messages: readonly { readonly role: string; readonly content: readonly unknown[] }[];
}): readonly string[] {
  const problems: string[] = [];
  const { messages } = request;
  const usedIds = new Set<string>();
  const serverUses = new Map<string, string>();
  const answeredServerUses = new Set<string>();
  for (const block of (request.system ?? []) as readonly Fields[]) textProblems(block, 'system', problems);
  for (const [index, { role, content }] of messages.entries()) {
    const place = `messages.${index}`;
    const blocks = content as readonly Fields[];
    const former = messages[index - 1];
    if (index === 0 && role !== 'user') problems.push('messages: first message must use the "user" role');
    if (former?.role === role) problems.push(`${place}: roles must alternate`);
    if (blocks.length === 0) problems.push(`${place}: all messages must have non-empty content`);
    for (const [number, block] of blocks.entries()) {
      const at = `${place}.content.${number}`;
      switch (block['type']) {
        case 'text':
          textProblems(block, at, problems);
          break;
        case 'thinking':
          if (typeof block['signature'] !== 'string' || block['signature'] === '') {
            problems.push(`${at}.thinking.signature: Field required`);
          }
          break;
        case 'redacted_thinking':
          if (typeof block['data'] !== 'string' || block['data'] === '') {
            problems.push(`${at}.redacted_thinking.data: Field required`);
          }
          break;
        case 'tool_use':
          useProblems(block, at, /^[a-zA-Z0-9_-]+$/, problems);
          if (usedIds.has(block['id'] as string)) problems.push(`${at}: \`tool_use\` ids must be unique`);
          usedIds.add(block['id'] as string);
          break;
        case 'server_tool_use':
        case 'mcp_tool_use': {
          const pattern = block['type'] === 'mcp_tool_use' ? /^[a-zA-Z0-9_-]+$/ : /^srvtoolu_[a-zA-Z0-9_]+$/;
          useProblems(block, at, pattern, problems);
          if (serverUses.has(block['id'] as string)) problems.push(`${at}: ids must be unique`);
          serverUses.set(block['id'] as string, block['name'] as string);
          break;
        }
        case 'tool_result':
          if (block['is_error'] === true && String(block['content']).trim() === '') {
            problems.push(`${at}.tool_result: content cannot be empty if \`is_error\` is true`);
          }
          break;
        default:
          if (!String(block['type']).endsWith('_tool_result')) break;
          if (!serverUses.has(block['tool_use_id'] as string)) {
            problems.push(`${at}: unexpected \`tool_use_id\` found in a result block`);
          }
          if (answeredServerUses.has(block['tool_use_id'] as string)) {
            problems.push(`${at}: each server tool use must have a single result`);
          }
          answeredServerUses.add(block['tool_use_id'] as string);
          if (typeof block['content'] !== 'object')
            problems.push(`${at}.content: Input should be a valid list`);
      }
      const isAssistants = [
        'thinking',
        'redacted_thinking',
        'tool_use',
        'server_tool_use',
        'mcp_tool_use',
        'compaction',
      ].includes(block['type'] as string);
      if (isAssistants && role !== 'assistant') problems.push(`${at}: ${String(block['type'])} of a user`);
      const isUsers = ['tool_result', 'image', 'document'].includes(block['type'] as string);
      if (isUsers && role !== 'user') problems.push(`${at}: ${String(block['type'])} of an assistant`);
    }
    if (role === 'assistant') {
      const last = blocks.at(-1);
      if (String(last?.['type']).endsWith('thinking')) {
        problems.push(`${place}: The final block in an assistant message cannot be \`thinking\`.`);
      }
      if (index === messages.length - 1 && last?.['type'] === 'text' && /\s$/.test(String(last['text']))) {
        problems.push('messages: final assistant content cannot end with trailing whitespace');
      }
    }
    const asked = idsOf(former?.role === 'assistant' ? former.content : [], 'tool_use', 'id');
    const answered = idsOf(blocks, 'tool_result', 'tool_use_id');
    if (role === 'user' && new Set(answered).size !== answered.length) {
      problems.push(`${place}: each tool_use must have a single result`);
    }
    for (const id of answered) {
      if (!asked.includes(id)) {
        problems.push(
          `${place}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must ` +
            'have a corresponding `tool_use` block in the previous message.',
        );
      }
    }
    if (former?.role === 'assistant') missing(place, asked, answered, problems);
    const kinds = blocks.map(({ type }) => type === 'tool_result');
    if (kinds.lastIndexOf(true) >= kinds.filter(Boolean).length) {
      problems.push(`${place}: tool_result blocks must come first in the content`);
    }
  }
  const last = messages.at(-1);
  if (last?.role === 'assistant') {
    missing('the next message', idsOf(last.content, 'tool_use', 'id'), [], problems);
  }
  const blocks = (last?.role === 'assistant' ? last.content : []) as readonly Fields[];
  const atEnd = blocks.slice(blocks.findLastIndex(({ type }) => !String(type).endsWith('_tool_use')) + 1);
  for (const [id, name] of serverUses) {
    const isPaused = atEnd.some((block) => block['id'] === id);
    if (!answeredServerUses.has(id) && !isPaused) {
      problems.push(
        `\`${name}\` tool use with id \`${id}\` was found without a corresponding \`${name}_tool_result\` block`,
      );
    }
  }
  return problems;
}

function missing(
  place: string,
  asked: readonly string[],
  answered: readonly string[],
  problems: string[],
): void {
  const open = asked.filter((id) => !answered.includes(id));
  if (open.length === 0) return;
  problems.push(
    `${place}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}.`,
  );
}

function textProblems(block: Fields, at: string, problems: string[]): void {
  const text = block['text'];
  if (typeof text !== 'string' || text === '') problems.push(`${at}: text content blocks must be non-empty`);
  else if (text.trim() === '') problems.push(`${at}: text content blocks must contain non-whitespace text`);
}

function useProblems(block: Fields, at: string, idPattern: RegExp, problems: string[]): void {
  const { id, name, input } = block;
  if (typeof id !== 'string' || !idPattern.test(id)) {
    problems.push(`${at}.id: String should match pattern '${idPattern.source}'`);
  }
  if (typeof name !== 'string' || !/^[a-zA-Z0-9_-]{1,128}$/.test(name)) {
    problems.push(`${at}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    problems.push(`${at}.input: Input should be a valid dictionary`);
  }
}

function idsOf(content: readonly unknown[], type: string, field: string): string[] {
  return (content as readonly Fields[])
    .filter((block) => block['type'] === type)
    .map((block) => String(block[field]));
}
