/**
 * What a stream of the Messages API plainly says, message by message: the source's own deltas joined, its own fields
 * taken, without any of the converter's code. Understands well-formed streams and what they are cut to.
 */

export type AnthropicPart = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, unknown>>;

/** A part of the message that must come of it, in order of start. */
export type ExpectedPart = Readonly<Record<string, unknown>>;

export interface ExpectedMessage {
  readonly id: unknown;
  readonly startedAt: number;
  /** Of the last line that is about it. */
  readonly lastAt: number;
  readonly isOver: boolean;
  readonly stopReason: unknown;
  readonly finishedAt: number | undefined;
  readonly usage: Readonly<Record<string, number>>;
  readonly parts: readonly ExpectedPart[];
}

interface OpenBlock {
  readonly given: Fields;
  readonly at: number;
  text: string;
  signature: unknown;
  lastDeltaAt?: number;
  stoppedAt?: number;
  readonly sources: ExpectedPart[];
  readonly citations: unknown[];
}

export function expectedMessages(
  parts: readonly AnthropicPart[],
  start: number,
  tick: number,
): ExpectedMessage[] {
  const groups: { part: AnthropicPart; at: number }[][] = [];
  for (const [index, part] of parts.entries()) {
    const former = groups.at(-1);
    if (part['type'] === 'message_start') {
      // A message that never stopped is given up for the one that starts instead of it.
      if (former !== undefined && !former.some(({ part: { type } }) => type === 'message_stop')) groups.pop();
      groups.push([]);
    }
    groups.at(-1)?.push({ part, at: start + index * tick });
  }
  return groups.map(expectedMessage);
}

function expectedMessage(lines: readonly { part: AnthropicPart; at: number }[]): ExpectedMessage {
  const message = lines[0]?.part['message'] as Fields;
  const startedAt = lines[0]?.at ?? 0;
  let usage = message['usage'] as Record<string, number>;
  let stopReason = message['stop_reason'];
  let finishedAt: number | undefined;
  let isOver = false;
  const isWhole = stopReason !== null;
  const blocks = new Map<unknown, OpenBlock>();
  const order: OpenBlock[] = [];
  const begin = (given: Fields, at: number): OpenBlock => {
    const block = { given, at, text: '', signature: undefined, sources: [], citations: [] };
    order.push(block);
    return block;
  };
  for (const given of message['content'] as Fields[]) begin(given, startedAt).stoppedAt = startedAt;
  for (const { part, at } of lines) {
    const block = blocks.get(part['index']);
    const delta = (part['delta'] ?? {}) as Fields;
    switch (part['type']) {
      case 'content_block_start':
        blocks.set(part['index'], begin(part['content_block'] as Fields, at));
        break;
      case 'content_block_delta':
        if (block === undefined) throw new Error('a delta without its block');
        for (const name of ['text', 'thinking', 'partial_json', 'content']) {
          if (typeof delta[name] === 'string') block.text += delta[name];
        }
        block.signature = delta['signature'] ?? block.signature;
        if (delta['type'] === 'citations_delta') {
          block.citations.push(delta['citation']);
          block.sources.push(sourceOf(delta['citation'] as Fields, at));
        } else block.lastDeltaAt = at;
        break;
      case 'content_block_stop':
        if (block !== undefined) block.stoppedAt = at;
        break;
      case 'message_delta':
        stopReason = delta['stop_reason'];
        finishedAt = at;
        usage = { ...usage, ...(part['usage'] as Record<string, number>) };
        break;
      case 'message_stop':
        isOver = true;
        finishedAt ??= at;
        break;
      default:
    }
  }
  return {
    id: message['id'],
    startedAt,
    lastAt: lines.at(-1)?.at ?? startedAt,
    isOver,
    stopReason,
    finishedAt,
    usage: neutralUsage(usage, isWhole || finishedAt !== undefined),
    parts: order.flatMap((block) => expectedParts(block)),
  };
}

