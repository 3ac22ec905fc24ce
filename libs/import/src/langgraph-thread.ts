import type { Role } from '@stepfold/events';
import { jsonOf, providerNameOf, textOf } from '@stepfold/formats';
import {
  createImportedChat,
  isFields,
  type ChatWriter,
  type Fields,
  type ImportedChat,
  type ImportOptions,
} from './imported-chat.js';
import { timeOf } from './time-of.js';

/**
 * A thread of LangGraph, as JSON: its state (`{values: {messages}}`), its history (a list of states, the newest first, as its API gives
 * them), or the messages alone. Messages may be plain (`{type: 'ai', content, …}`) or serialised by LangChain (`{lc, id, kwargs}`).
 *
 * LangGraph has no time of a message. With the history, one that a state has and the state before it has not was made by when that state was, and has its
 * `created_at`. Parts have none.
 */
export function importLangGraphThread(thread: unknown, options: ImportOptions): ImportedChat {
  const writer = createImportedChat({ ...options, producer: 'import-langgraph' });
  const states = statesOf(thread);
  const newest = states[0]?.messages ?? [];
  const times = timesOf(states);
  for (const [index, given] of newest.entries()) {
    const message = plainOf(given);
    const role = roleOf(message);
    if (role === undefined) {
      writer.passOver('a message that is none');
      continue;
    }
    writer.add({
      id: message['id'],
      role,
      at: times.get(keyOf(message, index)),
      steps: [role === 'tool' ? resultsOf(message, writer) : contentOf(message, writer)],
    });
  }
  return writer.chat;
}

interface State {
  readonly messages: readonly unknown[];
  readonly createdAt: number | undefined;
  /** Nothing was before it. */
  readonly isFirst: boolean;
}

/** Newest first. */
function statesOf(thread: unknown): State[] {
  if (Array.isArray(thread)) {
    const isHistory = thread.some((item) => isFields(item) && isFields(item['values']));
    return isHistory ? thread.flatMap(stateOf) : [{ messages: thread, createdAt: undefined, isFirst: false }];
  }
  return stateOf(thread);
}

function stateOf(given: unknown): State[] {
  if (!isFields(given)) return [];
  const values = isFields(given['values']) ? given['values'] : given;
  const messages = Array.isArray(values['messages']) ? (values['messages'] as unknown[]) : [];
  const isFirst = given['parent_checkpoint'] === null || given['parent_config'] === null;
  return [{ messages, createdAt: timeOf(given['created_at']), isFirst }];
}

/** When messages were first there, where the state before is known. */
function timesOf(states: readonly State[]): Map<string, number> {
  const times = new Map<string, number>();
  let before: Set<string> | undefined;
  for (const { messages, createdAt, isFirst } of states.toReversed()) {
    const present = new Set(messages.map((given, index) => keyOf(plainOf(given), index)));
    const former = before ?? (isFirst ? new Set<string>() : undefined);
    if (former !== undefined && createdAt !== undefined) {
      for (const key of present) if (!former.has(key) && !times.has(key)) times.set(key, createdAt);
    }
    before = present;
  }
  return times;
}

function keyOf({ id }: Fields, index: number): string {
  return textOf(id) ?? `#${index}`;
}

/** LangChain writes `{lc: 1, type: 'constructor', id: ['langchain_core', 'messages', 'AIMessage'], kwargs}`. */
function plainOf(given: unknown): Fields {
  if (!isFields(given)) return {};
  const { kwargs, data } = given;
  if (isFields(kwargs) && Array.isArray(given['id'])) return { type: textOf(given['id'].at(-1)), ...kwargs };
  return isFields(data) && given['content'] === undefined ? { type: given['type'], ...data } : given;
}

const roles = new Map<string, Role>([
  ['human', 'user'],
  ['user', 'user'],
  ['ai', 'assistant'],
  ['assistant', 'assistant'],
  ['system', 'system'],
  ['developer', 'system'],
  ['tool', 'tool'],
]);

function roleOf(message: Fields): Role | undefined {
  const name = textOf(message['type']) ?? textOf(message['role']) ?? '';
  return roles.get(name.replace(/Message(?:Chunk)?$/, '').toLowerCase());
}

