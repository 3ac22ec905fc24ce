import type { Role } from '@stepfold/events';
import { fieldsOf, jsonOf, listOf, metadataOf, providerNameOf, textOf } from '@stepfold/formats';
import {
  createImportedChat,
  type ChatWriter,
  type Fields,
  type ImportedChat,
  type ImportOptions,
} from './imported-chat.js';
import { fileContentOf } from './file-content.js';
import { timeOf } from './time-of.js';

/**
 * Messages of a chat of Coder, as its API gives them (and as the view `coder` does). Stamps are where Coder has them: on the
 * message, on reasoning, calls and results. Older messages have none on their parts, and get none. What else a part has stays
 * readable as its metadata `coder`. Token counts of a message have no place in the event and are passed over.
 */
export function importCoderMessages(messages: readonly unknown[], options: ImportOptions): ImportedChat {
  const writer = createImportedChat({ ...options, producer: 'import-coder' });
  for (const given of messages) {
    const message = fieldsOf(given);
    const role = roles.get(message['role']);
    if (role === undefined) {
      writer.passOver('a message that is none');
      continue;
    }
    writer.passOverFields(message, ['usage']);
    writer.add({
      id: message['id'],
      role,
      at: timeOf(message['created_at']),
      steps: [listOf(message['content']).flatMap((part) => partsOf(part, writer))],
    });
  }
  return writer.chat;
}

const roles = new Map<unknown, Role>(
  ['user', 'assistant', 'system', 'tool'].map((role) => [role, role as Role]),
);

function partsOf(given: unknown, writer: ChatWriter): readonly Fields[] {
  const { type, provider_metadata, ...fields } = fieldsOf(given);
  const attached = (more: Fields) => metadataOf(provider_metadata, { provider: 'coder', entries: more });
  switch (type) {
    case 'text': {
      const { text, ...more } = fields;
      return [{ type, text: textOf(text) ?? '', metadata: attached(more) }];
    }
    case 'reasoning': {
      const { text, created_at, completed_at, ...more } = fields;
      return [
        {
          type,
          text: textOf(text) ?? '',
          created_at: timeOf(created_at),
          completed_at: timeOf(completed_at),
          metadata: attached(more),
        },
      ];
    }
    case 'tool-call':
    case 'tool-result': {
      const { tool_call_id, tool_name, provider_executed, created_at, args, result, ...rest } = fields;
      const { is_error, is_media, ...more } = rest;
      const id = writer.providerIdOf(tool_call_id);
      if (id === undefined) {
        writer.passOver(`${type} without an id`);
        return [];
      }
      const common = {
        type,
        tool_call_id: id,
        tool_name: providerNameOf(tool_name),
        provider_executed: flag(provider_executed),
        created_at: timeOf(created_at),
        metadata: attached(more),
      };
      if (type === 'tool-call') return [{ ...common, args: args === undefined ? undefined : jsonOf(args) }];
      const flags = { is_error: flag(is_error), is_media: flag(is_media) };
      return [{ ...common, result: jsonOf(result ?? null), ...flags }];
    }
    case 'source': {
      const { source_id, url, title, ...more } = fields;
      return [
        {
          type,
          source_type: textOf(url) ? 'url' : 'document',
          source_id: textOf(source_id),
          url: textOf(url),
          title: textOf(title),
          metadata: attached(more),
        },
      ];
    }
    case 'file': {
      const { url, data, file_id, media_type, name, ...more } = fields;
      return [
        {
          type,
          media_type: textOf(media_type) ?? 'application/octet-stream',
          ...fileContentOf({ url, data, fileId: file_id }),
          name: textOf(name),
          metadata: attached(more),
        },
      ];
    }
    default: {
      const name = textOf(type);
      const { type: _type, ...data } = fieldsOf(given);
      if (name !== undefined) return [{ type: 'data', name, data: jsonOf(data) }];
      writer.passOver('a part that is none');
      return [];
    }
  }
}

function flag(given: unknown): true | undefined {
  return given === true ? true : undefined;
}