function expectedParts(block: OpenBlock): ExpectedPart[] {
  const { given, at, text, stoppedAt } = block;
  const type = String(given['type']);
  const ended = stoppedAt === undefined ? {} : { completed_at: stoppedAt };
  const told = block.lastDeltaAt === undefined ? {} : { last_delta_at: block.lastDeltaAt };
  if (type === 'text') {
    const citations =
      stoppedAt === undefined || block.citations.length === 0
        ? {}
        : { metadata: { anthropic: { citations: block.citations } } };
    return [
      { type, text: `${String(given['text'])}${text}`, created_at: at, ...told, ...ended, ...citations },
      ...block.sources,
    ];
  }
  if (type.endsWith('thinking')) {
    const opaque = { signature: block.signature, redactedData: given['data'] };
    const metadata = Object.fromEntries(Object.entries(opaque).filter(([, value]) => value !== undefined));
    return [
      {
        type: 'reasoning',
        text,
        created_at: at,
        ...told,
        ...ended,
        ...(Object.keys(metadata).length === 0 ? {} : { metadata: { anthropic: metadata } }),
      },
    ];
  }
  if (type.endsWith('tool_use')) return [expectedCall(block)];
  if (type.endsWith('tool_result')) {
    const content = given['content'] as Fields | Fields[];
    return [
      {
        type: 'tool-result',
        tool_call_id: given['tool_use_id'],
        result: content,
        provider_executed: true,
        created_at: at,
        ...(given['is_error'] === true || String((content as Fields)['type']).endsWith('_error')
          ? { is_error: true }
          : {}),
      },
      ...(type === 'web_search_tool_result' && Array.isArray(content)
        ? content.map((page) => sourceOf(page, at))
        : []),
    ];
  }
  const { type: _type, ...data } = given;
  return [{ type: 'data', name: type, data: { ...data, ...(text === '' ? {} : { content: text }) } }];
}

function expectedCall({ given, at, text, stoppedAt }: OpenBlock): ExpectedPart {
  const caller = (given['caller'] ?? {}) as Fields;
  const fields = {
    type: 'tool-call',
    tool_call_id: given['id'],
    tool_name: given['name'],
    input_started_at: at,
    ...(given['type'] === 'tool_use' ? {} : { provider_executed: true }),
    ...(caller['tool_id'] === undefined ? {} : { parent_tool_call_id: caller['tool_id'] }),
  };
  if (stoppedAt !== undefined) {
    return { ...fields, created_at: stoppedAt, ...(text === '' ? { args: given['input'] } : parsed(text)) };
  }
  const isInputGiven = Object.keys((given['input'] ?? {}) as object).length > 0;
  const raw = text === '' && isInputGiven ? JSON.stringify(given['input']) : text;
  return { ...fields, partial: true, ...parsed(raw) };
}

function parsed(text: string): { args: unknown } | { args_text: string } {
  try {
    return { args: JSON.parse(text) as unknown };
  } catch {
    return { args_text: text };
  }
}

function sourceOf(given: Fields, at: number): ExpectedPart {
  return {
    type: 'source',
    url: given['url'] ?? given['source'],
    title: given['title'] ?? given['document_title'] ?? undefined,
    created_at: at,
  };
}

function neutralUsage(usage: Readonly<Record<string, unknown>>, isFinal: boolean): Record<string, number> {
  const iterations = (usage['iterations'] ?? []) as Record<string, number | string>[];
  const isFallback = iterations.some(({ type }) => type === 'fallback_message');
  const extra = isFallback ? [] : iterations.filter(({ type }) => type === 'compaction');
  const total = (name: string) =>
    [usage, ...extra].reduce((sum, counts) => sum + Number(counts[name] ?? 0), 0);
  const cached = ['cache_creation_input_tokens', 'cache_read_input_tokens'] as const;
  return {
    input_tokens: total('input_tokens') + total(cached[0]) + total(cached[1]),
    ...(isFinal ? { output_tokens: total('output_tokens') } : {}),
    ...(usage[cached[0]] === undefined ? {} : { cache_creation_tokens: total(cached[0]) }),
    ...(usage[cached[1]] === undefined ? {} : { cache_read_tokens: total(cached[1]) }),
  };
}
