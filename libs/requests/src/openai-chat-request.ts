import type { JsonValue } from '@stepfold/events';
import type { FilePart, Message } from '@stepfold/fold';
import { answerOf, answerText, argumentsOf, type AnswerOptions } from './call-answer.js';
import { createCallIds, plainName } from './call-ids.js';
import { chatTurns, clientCalls, type AssistantTurn, type Call, type UserTurn } from './chat-turns.js';
import { dataUrl, fileContentOf, fileMention } from './file-content.js';
import { metadataEntry, metadataText } from './metadata-entry.js';

export type ChatUserContent =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string } }
  | { type: 'input_audio'; input_audio: { data: string; format: 'wav' | 'mp3' } }
  | { type: 'file'; file: { file_data: string; filename: string } | { file_id: string } };

export type ChatToolCall = { id: string } & (
  | { type: 'function'; function: { name: string; arguments: string } }
  | { type: 'custom'; custom: { name: string; input: string } }
) & {
    /** `google` only. */
    extra_content?: { google: { thought_signature: string } };
  };

export interface ChatAssistantMessage {
  role: 'assistant';
  /** Null only beside calls. */
  content: string | null;
  tool_calls?: ChatToolCall[];
  /** `deepseek` only. */
  reasoning_content?: string;
  /** `openrouter` only. */
  reasoning_details?: JsonValue[];
}

/** A message of Chat Completions. */
export type ChatMessage =
  | { role: 'system'; content: string }
  | { role: 'user'; content: string | ChatUserContent[] }
  | ChatAssistantMessage
  | { role: 'tool'; tool_call_id: string; content: string };

export interface ChatRequest {
  messages: ChatMessage[];
}

export interface ChatRequestOptions extends AnswerOptions {
  /**
   * Who answers, where that needs what OpenAI does not know: `deepseek` (and Kimi, Qwen, vLLM) its reasoning as
   * `reasoning_content`, `openrouter` its `reasoning_details`, `google` the signatures of its calls.
   */
  readonly dialect?: 'openai' | 'deepseek' | 'openrouter' | 'google';
}

/** Ids of Chat Completions are shorter than those of the Responses API. */
const CALL_ID_LENGTH_MAX = 40;
const NAME_LENGTH_MAX = 64;

/**
 * The request of a chat for Chat Completions, of OpenAI or of a service that speaks it: arguments are text that is JSON, each
 * call has a `tool` message of its own right behind the message that made it, and an answer is one text. What a provider's
 * own tools did is left out: this API has no word for it.
 */
export function openaiChatRequest(steps: Iterable<Message>, options: ChatRequestOptions = {}): ChatRequest {
  const idOf = createCallIds({ lengthMax: CALL_ID_LENGTH_MAX });
  const messages: ChatMessage[] = [];
  const turns = chatTurns(steps);
  for (const turn of turns) {
    if (turn.role === 'system') messages.push({ role: 'system', content: turn.text });
    else if (turn.role === 'user') messages.push(...userMessages(turn));
    else {
      const message = assistantMessage(turn, idOf, options);
      if (message === undefined) continue;
      messages.push(message);
      const isLast = turn === turns.at(-1);
      for (const call of clientCalls(turn)) {
        const answer = answerOf(call, isLast, options);
        if (answer === undefined) continue;
        messages.push({ role: 'tool', tool_call_id: idOf(call), content: answerText(answer) });
      }
    }
  }
  return { messages };
}

function assistantMessage(
  turn: AssistantTurn,
  idOf: (call: Call) => string,
  { dialect = 'openai' }: ChatRequestOptions,
): ChatAssistantMessage | undefined {
  // Pieces of one answer: some providers cut it at each citation.
  const content = turn.content.flatMap((item) => (item.type === 'text' ? [item.part.text] : [])).join('');
  const calls = clientCalls(turn).map((call) => toolCall(call, idOf(call), dialect));
  if (content === '' && calls.length === 0) return undefined;
  return {
    role: 'assistant',
    content: content === '' ? null : content,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...reasoningOf(turn, dialect),
  };
}

function toolCall(call: Call, id: string, dialect: ChatRequestOptions['dialect']): ChatToolCall {
  const { part } = call;
  const name = plainName(call.name, NAME_LENGTH_MAX);
  const signature = dialect === 'google' ? metadataText(part, 'google', 'thoughtSignature') : undefined;
  const extra =
    signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
  // Free text is the input of a custom tool, which only OpenAI has.
  if (typeof part.args === 'string' && dialect === 'openai') {
    return { id, type: 'custom', custom: { name, input: part.args } };
  }
  return { id, type: 'function', function: { name, arguments: JSON.stringify(argumentsOf(part)) }, ...extra };
}

function reasoningOf(
  turn: AssistantTurn,
  dialect: ChatRequestOptions['dialect'],
): Pick<ChatAssistantMessage, 'reasoning_content' | 'reasoning_details'> {
  const parts = turn.content.flatMap((item) => (item.type === 'reasoning' ? [item.part] : []));
  if (dialect === 'deepseek') {
    const text = parts.map((part) => part.text).join('');
    return text === '' ? {} : { reasoning_content: text };
  }
  if (dialect !== 'openrouter') return {};
  const details = parts.flatMap((part): JsonValue[] => {
    const given = metadataEntry(part, 'openrouter', 'reasoning_details');
    return Array.isArray(given) ? (given as JsonValue[]) : [];
  });
  return details.length === 0 ? {} : { reasoning_details: details };
}

function userMessages({ content }: UserTurn): readonly ChatMessage[] {
  const parts = content.flatMap((part): ChatUserContent[] => {
    if (part.type === 'text') return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    return [filePart(part) ?? { type: 'text', text: fileMention(part) }];
  });
  if (parts.length === 0) return [];
  const [only] = parts;
  // Many services take nothing but text where there is nothing else.
  return [{ role: 'user', content: parts.length === 1 && only?.type === 'text' ? only.text : parts }];
}

function filePart(part: FilePart): ChatUserContent | undefined {
  const content = fileContentOf(part);
  if (content === undefined) return undefined;
  const mediaType = content.mediaType.toLowerCase();
  if (content.kind === 'id') return { type: 'file', file: { file_id: content.id } };
  if (mediaType.startsWith('image/')) {
    return {
      type: 'image_url',
      image_url: { url: content.kind === 'url' ? content.url : dataUrl(content) },
    };
  }
  if (content.kind === 'url') return undefined;
  const format = audioFormats[mediaType];
  if (format !== undefined) return { type: 'input_audio', input_audio: { data: content.data, format } };
  return { type: 'file', file: { file_data: dataUrl(content), filename: part.name?.trim() || 'file' } };
}

const audioFormats: Readonly<Record<string, 'wav' | 'mp3' | undefined>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
};
