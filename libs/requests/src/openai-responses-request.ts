import type { FilePart, Message, Part, ReasoningPart, TextPart } from '@stepfold/fold';
import { answerOf, answerText, argumentsOf, type AnswerOptions } from './call-answer.js';
import { createCallIds, plainName } from './call-ids.js';
import { chatTurns, clientCalls, type AssistantTurn, type Call, type UserTurn } from './chat-turns.js';
import { dataUrl, fileContentOf, fileMention } from './file-content.js';
import { isObject, metadataEntry, metadataText } from './metadata-entry.js';
import {
  clientToolItem,
  clientToolOutput,
  responsesProviders as providers,
} from './responses-client-tools.js';
import type {
  ResponsesCall,
  ResponsesCaller,
  ResponsesCallOutput,
  ResponsesClientCall,
  ResponsesClientOutput,
  ResponsesInputItem,
  ResponsesOutputMessage,
  ResponsesPhase,
  ResponsesReasoning,
  ResponsesUserContent,
} from './responses-items.js';

export interface ResponsesRequest {
  input: ResponsesInputItem[];
}

export interface ResponsesRequestOptions extends AnswerOptions {
  /**
   * Whether the API keeps responses (`store`, which it does by default). With false nothing is named that it would have
   * to remember: no ids but those of reasoning that comes with its encrypted content, and nothing of its own tools.
   */
  readonly store?: boolean;
}

const CALL_ID_LENGTH_MAX = 64;
const NAME_LENGTH_MAX = 64;

/**
 * The request of a chat for the Responses API:
 *
 * 1. Reasoning comes back as the item that it was, before the item that followed it, and is left out where none does: the
 *    API refuses one without the other. So do ids of items behind reasoning that is left out.
 * 2. Ids are named only if the response was kept and is whole, each once, and only if they are of the kind that the API
 *    gives to such items: other services number their own way.
 * 3. Each call has its output behind the turn, under one `call_id`. A call with free text is a custom tool's.
 * 4. What the API's own tools did is a reference to their items, if these are kept, or left out.
 */
export function openaiResponsesRequest(
  steps: Iterable<Message>,
  options: ResponsesRequestOptions = {},
): ResponsesRequest {
  const idOf = createCallIds({ lengthMax: CALL_ID_LENGTH_MAX });
  const usedIds = new Set<string>();
  const input: ResponsesInputItem[] = [];
  const turns = chatTurns(steps);
  for (const turn of turns) {
    if (turn.role === 'system') input.push({ role: 'system', content: turn.text });
    else if (turn.role === 'user') {
      const content = userContent(turn);
      if (content.length > 0) input.push({ role: 'user', content });
    } else {
      const isKept = options.store !== false && turn.step.status === 'complete';
      const items = turnItems(turn, isKept, idOf, usedIds);
      input.push(...items.filter((_item, index) => !isLeftAlone(items, index)));
      const isLast = turn === turns.at(-1);
      input.push(...clientCalls(turn).flatMap((call) => outputsOf(call, isLast, idOf, items, options)));
    }
  }
  return { input };
}

/** Rule 1: nothing but reasoning follows it in its turn. */
function isLeftAlone(items: readonly ResponsesInputItem[], index: number): boolean {
  return items.slice(index).every((item) => 'type' in item && item.type === 'reasoning');
}

