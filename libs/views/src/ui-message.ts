import type { JsonObject, JsonValue } from '@stepfold/events';
import { importedMessageId, withoutUnknownTimes, type Message, type Part } from '@stepfold/fold';
import { uiCallsOf, type UiCalls } from './ui-message-calls.js';
import { uiCallMetadata, uiPartMetadata, uiStepMetadata, uiUsage } from './ui-message-metadata.js';
import { ownEntry, present, uiBlock, uiData, uiFile, uiSource, type UiPart } from './ui-message-part.js';
import { uiOrphanResult, uiTool } from './ui-message-tool.js';

/** A `UIMessage` of the AI SDK, versions 5, 6 and 7. */
export interface UiMessage {
  /** Unique in the chat: what the application called it, else the run, else the (first) step. */
  readonly id: string;
  readonly role: 'system' | 'user' | 'assistant';
  /** What the application said of the message, and `stepfold`: what the SDK does not keep. */
  readonly metadata: JsonObject;
  readonly parts: readonly UiPart[];
}

/**
 * The messages of one chat, in its order, as the AI SDK would have them: the steps of a run are one assistant message, and
 * what became of a call stands in the part of the call, wherever in the chat it was told. `README.md` lists what differs.
 */
export function uiMessages(chat: Iterable<Message>): UiMessage[] {
  const importedIds = new Map<Message, string>();
  const messages = Array.from(chat, (stored) => {
    const message = withoutUnknownTimes(stored);
    const id = importedMessageId(stored);
    if (id !== undefined) importedIds.set(message, id);
    return message;
  });
  const calls = uiCallsOf(messages);
  const ids = new Set<string>();
  return groupsOf(messages, calls, importedIds).map((group) => uiMessage(group, calls, ids, importedIds));
}

/** Steps that are one message. */
function groupsOf(
  messages: readonly Message[],
  { told }: UiCalls,
  importedIds: ReadonlyMap<Message, string>,
): Message[][] {
  const groups: Message[][] = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (last !== undefined && isOfSameMessage(last, message, importedIds)) last.push(message);
    else if (hasOwnParts(message, told)) groups.push([message]);
  }
  return groups;
}

/** Answers of tools and people stand with their calls. Only an answer of the model may have nothing yet. */
function hasOwnParts({ role, parts }: Message, told: ReadonlySet<Part>): boolean {
  if (parts.length === 0) return role === 'assistant';
  return parts.some((part) => !told.has(part));
}

/** What the application called a message says more than its run: several may be in one, and one in several. */
function isOfSameMessage(
  group: readonly Message[],
  message: Message,
  importedIds: ReadonlyMap<Message, string>,
): boolean {
  const [first] = group;
  if (first?.role !== 'assistant' || message.role !== 'assistant') return false;
  const importedId = importedIds.get(message);
  if (importedId !== undefined) return importedId === importedIds.get(first);
  const name = ownEntry(message.metadata, 'messageId');
  if (name !== undefined) return name === ownEntry(first.metadata, 'messageId');
  return message.run_id !== undefined && message.run_id === group.at(-1)?.run_id;
}

interface Shown {
  readonly part: UiPart;
  readonly metadata: JsonObject;
}

function uiMessage(
  group: readonly Message[],
  calls: UiCalls,
  ids: Set<string>,
  importedIds: ReadonlyMap<Message, string>,
): UiMessage {
  const first = group[0] as Message;
  const role = first.role === 'tool' ? 'assistant' : first.role;
  const shown = group.flatMap((message): Shown[] => {
    const isOpen = message.status === 'open';
    const parts = message.parts.flatMap((part) => shownPart(part, isOpen, calls));
    return role === 'assistant' ? [{ part: { type: 'step-start' }, metadata: {} }, ...parts] : parts;
  });
  return {
    id: uniqueId(first, ids, importedIds.get(first)),
    role,
    metadata: {
      ...applicationMetadata(group),
      stepfold: {
        chat_id: first.chat_id,
        ...present('run_id', first.run_id),
        ...present('usage', uiUsage(group) as JsonObject | undefined),
        steps: group.map(uiStepMetadata),
        parts: shown.map(({ metadata }) => metadata),
      },
    },
    parts: shown.map(({ part }) => part),
  };
}

function shownPart(part: Part, isOpen: boolean, { calls, told }: UiCalls): Shown[] {
  if (told.has(part)) return [];
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return [{ part: uiBlock(part, isOpen), metadata: uiPartMetadata(part) }];
    case 'source':
      return [{ part: uiSource(part), metadata: uiPartMetadata(part) }];
    case 'file':
      return [{ part: uiFile(part), metadata: uiPartMetadata(part) }];
    case 'data':
      if (part.name === 'message-metadata') return [];
      return [{ part: uiData(part), metadata: uiPartMetadata(part) }];
    case 'tool-call': {
      const call = calls.get(part);
      if (call === undefined) return [];
      return [{ part: uiTool(call, isOpen), metadata: uiCallMetadata(call) }];
    }
    case 'tool-result':
      return [{ part: uiOrphanResult(part), metadata: uiPartMetadata(part) }];
    case 'tool-approval': {
      const { type, tool_call_id, approval_id, state, reason } = part;
      const data = { toolCallId: tool_call_id, approvalId: approval_id, state, ...present('reason', reason) };
      return [{ part: { type: `data-${type}`, data }, metadata: uiPartMetadata(part) }];
    }
  }
}

/** What the application said in `messageMetadata`, laid over one another as the SDK does. */
function applicationMetadata(group: readonly Message[]): JsonObject {
  let metadata: JsonObject = {};
  for (const message of group) {
    const ofCutOff = message.parts.find((part) => part.type === 'data' && part.name === 'message-metadata');
    const said = [
      ownEntry(message.metadata, 'messageMetadata'),
      ofCutOff?.type === 'data' ? ofCutOff.data : undefined,
    ];
    for (const value of said) if (isObject(value)) metadata = laidOver(metadata, value);
  }
  return metadata;
}

function laidOver(under: JsonObject, over: JsonObject): JsonObject {
  const entries = Object.entries(over).map(([key, value]): [string, JsonValue] => {
    const former = Object.hasOwn(under, key) ? under[key] : undefined;
    return [key, isObject(former) && isObject(value) ? laidOver(former, value) : value];
  });
  return { ...under, ...Object.fromEntries(entries) };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A run is one message, but for a run that a message of somebody else parted. */
function uniqueId(first: Message, ids: Set<string>, importedId: string | undefined): string {
  const given = importedId ?? ownEntry(first.metadata, 'messageId');
  const names = [typeof given === 'string' && given !== '' ? given : undefined, first.run_id, first.step_id];
  let id = names.find((name) => name !== undefined && !ids.has(name)) ?? first.step_id;
  while (ids.has(id)) id += '~';
  ids.add(id);
  return id;
}
