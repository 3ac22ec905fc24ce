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
 * `UIMessage[]` of the AI SDK 5, 6 and 7, as `useChat` has and applications store them. An assistant's message is one step
 * for each `step-start`. Its time is `createdAt` of the message or of its metadata; parts have none.
 *
 * A call and what became of it are two parts. What has no field of its own becomes a `data` part.
 */
export function importUiMessages(messages: readonly unknown[], options: ImportOptions): ImportedChat {
  const writer = createImportedChat({ ...options, producer: 'import-ui-messages' });
  for (const given of messages) {
    const role = isFields(given) ? roles.get(given['role']) : undefined;
    if (!isFields(given) || role === undefined) {
      writer.passOver('a message that is none');
      continue;
    }
    const metadata = isFields(given['metadata']) ? given['metadata'] : {};
    const parts = Array.isArray(given['parts']) ? (given['parts'] as unknown[]) : [];
    writer.add({
      id: given['id'],
      role,
      at: timeOf(given['createdAt'] ?? metadata['createdAt'] ?? metadata['created_at']),
      steps: role === 'assistant' ? stepsOf(parts, writer) : [parts.flatMap((part) => partsOf(part, writer))],
    });
  }
  return writer.chat;
}

const roles = new Map<unknown, Role>([
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['system', 'system'],
]);

function stepsOf(parts: readonly unknown[], writer: ChatWriter): Fields[][] {
  const steps: Fields[][] = [];
  for (const part of parts) {
    if (isFields(part) && part['type'] === 'step-start') steps.push([]);
    else {
      if (steps.length === 0) steps.push([]);
      steps.at(-1)!.push(...partsOf(part, writer));
    }
  }
  return steps.length === 0 ? [[]] : steps;
}

function partsOf(part: unknown, writer: ChatWriter): Fields[] {
  const type = isFields(part) ? textOf(part['type']) : undefined;
  if (!isFields(part) || type === undefined) {
    writer.passOver('a part that is none');
    return [];
  }
  const metadata = part['providerMetadata'];
  switch (type) {
    case 'text':
    case 'reasoning':
      return [{ type, id: writer.providerIdOf(part['id']), text: textOf(part['text']) ?? '', metadata }];
    case 'source-url':
    case 'source-document':
      return [
        {
          type: 'source',
          source_type: type === 'source-url' ? 'url' : 'document',
          source_id: textOf(part['sourceId']),
          url: textOf(part['url']),
          title: textOf(part['title']),
          media_type: textOf(part['mediaType']),
          filename: textOf(part['filename']),
          metadata,
        },
      ];
    case 'file':
    case 'reasoning-file':
      return [
        {
          type: 'file',
          media_type: textOf(part['mediaType']) ?? 'application/octet-stream',
          ...contentOf(textOf(part['url']) ?? ''),
          name: textOf(part['filename']),
          ...(type === 'file' ? {} : { reasoning: true }),
          metadata,
        },
      ];
    case 'step-start':
      return [];
    default:
  }
  if (type === 'dynamic-tool' || type.startsWith('tool-')) return toolParts(part, type, writer);
  if (type.startsWith('data-')) {
    const id = writer.providerIdOf(part['id']);
    return [
      { type: 'data', name: type.slice('data-'.length), data_id: id, data: jsonOf(part['data'] ?? null) },
    ];
  }
  const { type: _type, ...data } = part;
  return [{ type: 'data', name: textOf(part['kind']) ?? type, data: jsonOf(data) }];
}

function contentOf(url: string): Fields {
  const [, data] = /^data:[^,]*;base64,(.*)$/s.exec(url) ?? [];
  return data === undefined ? { url } : { data };
}

function toolParts(part: Fields, type: string, writer: ChatWriter): Fields[] {
  const toolCallId = writer.providerIdOf(part['toolCallId']);
  if (toolCallId === undefined) {
    writer.passOver(`${type} without an id`);
    return [];
  }
  const state = part['state'];
  const toolName = providerNameOf(type === 'dynamic-tool' ? part['toolName'] : type.slice('tool-'.length));
  const providerExecuted = part['providerExecuted'] === true ? true : undefined;
  const call = {
    type: 'tool-call',
    tool_call_id: toolCallId,
    tool_name: toolName,
    ...argumentsOf(part),
    ...(state === 'input-streaming' ? { partial: true } : {}),
    approval: approvalOf(part, writer),
    provider_executed: providerExecuted,
    dynamic: type === 'dynamic-tool' ? true : undefined,
    title: textOf(part['title']),
    metadata: part['callProviderMetadata'],
  };
  if (state !== 'output-available' && state !== 'output-error') return [call];
  const isError = state === 'output-error';
  return [
    call,
    {
      type: 'tool-result',
      tool_call_id: toolCallId,
      tool_name: toolName,
      result: isError ? { error: textOf(part['errorText']) ?? '' } : jsonOf(part['output'] ?? null),
      is_error: isError ? true : undefined,
      preliminary: part['preliminary'] === true ? true : undefined,
      provider_executed: providerExecuted,
      metadata: part['resultProviderMetadata'],
    },
  ];
}

/** What could not be parsed is text, and so is what is nested too deeply for an event (`jsonOf` sees to that). */
function argumentsOf(part: Fields): Fields {
  const { input, rawInput } = part;
  if (input !== undefined) return { args: jsonOf(input) };
  const raw = textOf(rawInput);
  if (raw !== undefined)
    return { args_text: raw, invalid: part['state'] === 'output-error' ? true : undefined };
  return part['state'] === 'input-streaming' ? { args_text: '' } : { args: {} };
}

function approvalOf(part: Fields, writer: ChatWriter): Fields | undefined {
  const approval = part['approval'];
  const approvalId = isFields(approval) ? writer.providerIdOf(approval['id']) : undefined;
  if (!isFields(approval) || approvalId === undefined) return undefined;
  const { approved } = approval;
  const reason = textOf(approval['reason'] ?? approval['requestReason']);
  return {
    approval_id: approvalId,
    state: approved === undefined ? 'requested' : approved === true ? 'granted' : 'denied',
    ...(reason === undefined ? {} : { reason }),
    ...(approval['isAutomatic'] === true ? { automatic: true } : {}),
  };
}
