import { isProviderId, setOwn } from '@stepfold/events';
import { anthropicMetadataOf } from './anthropic-metadata.js';
import { anthropicSearchSourcesOf, anthropicSourceOf } from './anthropic-source.js';
import { argumentsOf } from './arguments-of.js';
import { fieldsOf, isObject } from './fields-of.js';
import { jsonText, textOf } from './json-of.js';
import type { PartCounter } from './part-counter.js';
import { providerNameOf } from './provider-ids.js';
import { remember } from './remember.js';
import type { CallFields } from './step-fields.js';
import type { StepWriter } from './step-writer.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The content blocks of one message of the Messages API. They are told apart by `index`, so any number may be open at
 * once; a delta or stop without an index is about the block that started last. A delta whose block did not start, or
 * is of another kind, begins one.
 */
export interface AnthropicBlocks {
  start(index: unknown, block: Fields, at: number): void;
  delta(index: unknown, delta: Fields, at: number): void;
  stop(index: unknown, at: number): void;
  /** A block that the source gave in one piece. */
  whole(index: unknown, block: Fields, at: number): void;
  /** The message is over. Calls that are open end here; open text and reasoning ends with the `finish` of the step. */
  finish(at: number): void;
  /** The stream broke off. What has arrived and no event told yet is told. */
  cutOff(at: number): void;
  /** A message begins or is over: its indexes mean nothing any more. */
  reset(): void;
}

type Block =
  | { readonly kind: 'text'; readonly id: string; readonly citations: unknown[] }
  | { readonly kind: 'reasoning'; readonly id: string }
  | {
      readonly kind: 'call';
      /** Undefined if the start of the block is missing: then only its raw text is known. */
      readonly fields: CallFields | undefined;
      /** The `input` that came with the start of the block. */
      readonly input: unknown;
      text: string;
    }
  | {
      readonly kind: 'data';
      readonly id: string;
      readonly name: string;
      data: Record<string, unknown>;
      /** What continued a block of an unknown type. */
      deltas?: unknown[];
      isTold: boolean;
    }
  /** It came whole: nothing but its stop follows. */
  | { readonly kind: 'told' };

/** Content that is kept as `data`. A block of any other unknown type is too, and is counted besides. */
const dataTypes: ReadonlySet<unknown> = new Set([
  'compaction',
  'container_upload',
  'fallback',
  'mcp_tool_listing',
]);

/** Names of server tools are those of their results, but for these, whose calls have names of their own. */
const namelessResults: ReadonlySet<string> = new Set(['', 'mcp', 'tool_search']);

