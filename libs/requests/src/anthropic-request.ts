import type { FilePart, Message, TextPart } from '@stepfold/fold';
import {
  ANTHROPIC_NAME_LENGTH_MAX,
  anthropicImageTypes,
  type AnthropicBetaBlock,
  type AnthropicBlock,
  type AnthropicCitation,
  type AnthropicImageType,
  type AnthropicToolResultBlock,
} from './anthropic-blocks.js';
import { callerOf, isBetaTool, serverToolBlocks, type ServerToolBlocks } from './anthropic-server-tools.js';
import { answerOf, answerText, argumentsObject, type AnswerOptions } from './call-answer.js';
import { createCallIds, plainName } from './call-ids.js';
import { chatTurns, clientCalls, type AssistantTurn, type Call } from './chat-turns.js';
import { fileContentOf, fileMention } from './file-content.js';
import { isObject, metadataEntry, metadataText } from './metadata-entry.js';

export interface AnthropicMessage<Block = AnthropicBlock> {
  role: 'user' | 'assistant';
  content: Block[];
}

/** What `messages.create` takes, besides model, limits and tools. */
export interface AnthropicRequest<Block = AnthropicBlock> {
  system?: { type: 'text'; text: string }[];
  messages: AnthropicMessage<Block>[];
}

export interface AnthropicRequestOptions extends AnswerOptions {
  /** Also blocks that the API takes with a beta header only: calls of MCP servers that it made itself, advice,
   * compaction, and where it went on with another model. */
  readonly beta?: boolean;
  /**
   * What the user is said to have asked if the chat begins with an answer: the API takes none without a question.
   */
  readonly opening?: string;
}

type Block = AnthropicBlock | AnthropicBetaBlock;

/** Anthropic names no limit; this is below that of every platform that serves its models. */
const ID_LENGTH_MAX = 64;

/**
 * The request of a chat for the Messages API:
 *
 * 1. Roles alternate, the user's first. All results of a turn stand first in the message behind it.
 * 2. Thinking comes back as it was signed, hidden thinking as it was encrypted; thinking that nobody signed is left out,
 *    and so is thinking at the end of a message, both of which the API refuses.
 * 3. No text is blank, and the last one of an answer at the end does not end in blanks.
 * 4. A tool that Anthropic ran comes back with its result or not at all; that of another provider not at all.
 *
 * An application that turns thinking on needs signed thinking in the turn whose calls it answers. If the model was
 * another one, it has none: then thinking has to be off in that request.
 */
export function anthropicRequest(
  steps: Iterable<Message>,
  options: AnthropicRequestOptions & { readonly beta: true },
): AnthropicRequest<AnthropicBlock | AnthropicBetaBlock>;
export function anthropicRequest(
  steps: Iterable<Message>,
  options?: AnthropicRequestOptions & { readonly beta?: false },
): AnthropicRequest;
export function anthropicRequest(
  steps: Iterable<Message>,
  options: AnthropicRequestOptions = {},
): AnthropicRequest<Block> {
  const idOf = createCallIds({ lengthMax: ID_LENGTH_MAX });
  const system: { type: 'text'; text: string }[] = [];
  const messages: AnthropicMessage<Block>[] = [];
  const turns = chatTurns(steps);
  const serverTools = serverToolsOf(
    turns.filter((turn) => turn.role === 'assistant'),
    options,
  );
  for (const turn of turns) {
    if (turn.role === 'system') system.push({ type: 'text', text: turn.text });
    else if (turn.role === 'user') add(messages, 'user', turn.content.flatMap(userBlocks));
    else {
      add(messages, 'assistant', assistantBlocks(turn, idOf, serverTools, options));
      const isLast = turn === turns.at(-1);
      add(
        messages,
        'user',
        clientCalls(turn).flatMap((call) => resultBlocks(call, isLast, idOf, options)),
      );
    }
  }
  return { ...(system.length === 0 ? {} : { system }), messages: repaired(messages, options) };
}

