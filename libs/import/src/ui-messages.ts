import type { Role } from '@stepfold/events';
import {
  aiSdkCallFieldsOf,
  aiSdkMetadataOf,
  aiSdkRedactionOf,
  fieldsOf,
  isEmpty,
  jsonOf,
  listOf,
  metadataOf,
  providerNameOf,
  textOf,
  uiMessageFileOf,
} from '@stepfold/formats';
import {
  createImportedChat,
  type ChatWriter,
  type Fields,
  type ImportedChat,
  type ImportOptions,
} from './imported-chat.js';
import { firstTimeOf } from './time-of.js';

/**
 * `UIMessage[]` of the AI SDK 5, 6 and 7, as `useChat` has and applications store them. An assistant's message is one step
 * for each `step-start`. Its time is `createdAt` of the message or of its metadata; parts have none.
 *
 * A call and what became of it are two parts. What the application said of a message, and what else has no field of its own,
 * becomes a `data` part, or metadata `ai-sdk`: the same as of a stream for a page.
 */
export function importUiMessages(messages: readonly unknown[], options: ImportOptions): ImportedChat {
  const writer = createImportedChat({ ...options, producer: 'import-ui-messages' });
  for (const given of messages) {
    const message = fieldsOf(given);
    const role = roles.get(message['role']);
    if (role === undefined) {
      writer.passOver('a message that is none');
      continue;
    }
    const metadata = fieldsOf(message['metadata']);
    writer.add({
      id: message['id'],
      role,
      at: firstTimeOf(
        ...[message['createdAt'], message['created_at'], metadata['createdAt'], metadata['created_at']],
      ),
      steps: stepsOf(message, role, writer),
    });
  }
  return writer.chat;
}

const roles = new Map<unknown, Role>([
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['system', 'system'],
]);

function stepsOf(message: Fields, role: Role, writer: ChatWriter): readonly Fields[][] {
  const first: Fields[] = [];
  const steps = [first];
  for (const [index, part] of listOf(message['parts']).entries()) {
    if (fieldsOf(part)['type'] !== 'step-start') steps.at(-1)!.push(...partsOf(part, writer));
    else if (role === 'assistant' && index > 0) steps.push([]);
  }
  const { metadata } = message;
  // With the first step: a message that goes on does not change it.
  if (!isEmpty(metadata)) first.push({ type: 'data', name: 'message-metadata', data: jsonOf(metadata) });
  return steps;
}

function partsOf(given: unknown, writer: ChatWriter): readonly Fields[] {
  const part = fieldsOf(given);
  const type = textOf(part['type']);
  if (type === undefined) {
    writer.passOver('a part that is none');
    return [];
  }
  const { title, citations, providerReference } = part;
  switch (type) {
    case 'text':
    case 'reasoning':
      return [
        {
          type,
          id: writer.providerIdOf(part['id']),
          text: textOf(part['text']) ?? '',
          redacted: type === 'reasoning' ? aiSdkRedactionOf(part).isRedacted : undefined,
          metadata: aiSdkMetadataOf(part, { citations }),
        },
      ];
    case 'source-url':
    case 'source-document':
      return [
        {
          type: 'source',
          source_type: type === 'source-url' ? 'url' : 'document',
          source_id: textOf(part['sourceId']),
          url: textOf(part['url']),
          title: textOf(title),
          media_type: textOf(part['mediaType']),
          filename: textOf(part['filename']),
          metadata: metadataOf(part['providerMetadata']),
        },
      ];
    case 'file':
    case 'reasoning-file': {
      const content = uiMessageFileOf(part['url']);
      if (content === undefined) {
        writer.passOver(`${type} without a URL`);
        return [];
      }
      return [
        {
          type: 'file',
          media_type: textOf(part['mediaType']) ?? 'application/octet-stream',
          ...('base64' in content ? { data: content.base64 } : content),
          name: textOf(part['filename']),
          reasoning: type === 'file' ? undefined : true,
          metadata: aiSdkMetadataOf(part, { providerReference }),
        },
      ];
    }
    default:
  }
  if (type === 'dynamic-tool' || type.startsWith('tool-')) return toolParts(part, type, writer);
  if (type.startsWith('data-')) {
    const id = writer.providerIdOf(part['id']);
    return [
      { type: 'data', name: type.slice('data-'.length), data_id: id, data: jsonOf(part['data'] ?? null) },
    ];
  }
  const { type: _type, kind, ...data } = part;
  return [
    {
      type: 'data',
      name: textOf(kind) ?? type,
      data_id: writer.providerIdOf(part['id']),
      data: jsonOf(data),
    },
  ];
}