export function createAnthropicBlocks(writer: StepWriter, counter: PartCounter): AnthropicBlocks {
  /** A result may come some messages after its call, where the fold does not see the call's name. */
  const toolNames = new Map<unknown, string>();
  let open = new Map<string, Block>();
  let usedIds = new Set<string>();
  let latestKey = '0';
  let unnumbered = 0;

  /** The key of a block that starts, or of the one that a delta or stop is about. */
  function keyOf(index: unknown, isStart: boolean): string {
    if (Number.isFinite(index) || (typeof index === 'string' && index !== '')) return String(index);
    return isStart ? `#${unnumbered++}` : latestKey;
  }

  /** The index, as the AI SDK has it; a second block of the same index is another block. */
  function newId(key: string): string {
    const id = usedIds.has(key) ? `${key}#${usedIds.size}` : key;
    usedIds.add(id);
    return id;
  }

  function begin(key: string, block: Fields, at: number): Block {
    if (open.has(key)) stop(key, at);
    latestKey = key;
    const begun = beginAs(key, block, at);
    open.set(key, begun);
    return begun;
  }

  function beginAs(key: string, block: Fields, at: number): Block {
    const type = textOf(block['type']) ?? '';
    if (type === 'text') {
      const id = newId(key);
      const metadata = anthropicMetadataOf(block, ['type', 'text', 'citations']);
      writer.blockStart('text', at, { id, metadata });
      if (hasText(block['text'])) writer.blockDelta('text', at, { id, text: block['text'] });
      const begun: Block = { kind: 'text', id, citations: [] };
      for (const citation of Array.isArray(block['citations']) ? block['citations'] : []) {
        cite(begun, citation, at);
      }
      return begun;
    }
    if (type === 'thinking') {
      const id = newId(key);
      const { signature, ...more } = block;
      const metadata = anthropicMetadataOf(more, ['type', 'thinking'], {
        signature: hasText(signature) ? signature : undefined,
      });
      writer.blockStart('reasoning', at, { id, metadata });
      if (hasText(block['thinking'])) writer.blockDelta('reasoning', at, { id, text: block['thinking'] });
      return { kind: 'reasoning', id };
    }
    if (type === 'redacted_thinking') {
      const id = newId(key);
      const metadata = anthropicMetadataOf(block, ['type', 'data'], { redactedData: block['data'] });
      writer.blockStart('reasoning', at, { id, isRedacted: true, metadata });
      return { kind: 'reasoning', id };
    }
    if (type.endsWith('tool_use')) {
      const fields = callFields(type, block);
      const name = providerNameOf(block['name']);
      if (name !== undefined && isProviderId(block['id'])) remember(toolNames, block['id'], name);
      writer.inputStart(at, fields);
      return { kind: 'call', fields, input: block['input'], text: '' };
    }
    if (type.endsWith('tool_result')) {
      writeResult(type, block, at);
      return { kind: 'told' };
    }
    if (!dataTypes.has(type)) counter.passOver(block['type']);
    const { type: _type, ...data } = block;
    const begun: Block = {
      kind: 'data',
      id: newId(key),
      name: providerNameOf(type) ?? 'content_block',
      data,
      isTold: true,
    };
    writer.data(at, { name: begun.name, dataId: begun.id, data });
    return begun;
  }

  function writeResult(type: string, block: Fields, at: number): void {
    const { tool_use_id: toolCallId, content } = block;
    const kind = type.replace(/_?tool_result$/, '');
    writer.result(at, {
      toolCallId,
      toolName: toolNames.get(toolCallId) ?? (namelessResults.has(kind) ? undefined : kind),
      result: content,
      isError: isErrorResult(block) ? true : undefined,
      // A plain `tool_result` is the client's; the API itself never streams one.
      isProviderExecuted: type === 'tool_result' ? undefined : true,
      metadata: anthropicMetadataOf(block, ['type', 'tool_use_id', 'content', 'is_error']),
    });
    if (type === 'web_search_tool_result') {
      for (const source of anthropicSearchSourcesOf(content)) writer.source(at, source);
    }
  }

  function cite(block: Block | undefined, citation: unknown, at: number): void {
    const source = anthropicSourceOf(citation);
    if (source === undefined) return counter.passOver('citations_delta');
    writer.source(at, source);
    if (block?.kind === 'text') block.citations.push(citation);
  }

  function blockFor<K extends 'text' | 'reasoning' | 'call'>(
    key: string,
    kind: K,
    at: number,
  ): Extract<Block, { kind: K }> {
    let block = open.get(key);
    if (block?.kind !== kind) {
      if (kind === 'call') {
        if (block !== undefined) stop(key, at);
        latestKey = key;
        writer.inputStart(at, { toolCallId: undefined });
        block = { kind: 'call', fields: undefined, input: undefined, text: '' };
        open.set(key, block);
      } else block = begin(key, { type: kind === 'text' ? 'text' : 'thinking' }, at);
    }
    return block as Extract<Block, { kind: K }>;
  }

  function delta(key: string, delta: Fields, at: number): void {
    const block = open.get(key);
    switch (delta['type']) {
      case 'text_delta': {
        const { id } = blockFor(key, 'text', at);
        return writer.blockDelta('text', at, { id, text: delta['text'] });
      }
      case 'thinking_delta': {
        const { id } = blockFor(key, 'reasoning', at);
        return writer.blockDelta('reasoning', at, { id, text: delta['thinking'] });
      }
      case 'signature_delta': {
        if (block?.kind === 'data') return change(block, { signature: delta['signature'] });
        const { id } = blockFor(key, 'reasoning', at);
        const metadata = anthropicMetadataOf(delta, ['type']);
        return writer.blockDelta('reasoning', at, { id, text: '', metadata });
      }
      case 'input_json_delta': {
        const call = blockFor(key, 'call', at);
        const text = textOf(delta['partial_json']) ?? '';
        call.text += text;
        return writer.inputDelta(at, { toolCallId: call.fields?.toolCallId, text });
      }
      case 'citations_delta':
        return cite(block, delta['citation'], at);
      case 'compaction_delta': {
        const compaction = block?.kind === 'data' ? block : begin(key, { type: 'compaction' }, at);
        if (compaction.kind !== 'data') return;
        const { type: _type, content, ...more } = delta;
        const text = `${textOf(compaction.data['content']) ?? ''}${textOf(content) ?? ''}`;
        return change(compaction, { ...(isGiven(content) ? { content: text } : {}), ...more });
      }
      default:
        counter.passOver(delta['type']);
        // Part of a block of unknown type, which is kept.
        if (block?.kind === 'data') {
          // A list of its own: that of the start is the caller's, and an event holds it.
          block.deltas ??= Array.isArray(block.data['deltas']) ? [...block.data['deltas']] : [];
          block.deltas.push(delta);
          change(block, { deltas: block.deltas });
        }
    }
  }

  function change(block: Extract<Block, { kind: 'data' }>, fields: Fields): void {
    for (const [name, value] of Object.entries(fields)) {
      if (!isGiven(value)) continue;
      // An event holds the data that was told.
      if (block.isTold) block.data = { ...block.data };
      block.isTold = false;
      setOwn(block.data, name, value);
    }
  }

  function stop(key: string, at: number): void {
    const block = open.get(key);
    if (block === undefined) return counter.passOver('content_block_stop');
    open.delete(key);
    switch (block.kind) {
      case 'text':
        return writer.blockEnd('text', at, { id: block.id, metadata: citationMetadata(block.citations) });
      case 'reasoning':
        return writer.blockEnd('reasoning', at, { id: block.id });
      case 'call':
        writer.inputEnd(at, { toolCallId: block.fields?.toolCallId });
        if (block.fields === undefined) return;
        // Without a delta the input is what the start has, `{}` mostly.
        return writer.call(at, {
          ...block.fields,
          ...(block.text === ''
            ? { args: isEmpty(block.input) ? {} : block.input }
            : argumentsOf(block.text)),
        });
      case 'data':
        return tellData(block, at);
      default:
    }
  }

  function tellData(block: Extract<Block, { kind: 'data' }>, at: number): void {
    if (block.isTold) return;
    block.isTold = true;
    writer.data(at, { name: block.name, dataId: block.id, data: block.data });
  }

  return {
    start: (index, block, at) => void begin(keyOf(index, true), block, at),
    delta: (index, given, at) => delta(keyOf(index, false), given, at),
    stop: (index, at) => stop(keyOf(index, false), at),
    whole(index, block, at) {
      const key = keyOf(index, true);
      begin(key, block, at);
      stop(key, at);
    },
    finish(at) {
      for (const [key, block] of open) {
        const isOver =
          block.kind === 'call'
            ? block.text === '' || argumentsOf(block.text).isInvalid !== true
            : block.kind === 'data' || (block.kind === 'text' && block.citations.length > 0);
        if (isOver) stop(key, at);
      }
    },
    cutOff(at) {
      for (const block of open.values()) {
        if (block.kind === 'data') tellData(block, at);
        if (block.kind === 'call' && block.text === '' && !isEmpty(block.input)) {
          writer.inputDelta(at, { toolCallId: block.fields?.toolCallId, text: jsonText(block.input) });
        }
      }
    },
    reset() {
      open = new Map();
      usedIds = new Set();
      latestKey = '0';
      unnumbered = 0;
    },
  };
}