/** Adds content to the last message if that is of the same role. */
function add(
  messages: AnthropicMessage<Block>[],
  role: 'user' | 'assistant',
  content: readonly Block[],
): void {
  const last = messages.at(-1);
  if (content.length === 0) return;
  if (last?.role === role) last.content.push(...content);
  else messages.push({ role, content: [...content] });
}

/** Rules 1 to 3, which look at whole messages. */
function repaired(
  given: readonly AnthropicMessage<Block>[],
  { opening = 'Continue.' }: AnthropicRequestOptions,
): AnthropicMessage<Block>[] {
  const messages: AnthropicMessage<Block>[] = [];
  for (const { role, content } of given) {
    add(messages, role, role === 'assistant' ? withoutTrailingThinking(content) : content);
  }
  if (messages[0]?.role === 'assistant') {
    messages.unshift({ role: 'user', content: [{ type: 'text', text: opening }] });
  }
  const last = messages.at(-1);
  const end = last?.content.at(-1);
  if (last?.role === 'assistant' && end?.type === 'text') end.text = end.text.trimEnd();
  return messages;
}

function withoutTrailingThinking(content: readonly Block[]): readonly Block[] {
  return content.slice(0, content.findLastIndex(({ type }) => !type.endsWith('thinking')) + 1);
}

/** The calls of each server tool that can be told, once under each id. */
function serverToolsOf(
  turns: readonly AssistantTurn[],
  { beta }: AnthropicRequestOptions,
): ReadonlyMap<Call, ServerToolBlocks> {
  const told = new Map<Call, ServerToolBlocks>();
  const ids = new Set<string>();
  for (const { content } of turns) {
    for (const item of content) {
      if (item.type !== 'call' || !item.call.isProviderRun || ids.has(item.call.part.tool_call_id)) continue;
      const blocks = serverToolBlocks(item.call);
      if (blocks === undefined || (isBetaTool(blocks) && beta !== true)) continue;
      ids.add(item.call.part.tool_call_id);
      told.set(item.call, blocks);
    }
  }
  return told;
}

function assistantBlocks(
  turn: AssistantTurn,
  idOf: (call: Call) => string,
  serverTools: ReadonlyMap<Call, ServerToolBlocks>,
  { beta }: AnthropicRequestOptions,
): readonly Block[] {
  const toldIds = new Set([...serverTools.keys()].map(({ part }) => part.tool_call_id));
  return turn.content.flatMap((item): readonly Block[] => {
    switch (item.type) {
      case 'text':
        if (metadataText(item.part, 'anthropic', 'type') === 'compaction') {
          return beta === true ? [{ type: 'compaction', content: item.part.text }] : [];
        }
        return textBlocks(item.part);
      case 'reasoning': {
        const data = metadataText(item.part, 'anthropic', 'redactedData');
        if (data !== undefined) return [{ type: 'redacted_thinking', data }];
        const signature = metadataText(item.part, 'anthropic', 'signature');
        // Without all of its text a signature does not fit any more.
        return signature === undefined || item.part.text_elided !== undefined
          ? []
          : [{ type: 'thinking', thinking: item.part.text, signature }];
      }
      case 'call': {
        const { call } = item;
        if (call.isProviderRun) return presentBlock(serverTools.get(call)?.use);
        const caller = callerOf(call);
        // Whose code made the call is told as well, or nothing of it.
        const isCallerTold =
          caller !== undefined && (caller.type === 'direct' || toldIds.has(caller.tool_id));
        return [
          {
            type: 'tool_use',
            id: idOf(call),
            name: plainName(call.name, ANTHROPIC_NAME_LENGTH_MAX),
            input: argumentsObject(call.part),
            ...(isCallerTold ? { caller } : {}),
          },
        ];
      }
      case 'provider-result':
        return presentBlock(serverTools.get(item.call)?.result);
      case 'data':
        return beta === true ? betaBlocks(item.part.name, item.part.data) : [];
      default:
        return [];
    }
  });
}

function presentBlock<T>(block: T | undefined): readonly T[] {
  return block === undefined ? [] : [block];
}

