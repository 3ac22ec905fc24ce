/** Why the Responses API would refuse input items; see `anthropic-rules.ts`. */
type Fields = Readonly<Record<string, unknown>>;

const idPrefixes: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
  shell_call: 'sh',
  apply_patch_call: 'apc',
};

/** `isStored`: whether the API has kept the responses, and so knows ids. */
export function responsesProblems(
  { input }: { readonly input: readonly unknown[] },
  { isStored }: { readonly isStored: boolean },
): readonly string[] {
  const problems: string[] = [];
  const ids = new Set<string>();
  const calls = new Map<string, string>();
  const outputs = new Set<string>();
  const items = input as readonly Fields[];
  for (const [index, item] of items.entries()) {
    const at = `input[${index}]`;
    const { id } = item;
    const type = typeOf(item);
    if (typeof id === 'string') {
      if (ids.has(id))
        problems.push(`Duplicate item found with id ${id}. Remove duplicate items from your input.`);
      ids.add(id);
      const prefix = idPrefixes[type];
      if (prefix !== undefined && !id.startsWith(prefix)) {
        problems.push(`Invalid '${at}.id': '${id}'. Expected an ID that begins with '${prefix}'.`);
      }
      if (!isStored && typeof item['encrypted_content'] !== 'string') {
        problems.push(
          `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`,
        );
      }
    }
    switch (type) {
      case 'message':
        messageProblems(item, at, problems);
        break;
      case 'reasoning':
        if (typeof id !== 'string' || !Array.isArray(item['summary'])) {
          problems.push(`Missing required parameter: '${at}.summary'.`);
        }
        if (!isAnswered(items, index)) {
          problems.push(
            `Item '${String(id)}' of type 'reasoning' was provided without its required following item.`,
          );
        }
        break;
      case 'function_call':
      case 'custom_tool_call':
      case 'shell_call':
      case 'apply_patch_call': {
        const callId = String(item['call_id']);
        if (callId.length < 1 || callId.length > 64) {
          problems.push(
            `Invalid '${at}.call_id': string too long. Expected a string with maximum length 64.`,
          );
        }
        if ('name' in item && !/^[a-zA-Z0-9_-]{1,64}$/.test(String(item['name']))) {
          problems.push(`Invalid '${at}.name': string does not match pattern.`);
        }
        if (calls.has(callId)) problems.push(`Duplicate call_id ${callId}`);
        if (type === 'function_call' && !isJson(item['arguments']))
          problems.push(`${at}.arguments is not JSON`);
        if (type === 'custom_tool_call' && typeof item['input'] !== 'string') {
          problems.push(`Missing required parameter: '${at}.input'.`);
        }
        calls.set(callId, `${type}_output`);
        break;
      }
      case 'function_call_output':
      case 'custom_tool_call_output':
      case 'shell_call_output':
      case 'apply_patch_call_output': {
        const callId = String(item['call_id']);
        if (calls.get(callId) !== type) {
          problems.push(`No tool call found for function call output with call_id ${callId}.`);
        }
        if (outputs.has(callId)) problems.push(`Two outputs with call_id ${callId}`);
        const isGiven =
          type === 'shell_call_output' ? Array.isArray(item['output']) : typeof item['output'] === 'string';
        if (!isGiven) problems.push(`Missing required parameter: '${at}.output'.`);
        outputs.add(callId);
        break;
      }
      case 'item_reference':
        if (!isStored) problems.push(`Item with id '${String(id)}' not found.`);
        break;
      default:
    }
  }
  for (const callId of calls.keys()) {
    if (!outputs.has(callId)) problems.push(`No tool output found for function call ${callId}.`);
  }
  return problems;
}

/** What the reasoning led to comes right behind it: more reasoning may stand between. */
function isAnswered(items: readonly Fields[], index: number): boolean {
  const next = items.slice(index + 1).find(({ type }) => type !== 'reasoning');
  if (next === undefined) return false;
  const type = typeOf(next);
  if (type.endsWith('_output')) return false;
  return type !== 'message' || next['role'] === 'assistant';
}

/** Only messages may leave it out. */
function typeOf(item: Fields): string {
  return typeof item['type'] === 'string' ? item['type'] : 'message';
}

function messageProblems(item: Fields, at: string, problems: string[]): void {
  const { role, content } = item;
  if (!['user', 'assistant', 'system', 'developer'].includes(String(role)))
    problems.push(`${at}.role is invalid`);
  if (typeof content === 'string') {
    if (content === '') problems.push(`${at}.content is empty`);
    return;
  }
  if (!Array.isArray(content) || content.length === 0) {
    problems.push(`${at}.content is empty`);
    return;
  }
  for (const { type } of content as Fields[]) {
    const allowed =
      role === 'assistant' ? ['output_text', 'refusal'] : ['input_text', 'input_image', 'input_file'];
    if (!allowed.includes(String(type))) {
      problems.push(`Invalid value: '${String(type)}'. Supported values are: ${allowed.join(', ')}.`);
    }
  }
}

function isJson(text: unknown): boolean {
  try {
    JSON.parse(String(text));
    return typeof text === 'string';
  } catch {
    return false;
  }
}