function callFields(type: string, block: Fields): CallFields {
  const isMcp = type === 'mcp_tool_use';
  return {
    toolCallId: block['id'],
    toolName: block['name'],
    isProviderExecuted: type === 'tool_use' ? undefined : true,
    isDynamic: isMcp ? true : undefined,
    parentToolCallId: fieldsOf(block['caller'])['tool_id'],
    metadata: anthropicMetadataOf(block, ['type', 'id', 'name', 'input'], {
      type: isMcp ? 'mcp-tool-use' : undefined,
    }),
  };
}

/** Server tools say it with the type of their content (`…_error`), MCP servers with a flag. */
function isErrorResult(block: Fields): boolean {
  const { type } = fieldsOf(block['content']);
  return block['is_error'] === true || (typeof type === 'string' && type.endsWith('_error'));
}

/** The next request may send citations back, as they came. */
function citationMetadata(citations: readonly unknown[]) {
  return citations.length === 0 ? undefined : anthropicMetadataOf({}, [], { citations });
}

function hasText(given: unknown): boolean {
  return isGiven(given) && given !== '';
}

function isGiven(given: unknown): boolean {
  return given !== undefined && given !== null;
}

/** The input of a call that is still to be written: nothing, or `{}`. */
function isEmpty(input: unknown): boolean {
  return !isGiven(input) || input === '' || (isObject(input) && Object.keys(input).length === 0);
}