function resultsOf(message: Fields, writer: ChatWriter): Fields[] {
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

function contentOf(message: Fields, writer: ChatWriter): Fields[] {
  const { content } = message;
  const blocks: unknown[] = Array.isArray(content) ? content : [content];
  const parts = blocks.flatMap((block) => blockParts(block, writer));
  return [
    ...parts,
    ...callsOf(message['tool_calls'], writer),
    ...callsOf(message['invalid_tool_calls'], writer, true),
  ];
}

function callsOf(calls: unknown, writer: ChatWriter, isInvalid = false): Fields[] {
  if (!Array.isArray(calls)) return [];
  return calls.flatMap((given: unknown) => {
    const call = isFields(given) ? given : {};
    const tool_call_id = writer.providerIdOf(call['id']);
    if (tool_call_id === undefined) {
      writer.passOver('a tool call without an id');
      return [];
    }
    const { args } = call;
    return [
      {
        type: 'tool-call',
        tool_call_id,
        tool_name: providerNameOf(call['name']),
        ...(isInvalid
          ? { args_text: textOf(args) ?? '', invalid: true, error: textOf(call['error']) }
          : { args: jsonOf(args ?? {}) }),
      },
    ];
  });
}

function blockParts(given: unknown, writer: ChatWriter): Fields[] {
  if (given === undefined || given === null || given === '') return [];
  if (typeof given === 'string') return [{ type: 'text', text: given }];
  const block = isFields(given) ? given : {};
  switch (block['type']) {
    case 'text':
      return [{ type: 'text', text: textOf(block['text']) ?? '' }];
    case 'thinking':
    case 'reasoning':
    case 'redacted_thinking': {
      const text = textOf(block['thinking'] ?? block['reasoning'] ?? block['text']) ?? '';
      const { signature, data } = block;
      const metadata = { signature, redactedData: data };
      const isRedacted = block['type'] === 'redacted_thinking';
      return [
        {
          type: 'reasoning',
          text: text === '' ? summaryOf(block['summary']) : text,
          redacted: isRedacted ? true : undefined,
          metadata: signature === undefined && data === undefined ? undefined : { anthropic: metadata },
        },
      ];
    }
    // What `tool_calls` says as well.
    case 'tool_use':
    case 'tool_call':
    case 'function_call':
    case 'input_json_delta':
      return [];
    case 'image_url':
    case 'image':
    case 'file':
    case 'audio':
    case 'document':
      return [filePart(block)];
    default: {
      if (block['type'] === undefined) writer.passOver('a block that is none');
      const { type, ...data } = block;
      return type === undefined ? [] : [{ type: 'data', name: textOf(type) ?? 'block', data: jsonOf(data) }];
    }
  }
}

function summaryOf(summary: unknown): string {
  if (!Array.isArray(summary)) return textOf(summary) ?? '';
  return summary.map((item: unknown) => (isFields(item) ? (textOf(item['text']) ?? '') : '')).join('\n\n');
}

function filePart(block: Fields): Fields {
  const source = isFields(block['source']) ? block['source'] : block;
  const image = block['image_url'];
  const url = textOf(isFields(image) ? image['url'] : (image ?? source['url'])) ?? '';
  const [, urlType, urlData] = /^data:([^;,]*)[^,]*;base64,(.*)$/s.exec(url) ?? [];
  const data = urlData ?? textOf(source['data'] ?? source['base64']);
  const file_id = textOf(source['file_id'] ?? (block['source_type'] === 'id' ? source['id'] : undefined));
  const content = data !== undefined ? { data } : url !== '' ? { url } : { file_id: file_id ?? '' };
  const media_type = urlType ?? textOf(source['media_type'] ?? source['mime_type']);
  const kind = textOf(block['type']) ?? '';
  return {
    type: 'file',
    media_type: media_type ?? (kind.startsWith('image') ? 'image/*' : 'application/octet-stream'),
    ...content,
    name: textOf(block['filename'] ?? block['name']),
  };
}
