/**
 * What a stream of the Responses API says, read off in the plainest way: no state machine and no code of the
 * product. Line n happens at `start + n · tick`. Knows what recordings hold: responses one after another, whose
 * items are told apart by their index.
 */
export interface ExpectedResponse {
  readonly startedAt: number;
  endedAt: number;
  /** The last event of the response; undefined if it is cut off. */
  end?: ResponsePart;
  readonly blocks: ExpectedText[];
  /** Calls, in order of start. */
  readonly calls: ExpectedToolCall[];
  readonly results: { id: unknown; words: string[]; at: number }[];
  readonly sources: { named: unknown; at: number }[];
  readonly data: unknown[];
}
export interface ExpectedText {
  readonly type: 'text' | 'reasoning';
  readonly key: string;
  readonly index: number;
  text: string;
  createdAt: number;
  lastDeltaAt?: number;
  /** When its last part event, or for the last reasoning of an item the item, was done. */
  completedAt?: number;
  itemId: unknown;
  encrypted?: unknown;
}
export interface ExpectedToolCall {
  readonly index: number;
  inputText: string;
  /** What was said of it when it was done; undefined if that never came. */
  item?: Item;
  id?: unknown;
  calledAt?: number;
}
export type ResponsePart = Readonly<Record<string, unknown>>;
type Item = Readonly<Record<string, unknown>>;

/** @param lines undefined where a line is no JSON */
export function expectedResponses(
  lines: readonly (ResponsePart | undefined)[],
  start: number,
  tick: number,
): ExpectedResponse[] {
  const responses: ExpectedResponse[] = [];
  let response: ExpectedResponse | undefined;
  let added = new Map<number, { item: Item; at: number }>();
  for (const [line, part] of lines.entries()) {
    if (part === undefined) continue;
    const at = start + line * tick;
    const type = String(part['type']).replace(/^response\./, '');
    if (response === undefined || type === 'created') {
      if (type === 'completed' || type === 'in_progress') continue;
      response = newResponse(at);
      added = new Map();
      responses.push(response);
    }
    const index = Number(part['output_index']);
    const item = part['item'] as Item;
    switch (type) {
      case 'output_item.added':
        added.set(index, { item, at });
        break;
      case 'content_part.added':
      case 'reasoning_summary_part.added':
        textOf(response, part, at, added);
        break;
      case 'output_text.delta':
      case 'reasoning_summary_text.delta':
      case 'reasoning_text.delta': {
        const text = textOf(response, part, at, added);
        text.text += String(part['delta']);
        text.lastDeltaAt = at;
        break;
      }
      case 'content_part.done':
      case 'reasoning_summary_part.done':
        textOf(response, part, at, added).completedAt = at;
        break;
      case 'output_text.annotation.added': {
        const annotation = part['annotation'] as Item;
        response.sources.push({ named: annotation['url'] ?? annotation['file_id'], at });
        break;
      }
      case 'output_item.done':
        itemDone(response, index, item, at, added);
        break;
      case 'completed':
      case 'incomplete':
      case 'failed':
        response.end = part;
        response.endedAt = at;
        response = undefined;
        break;
      default:
        if (/_call.*(arguments|input|code|diff|command)\.delta$/.test(type)) {
          callOf(response, index).inputText += String(part['delta']);
        }
    }
  }
  // The last line of all, whatever it is.
  if (response !== undefined) response.endedAt = start + (lines.length - 1) * tick;
  return responses;
}

function newResponse(startedAt: number): ExpectedResponse {
  return { startedAt, endedAt: startedAt, blocks: [], calls: [], results: [], sources: [], data: [] };
}

function textOf(
  response: ExpectedResponse,
  part: ResponsePart,
  at: number,
  added: ReadonlyMap<number, { item: Item }>,
): ExpectedText {
  const index = Number(part['output_index']);
  const key = `${index} ${String(part['summary_index'])} ${String(part['content_index'])}`;
  let text = response.blocks.find((candidate) => candidate.key === key);
  if (text === undefined) {
    const item = added.get(index)?.item;
    const type = item?.['type'] === 'reasoning' ? 'reasoning' : 'text';
    text = { type, key, index, text: '', createdAt: at, itemId: item?.['id'] };
    response.blocks.push(text);
  }
  return text;
}

function callOf(response: ExpectedResponse, index: number): ExpectedToolCall {
  let call = response.calls.find((candidate) => candidate.index === index);
  if (call === undefined) response.calls.push((call = { index, inputText: '' }));
  return call;
}

function itemDone(
  response: ExpectedResponse,
  index: number,
  item: Item,
  at: number,
  added: ReadonlyMap<number, { item: Item; at: number }>,
): void {
  const type = String(item['type']);
  if (type === 'reasoning') {
    let last = response.blocks.findLast((text) => text.index === index);
    if (last === undefined) {
      const createdAt = added.get(index)?.at ?? at;
      last = { type: 'reasoning', key: `${index}`, index, text: '', createdAt, itemId: item['id'] };
      response.blocks.push(last);
    }
    last.completedAt = at;
    last.encrypted = item['encrypted_content'] ?? undefined;
  } else if (type === 'compaction' || type === 'mcp_list_tools') {
    response.data.push(item);
  } else if (type.endsWith('_output')) {
    const call = response.calls.find(
      (candidate) => candidate.item?.['type'] === type.replace('_output', '_call'),
    );
    response.results.push({
      id: item['call_id'] ?? call?.id,
      words: words([item['output'], item['tools']]),
      at,
    });
  } else if (type.endsWith('_call') || type === 'mcp_approval_request') {
    const call = callOf(response, index);
    call.item = item;
    // A call id that is empty is none.
    call.id =
      item['call_id'] === '' || item['call_id'] === undefined || item['call_id'] === null
        ? item['id']
        : item['call_id'];
    call.calledAt = at;
    if (/^(web_search|file_search|code_interpreter|image_generation|mcp)_call$/.test(type)) {
      const said = [item['outputs'], item['result'], item['output'], item['results'], item['action']];
      response.results.push({ id: call.id, words: words(said), at });
    }
    const sources = (item['action'] as Item | undefined)?.['sources'] as Item[] | undefined;
    for (const source of sources ?? []) response.sources.push({ named: source['url'], at });
  }
}

/** What the model wrote as arguments of a call: every text in them. */
export function wordsOfCall(item: Item): string[] {
  const text = (item['arguments'] ?? item['input']) as unknown;
  if (typeof text === 'string' && text.startsWith('{')) return words(JSON.parse(text));
  const { sources: _sources, ...action } = (item['action'] ?? {}) as Item;
  return words([text, action, item['operation'], item['code'], item['queries']]).filter(
    // Names that the AI SDK, and so the product, writes in another way.
    (word) => !['open_page', 'find_in_page'].includes(word),
  );
}

/** Every text in a value that says something, in order. */
export function words(value: unknown): string[] {
  if (typeof value === 'string') return ['open_page', 'find_in_page', ''].includes(value) ? [] : [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(words);
}
