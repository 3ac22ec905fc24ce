import type { JsonValue, Metadata } from '@stepfold/events';
import type { FilePart, Message, Part } from '@stepfold/fold';
import { answerOf, answerText, argumentsOf, type AnswerOptions, type CallAnswer } from './call-answer.js';
import { createCallIds } from './call-ids.js';
import {
  chatTurns,
  clientCalls,
  type AssistantContent,
  type AssistantTurn,
  type Call,
} from './chat-turns.js';
import { fileContentOf, fileMention } from './file-content.js';

type MutableJson = string | number | boolean | null | MutableJson[] | { [key: string]: MutableJson };
type ProviderOptions = Record<string, Record<string, MutableJson>>;

interface WithOptions {
  providerOptions?: ProviderOptions;
}

export type AiSdkTextPart = { type: 'text'; text: string } & WithOptions;
export type AiSdkReasoningPart = { type: 'reasoning'; text: string } & WithOptions;
export type AiSdkFilePart = {
  type: 'file';
  data: string;
  mediaType: string;
  filename?: string;
} & WithOptions;
export type AiSdkToolCallPart = {
  type: 'tool-call';
  toolCallId: string;
  toolName: string;
  input: unknown;
  providerExecuted?: boolean;
} & WithOptions;
export type AiSdkToolResultPart = {
  type: 'tool-result';
  toolCallId: string;
  toolName: string;
  output:
    { type: 'text' | 'error-text'; value: string } | { type: 'json' | 'error-json'; value: MutableJson };
} & WithOptions;

/** A `ModelMessage` of the AI SDK 5, 6 and 7, as far as stored chats have what those can say. */
export type AiSdkMessage =
  | { role: 'user'; content: (AiSdkTextPart | AiSdkFilePart)[] }
  | {
      role: 'assistant';
      content: (
        AiSdkTextPart | AiSdkReasoningPart | AiSdkFilePart | AiSdkToolCallPart | AiSdkToolResultPart
      )[];
    }
  | { role: 'tool'; content: AiSdkToolResultPart[] };

/** What `generateText` and `streamText` take. */
export interface AiSdkRequest {
  /** Apart from the messages, where version 7 takes none. */
  system?: string;
  messages: AiSdkMessage[];
}

type AssistantPart = Extract<AiSdkMessage, { role: 'assistant' }>['content'][number];

/**
 * The request messages of a chat for the AI SDK. What providers attached (`anthropic.signature`, `openai.itemId`,
 * `openai.reasoningEncryptedContent`, `google.thoughtSignature`, …) comes back as `providerOptions` of the part that had
 * it, in the order in which the model wrote; the SDK's own adapters put it where each provider wants it.
 */
export function aiSdkRequest(steps: Iterable<Message>, options: AnswerOptions = {}): AiSdkRequest {
  const idOf = createCallIds({ lengthMax: 64 });
  const system: string[] = [];
  const messages: AiSdkMessage[] = [];
  const turns = chatTurns(steps);
  for (const turn of turns) {
    if (turn.role === 'system') system.push(turn.text);
    else if (turn.role === 'user') {
      const content = turn.content.flatMap((part) =>
        part.type === 'file'
          ? [userFile(part)]
          : part.text === ''
            ? []
            : [{ type: 'text' as const, text: part.text, ...optionsOf(part) }],
      );
      if (content.length > 0) messages.push({ role: 'user', content });
    } else messages.push(...assistantMessages(turn, turn === turns.at(-1), idOf, options));
  }
  return { ...(system.length === 0 ? {} : { system: system.join('\n\n') }), messages };
}

function assistantMessages(
  turn: AssistantTurn,
  isLast: boolean,
  idOf: (call: Call) => string,
  options: AnswerOptions,
): AiSdkMessage[] {
  const content = turn.content.flatMap((item) => assistantPart(item, idOf));
  const answers = clientCalls(turn).flatMap((call) => {
    const answer = answerOf(call, isLast, options);
    return answer === undefined ? [] : [resultPart(call, answer, idOf(call))];
  });
  return [
    ...(content.length === 0 ? [] : [{ role: 'assistant' as const, content }]),
    ...(answers.length === 0 ? [] : [{ role: 'tool' as const, content: answers }]),
  ];
}

function assistantPart(item: AssistantContent, idOf: (call: Call) => string): readonly AssistantPart[] {
  switch (item.type) {
    case 'text':
    case 'reasoning': {
      const { text } = item.part;
      const attached = optionsOf(item.part);
      // An empty block may be all that the provider wants to see again.
      return text === '' && attached.providerOptions === undefined
        ? []
        : [{ type: item.type, text, ...attached }];
    }
    case 'file': {
      const file = filePart(item.part);
      return file === undefined || item.part.reasoning === true ? [] : [file];
    }
    case 'call': {
      const { part, name, isProviderRun } = item.call;
      return [
        {
          type: 'tool-call',
          toolCallId: idOf(item.call),
          toolName: name,
          input: argumentsOf(part),
          ...(isProviderRun ? { providerExecuted: true } : {}),
          ...optionsOf(part),
        },
      ];
    }
    case 'provider-result': {
      const answer = { value: item.part.result ?? null, isError: item.part.is_error === true };
      return [resultPart(item.call, answer, idOf(item.call))];
    }
    default:
      return [];
  }
}

function resultPart(call: Call, answer: CallAnswer, toolCallId: string): AiSdkToolResultPart {
  const { value, isError } = answer;
  return {
    type: 'tool-result',
    toolCallId,
    toolName: call.name,
    output:
      typeof value === 'string'
        ? { type: isError ? 'error-text' : 'text', value: answerText(answer) }
        : { type: isError ? 'error-json' : 'json', value: mutable(value) },
    ...(call.result === undefined ? {} : optionsOf(call.result)),
  };
}

function userFile(part: FilePart): AiSdkFilePart | AiSdkTextPart {
  return filePart(part) ?? { type: 'text', text: fileMention(part) };
}

function filePart(part: FilePart): AiSdkFilePart | undefined {
  const content = fileContentOf(part);
  if (content === undefined || content.kind === 'id' || content.mediaType === '') return undefined;
  return {
    type: 'file',
    data: content.kind === 'url' ? content.url : content.data,
    mediaType: content.mediaType,
    ...(part.name === undefined ? {} : { filename: part.name }),
    ...optionsOf(part),
  };
}

/** What `ai-sdk` itself measured and noted is no option of a provider. */
function optionsOf({ metadata }: Pick<Part, 'metadata'>): WithOptions {
  const entries = Object.entries(metadata ?? {}).filter(([provider]) => provider !== 'ai-sdk');
  return entries.length === 0 ? {} : { providerOptions: Object.fromEntries(entries) as MutableMetadata };
}

/** The SDK's types are not readonly; it does not change what it is given. */
type MutableMetadata = ProviderOptions & Metadata;

function mutable(value: JsonValue): MutableJson {
  return value as MutableJson;
}
