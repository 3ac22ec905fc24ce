import type { Role } from '@stepfold/events';
import {
  argumentsOf,
  fieldsOf,
  isEmpty,
  isObject,
  jsonOf,
  listOf,
  metadataOf,
  providerNameOf,
  textOf,
} from '@stepfold/formats';
import { fileContentOf } from './file-content.js';
import type { ChatWriter, Fields } from './imported-chat.js';

/**
 * The parts of a message of LangChain. A call stands where its block is, with what `tool_calls` says of it; one without a
 * block comes last. What the provider itself called and answered are blocks too.
 */
export function langchainParts(message: Fields, role: Role, writer: ChatWriter): readonly Fields[] {
  if (role === 'tool') return resultParts(message, writer);
  const calls = callsOf(message, writer);
  const { content } = message;
  const blocks = Array.isArray(content) ? (content as unknown[]) : [content];
  const parts = blocks.flatMap((block) => blockParts(block, calls, writer));
  const hasReasoning = parts.some(({ type }) => type === 'reasoning');
  return [...(hasReasoning ? [] : apartReasoning(message)), ...parts, ...calls.values()];
}

function resultParts(message: Fields, writer: ChatWriter): readonly Fields[] {
  const tool_call_id = writer.providerIdOf(message['tool_call_id']);
  if (tool_call_id === undefined) {
    writer.passOver('a tool message without an id');
    return [];
  }
  const isError = message['status'] === 'error';
  const content = jsonOf(message['content'] ?? null);
  return [
    {
      type: 'tool-result',
      tool_call_id,
      tool_name: providerNameOf(message['name']),
      result: isError ? { error: content } : content,
      is_error: isError ? true : undefined,
    },
  ];
}

/** By their ids. */
function callsOf(message: Fields, writer: ChatWriter): Map<string, Fields> {
  const calls = new Map<string, Fields>();
  for (const [field, isInvalid] of [
    ['tool_calls', false],
    ['invalid_tool_calls', true],
  ] as const) {
    for (const given of listOf(message[field])) {
      const call = callPart(fieldsOf(given), isInvalid, writer);
      if (call !== undefined) calls.set(call['tool_call_id'] as string, call);
    }
  }
  return calls;
}

/** Providers and LangChain itself have other names for the same: `args`, `input`, `arguments` as text. */
function callPart(given: Fields, isInvalid: boolean, writer: ChatWriter): Fields | undefined {
  const tool_call_id = writer.providerIdOf(given['call_id'] ?? given['id']);
  if (tool_call_id === undefined) {
    writer.passOver('a tool call without an id');
    return undefined;
  }
  const args = given['args'] ?? given['input'] ?? given['arguments'] ?? {};
  const read = typeof args === 'string' && !isInvalid ? argumentsOf(args) : { args };
  return {
    type: 'tool-call',
    tool_call_id,
    tool_name: providerNameOf(given['name']),
    ...(isInvalid || read.argsText !== undefined
      ? { args_text: textOf(args) ?? '', invalid: true, error: textOf(given['error']) }
      : { args: jsonOf(read.args) }),
  };
}

/** Reasoning that some providers give beside the content. */
function apartReasoning(message: Fields): readonly Fields[] {
  const { reasoning_content, reasoning } = fieldsOf(message['additional_kwargs']);
  if (typeof reasoning_content === 'string' && reasoning_content !== '') {
    return [{ type: 'reasoning', text: reasoning_content }];
  }
  return isObject(reasoning) && !isEmpty(reasoning) ? [reasoningPart(reasoning)] : [];
}