function turnItems(
  turn: AssistantTurn,
  isKept: boolean,
  idOf: (call: Call) => string,
  usedIds: Set<string>,
): readonly ResponsesInputItem[] {
  const items: ResponsesInputItem[] = [];
  const reasoning = new Map<string, ResponsesReasoning | undefined>();
  let message: ResponsesOutputMessage | undefined;
  // Behind reasoning that is left out no item can be named.
  let namesItems = isKept;

  /** An id that may be named here, for the first time in the request. */
  function nameOf(part: Pick<Part, 'metadata'>, kind: RegExp): string | undefined {
    const id = metadataText(part, providers, 'itemId');
    if (!namesItems || id === undefined || !kind.test(id) || usedIds.has(id)) return undefined;
    usedIds.add(id);
    return id;
  }

  function addReasoning(part: ReasoningPart): void {
    const id = metadataText(part, providers, 'itemId');
    if (id === undefined) return;
    if (!reasoning.has(id)) {
      const isNew = id.startsWith('rs_') && !usedIds.has(id);
      const item = isNew ? startReasoning(turn, id, isKept && namesItems) : undefined;
      reasoning.set(id, item);
      if (item === undefined) namesItems = false;
      else {
        usedIds.add(id);
        items.push(item);
      }
    }
    if (part.text !== '') reasoning.get(id)?.summary.push({ type: 'summary_text', text: part.text });
  }

  function addText(part: TextPart): void {
    if (part.text === '') return;
    const itemId = metadataText(part, providers, 'itemId');
    const isRefusal = metadataEntry(part, providers, 'refusal') === true;
    const content = isRefusal
      ? ({ type: 'refusal', refusal: part.text } as const)
      : ({
          type: 'output_text',
          text: part.text,
          annotations: [],
        } satisfies ResponsesOutputMessage['content'][0]);
    if (message !== undefined && message === items.at(-1) && message.id === itemId) {
      message.content.push(content);
      return;
    }
    const id = nameOf(part, /^msg_/);
    if (id === undefined) items.push({ role: 'assistant', content: part.text, ...phaseOf(part) });
    else {
      message = {
        type: 'message',
        id,
        role: 'assistant',
        status: 'completed',
        content: [content],
        ...phaseOf(part),
      };
      items.push(message);
    }
  }

  function addCall(call: Call): void {
    const { part } = call;
    const known = clientToolItem(call, idOf(call));
    if (known !== undefined) {
      const id = nameOf(part, /^(sh|apc)_/);
      items.push({ ...known, ...(id === undefined ? {} : { id }) });
      return;
    }
    const namespace = metadataText(part, providers, 'namespace');
    const caller = namesItems ? callerOf(part) : undefined;
    const custom = typeof part.args === 'string' ? part.args : undefined;
    const id = nameOf(part, custom === undefined ? /^fc_/ : /^ctc_/);
    const fields = {
      call_id: idOf(call),
      name: plainName(call.name, NAME_LENGTH_MAX),
      ...(id === undefined ? {} : { id }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(caller === undefined ? {} : { caller }),
    };
    items.push(
      custom === undefined
        ? { type: 'function_call', ...fields, arguments: JSON.stringify(argumentsOf(part)) }
        : { type: 'custom_tool_call', ...fields, input: custom },
    );
  }

  for (const content of turn.content) {
    switch (content.type) {
      case 'reasoning':
        addReasoning(content.part);
        break;
      case 'text':
        addText(content.part);
        break;
      case 'call':
        if (!content.call.isProviderRun) addCall(content.call);
        else addReference(content.call.part);
        break;
      case 'provider-result':
        addReference(content.part);
        break;
      case 'data':
        if (content.part.name === 'openai.compaction') items.push(...compactionItems(content.part.data));
        break;
      default:
    }
  }
  return items;

  function addReference(part: Pick<Part, 'metadata'>): void {
    const id = nameOf(part, /^[a-z]+_/);
    if (id !== undefined) items.push({ type: 'item_reference', id });
  }
}

/** The item of some reasoning, if it can be named: because the API has kept it, or has what it encrypted. */
function startReasoning(turn: AssistantTurn, id: string, isKept: boolean): ResponsesReasoning | undefined {
  const parts = turn.content.flatMap((content) =>
    content.type === 'reasoning' && metadataText(content.part, providers, 'itemId') === id
      ? [content.part]
      : [],
  );
  const encrypted = parts
    .map((part) => metadataText(part, providers, 'reasoningEncryptedContent'))
    .findLast((content) => content !== undefined);
  if (encrypted === undefined && !isKept) return undefined;
  return {
    type: 'reasoning',
    id,
    summary: [],
    ...(encrypted === undefined ? {} : { encrypted_content: encrypted }),
  };
}

function phaseOf(part: TextPart): { phase?: ResponsesPhase } {
  const phase = metadataText(part, providers, 'phase');
  return phase === 'commentary' || phase === 'final_answer' ? { phase } : {};
}

/** The program that made a call is an item of the API's own, which a request can only refer to. */
function callerOf(part: Pick<Part, 'metadata'>): ResponsesCaller | undefined {
  const caller = metadataEntry(part, providers, 'caller');
  if (!isObject(caller)) return undefined;
  const id = caller['callerId'] ?? caller['caller_id'];
  return caller['type'] === 'program' && typeof id === 'string'
    ? { type: 'program', caller_id: id }
    : undefined;
}

function compactionItems(data: unknown): readonly ResponsesInputItem[] {
  if (!isObject(data) || typeof data['encrypted_content'] !== 'string') return [];
  return [{ type: 'compaction', encrypted_content: data['encrypted_content'] }];
}

function outputsOf(
  call: Call,
  isLast: boolean,
  idOf: (call: Call) => string,
  items: readonly ResponsesInputItem[],
  options: AnswerOptions,
): readonly (ResponsesCallOutput | ResponsesClientOutput)[] {
  const answer = answerOf(call, isLast, options);
  if (answer === undefined) return [];
  const call_id = idOf(call);
  const asked = items.find(
    (item): item is ResponsesCall | ResponsesClientCall => 'call_id' in item && item.call_id === call_id,
  );
  if (asked?.type === 'shell_call' || asked?.type === 'apply_patch_call') {
    return [clientToolOutput(asked, answer)];
  }
  return [
    {
      type: asked?.type === 'custom_tool_call' ? 'custom_tool_call_output' : 'function_call_output',
      call_id,
      output: answerText(answer),
      ...(asked?.caller === undefined ? {} : { caller: asked.caller }),
    },
  ];
}

function userContent({ content }: UserTurn): ResponsesUserContent[] {
  return content.flatMap((part): ResponsesUserContent[] => {
    if (part.type === 'text') return part.text === '' ? [] : [{ type: 'input_text', text: part.text }];
    return [fileContent(part) ?? { type: 'input_text', text: fileMention(part) }];
  });
}

function fileContent(part: FilePart): ResponsesUserContent | undefined {
  const content = fileContentOf(part);
  if (content === undefined) return undefined;
  const isImage = content.mediaType.toLowerCase().startsWith('image/');
  if (content.kind === 'id') {
    return isImage
      ? { type: 'input_image', detail: 'auto', file_id: content.id }
      : { type: 'input_file', file_id: content.id };
  }
  if (isImage) {
    return {
      type: 'input_image',
      detail: 'auto',
      image_url: content.kind === 'url' ? content.url : dataUrl(content),
    };
  }
  return content.kind === 'url'
    ? { type: 'input_file', file_url: content.url }
    : { type: 'input_file', file_data: dataUrl(content), filename: part.name?.trim() || 'file' };
}