/** What the API wants to see again of what is no content of the conversation. */
function betaBlocks(name: string, data: unknown): readonly Block[] {
  if (!isObject(data)) return [];
  if (name === 'fallback') {
    const [from, to] = [modelOf(data['from']), modelOf(data['to'])];
    return from === undefined || to === undefined ? [] : [{ type: 'fallback', from, to }];
  }
  if (name !== 'compaction') return [];
  const { content, encrypted_content, signature } = data;
  if (typeof content !== 'string' && typeof encrypted_content !== 'string') return [];
  return [
    {
      type: 'compaction',
      content: typeof content === 'string' ? content : null,
      ...(typeof encrypted_content === 'string' ? { encrypted_content } : {}),
      ...(typeof signature === 'string' ? { signature } : {}),
    },
  ];
}

function modelOf(given: unknown): { model: string } | undefined {
  const model = isObject(given) ? given['model'] : undefined;
  return typeof model === 'string' && model !== '' ? { model } : undefined;
}

function textBlocks(part: TextPart): readonly Block[] {
  if (part.text.trim() === '') return [];
  const citations = citationsOf(part);
  return [{ type: 'text', text: part.text, ...(citations.length === 0 ? {} : { citations }) }];
}

/** Those of a search stand for themselves; others count documents of a request that may have been another. */
function citationsOf(part: TextPart): AnthropicCitation[] {
  const given = metadataEntry(part, 'anthropic', 'citations');
  if (!Array.isArray(given)) return [];
  return given.flatMap((citation: unknown): AnthropicCitation[] => {
    if (!isObject(citation) || citation['type'] !== 'web_search_result_location') return [];
    const { url, title } = citation;
    const cited_text = citation['citedText'] ?? citation['cited_text'];
    const encrypted_index = citation['encryptedIndex'] ?? citation['encrypted_index'];
    if (typeof url !== 'string' || typeof cited_text !== 'string' || typeof encrypted_index !== 'string')
      return [];
    return [
      {
        type: 'web_search_result_location',
        url,
        title: typeof title === 'string' ? title : null,
        cited_text,
        encrypted_index,
      },
    ];
  });
}

function resultBlocks(
  call: Call,
  isLast: boolean,
  idOf: (call: Call) => string,
  options: AnswerOptions,
): readonly AnthropicToolResultBlock[] {
  const answer = answerOf(call, isLast, options);
  if (answer === undefined) return [];
  return [
    {
      type: 'tool_result',
      tool_use_id: idOf(call),
      content: answerText(answer),
      ...(answer.isError ? { is_error: true } : {}),
    },
  ];
}

function userBlocks(part: TextPart | FilePart): readonly Block[] {
  if (part.type === 'text') return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
  return [fileBlock(part) ?? { type: 'text', text: fileMention(part) }];
}

function fileBlock(part: FilePart): Block | undefined {
  const content = fileContentOf(part);
  if (content === undefined) return undefined;
  const mediaType = content.mediaType.toLowerCase();
  const title = part.name?.trim() ? { title: part.name } : {};
  if (mediaType.startsWith('image/')) {
    if (content.kind === 'id') return { type: 'image', source: { type: 'file', file_id: content.id } };
    if (content.kind === 'url') return { type: 'image', source: { type: 'url', url: content.url } };
    return isImageType(mediaType)
      ? { type: 'image', source: { type: 'base64', media_type: mediaType, data: content.data } }
      : undefined;
  }
  if (content.kind === 'id') {
    return { type: 'document', source: { type: 'file', file_id: content.id }, ...title };
  }
  if (mediaType === 'application/pdf') {
    return content.kind === 'url'
      ? { type: 'document', source: { type: 'url', url: content.url }, ...title }
      : { type: 'document', source: { type: 'base64', media_type: mediaType, data: content.data }, ...title };
  }
  if (!mediaType.startsWith('text/') || content.kind !== 'base64') return undefined;
  const text = new TextDecoder().decode(Uint8Array.from(atob(content.data), (char) => char.charCodeAt(0)));
  return text.trim() === ''
    ? undefined
    : { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text }, ...title };
}

function isImageType(mediaType: string): mediaType is AnthropicImageType {
  return (anthropicImageTypes as readonly string[]).includes(mediaType);
}