function blockParts(given: unknown, calls: Map<string, Fields>, writer: ChatWriter): readonly Fields[] {
  if (given === undefined || given === null || given === '') return [];
  if (typeof given === 'string') return [{ type: 'text', text: given }];
  const block = fieldsOf(given);
  const type = textOf(block['type']);
  switch (type) {
    case undefined:
      writer.passOver('a block that is none');
      return [];
    case 'text': {
      const { type: _type, text, index: _index, ...more } = block;
      const metadata = metadataOf(undefined, { provider: 'langchain', entries: more });
      return [{ type: 'text', text: textOf(text) ?? '', metadata }];
    }
    case 'thinking':
    case 'reasoning':
    case 'redacted_thinking':
      return [reasoningPart(block)];
    case 'tool_use':
    case 'tool_call':
    case 'function_call':
    case 'invalid_tool_call': {
      const call = callPart(block, type === 'invalid_tool_call', writer);
      if (call === undefined) return [];
      const id = call['tool_call_id'] as string;
      const known = calls.get(id);
      calls.delete(id);
      return [known ?? call];
    }
    // A piece of what `tool_calls` says.
    case 'input_json_delta':
      return [];
    case 'server_tool_use':
    case 'server_tool_call':
    case 'mcp_tool_use': {
      const call = callPart(block, false, writer);
      return call === undefined ? [] : [{ ...call, provider_executed: true }];
    }
    default:
  }
  if (/tool(?:_call)?_result$/.test(type)) return serverResult(block, writer);
  if (files.has(type)) {
    const file = filePart(block, type);
    if (file !== undefined) return [file];
  }
  const { type: _type, ...data } = block;
  return [{ type: 'data', name: type, data: jsonOf(data) }];
}

function serverResult(block: Fields, writer: ChatWriter): readonly Fields[] {
  const id = writer.providerIdOf(block['tool_use_id'] ?? block['tool_call_id'] ?? block['toolCallId']);
  if (id === undefined) {
    writer.passOver('a tool result without an id');
    return [];
  }
  const isError = block['status'] === 'error' || block['is_error'] === true;
  return [
    {
      type: 'tool-result',
      tool_call_id: id,
      result: jsonOf(block['output'] ?? block['content'] ?? null),
      is_error: isError ? true : undefined,
      provider_executed: true,
    },
  ];
}

/** What the next request has to give back stands where a stream of the provider would have left it. */
function reasoningPart(block: Fields): Fields {
  const extras = fieldsOf(block['extras']);
  const text = textOf(block['thinking'] ?? block['reasoning'] ?? block['text']);
  const { data, encrypted_content } = block;
  const signature = block['signature'] ?? extras['signature'];
  const anthropic = { signature, redactedData: data };
  const openai = {
    itemId: encrypted_content === undefined ? undefined : block['id'],
    reasoningEncryptedContent: encrypted_content,
  };
  const metadata = metadataOf(metadataOf(undefined, { provider: 'anthropic', entries: anthropic }), {
    provider: 'openai',
    entries: openai,
  });
  return {
    type: 'reasoning',
    text: text || summaryOf(block['summary']),
    redacted: block['type'] === 'redacted_thinking' ? true : undefined,
    metadata,
  };
}

function summaryOf(summary: unknown): string {
  if (!Array.isArray(summary)) return textOf(summary) ?? '';
  return summary.map((item: unknown) => textOf(fieldsOf(item)['text']) ?? '').join('\n\n');
}

const files: ReadonlySet<string> = new Set([
  ...['image_url', 'image', 'file', 'audio', 'input_audio', 'video', 'document', 'media'],
]);

function filePart(block: Fields, type: string): Fields | undefined {
  const image = block['image_url'];
  const source = [block['source'], block['file'], block['input_audio']].find(isObject) ?? block;
  const url = textOf(isObject(image) ? image['url'] : (image ?? source['url']));
  const isId = block['source_type'] === 'id';
  const content = fileContentOf({
    url,
    data: source['data'] ?? source['base64'] ?? source['file_data'],
    fileId: source['file_id'] ?? source['fileId'] ?? (isId ? source['id'] : undefined),
  });
  if (Object.values(content).every(isEmpty)) return undefined;
  const [, ofUrl] = /^data:([^;,]+)/.exec(url ?? '') ?? [];
  const mediaType = textOf(source['media_type'] ?? source['mime_type'] ?? source['mimeType']) ?? ofUrl;
  return {
    type: 'file',
    media_type: mediaType ?? (type.startsWith('image') ? 'image/*' : 'application/octet-stream'),
    ...content,
    name: textOf(source['filename'] ?? block['filename'] ?? block['name']),
  };
}