function toolParts(part: Fields, type: string, writer: ChatWriter): readonly Fields[] {
  const toolCallId = writer.providerIdOf(part['toolCallId']);
  if (toolCallId === undefined) {
    writer.passOver(`${type} without an id`);
    return [];
  }
  const { state, callProviderMetadata, resultProviderMetadata } = part;
  const isDynamic = type === 'dynamic-tool';
  const toolName = providerNameOf(isDynamic ? part['toolName'] : type.slice('tool-'.length));
  const fields = aiSdkCallFieldsOf({ ...part, providerMetadata: callProviderMetadata });
  const providerExecuted = fields.isProviderExecuted === true ? true : undefined;
  const parts: Fields[] = [
    {
      type: 'tool-call',
      tool_call_id: toolCallId,
      tool_name: toolName,
      ...argumentsOf(part),
      approval: approvalOf(part, writer),
      provider_executed: providerExecuted,
      dynamic: isDynamic ? true : undefined,
      title: textOf(fields.title),
      parent_tool_call_id: writer.providerIdOf(fields.parentToolCallId),
      metadata: fields.metadata,
    },
    ...requestParts(part, writer),
  ];
  if (state !== 'output-available' && state !== 'output-error') return parts;
  const isError = state === 'output-error';
  parts.push({
    type: 'tool-result',
    tool_call_id: toolCallId,
    tool_name: toolName,
    result: isError ? { error: textOf(part['errorText']) ?? '' } : jsonOf(part['output'] ?? null),
    is_error: isError ? true : undefined,
    preliminary: part['preliminary'] === true ? true : undefined,
    provider_executed: providerExecuted,
    metadata: metadataOf(resultProviderMetadata),
  });
  return parts;
}

/** Of arguments that were still being written the text, where the SDK keeps it, else what it made of that. */
function argumentsOf({ state, input, rawInput }: Fields): Fields {
  const raw = textOf(rawInput);
  const args = input === undefined ? {} : { args: jsonOf(input) };
  if (state === 'input-streaming')
    return { ...(raw === undefined ? args : { args_text: raw }), partial: true };
  if (input !== undefined) return args;
  // What could not be parsed is the text that it was.
  return raw === undefined ? { args: {} } : { args_text: raw, invalid: true };
}

function approvalOf(part: Fields, writer: ChatWriter): Fields | undefined {
  const approval = fieldsOf(part['approval']);
  const approvalId = writer.providerIdOf(approval['id']);
  if (approvalId === undefined) return undefined;
  const { approved } = approval;
  const reason = textOf(approved === undefined ? approval['requestReason'] : approval['reason']);
  return {
    approval_id: approvalId,
    state: approved === undefined ? 'requested' : approved === true ? 'granted' : 'denied',
    ...(reason === undefined ? {} : { reason }),
    ...(approval['isAutomatic'] === true ? { automatic: true } : {}),
  };
}

/** Whoever answers must send it back (a signature), and an approval has no field for it. Its names are those of the stream. */
function requestParts(part: Fields, writer: ChatWriter): readonly Fields[] {
  const { id, signature, descriptor, inputSchemaInput } = fieldsOf(part['approval']);
  const approvalId = writer.providerIdOf(id);
  const more = Object.entries({ signature, approvalDescriptor: descriptor, inputSchemaInput });
  const present = more.filter(([, value]) => value !== undefined);
  if (approvalId === undefined || present.length === 0) return [];
  const data = { toolCallId: part['toolCallId'], approvalId: id, ...Object.fromEntries(present) };
  return [{ type: 'data', name: 'tool-approval-request', data_id: approvalId, data: jsonOf(data) }];
}
