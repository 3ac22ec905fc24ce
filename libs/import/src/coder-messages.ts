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
 * Messages of a chat of Coder, as its API gives them (and as the view `coder` does). Stamps are where Coder has them: on the
 * message, on reasoning, calls and results. Older messages have none on their parts, and get none. Token counts of a message have no place in
 * the event and are passed over.
 */
export function importCoderMessages(messages: readonly unknown[], options: ImportOptions): ImportedChat {
  const writer = createImportedChat({ ...options, producer: 'import-coder' });
  for (const given of messages) {
    const role = isFields(given) ? roles.get(given['role']) : undefined;
    if (!isFields(given) || role === undefined) {
      writer.passOver('a message that is none');
      continue;
    }
    const content = Array.isArray(given['content']) ? (given['content'] as unknown[]) : [];
    if (given['usage'] !== undefined) writer.passOver('usage');
    writer.add({
      id: given['id'],
      role,
      at: timeOf(given['created_at']),
      steps: [content.flatMap((part) => partsOf(part, writer))],
    });
  }
  return writer.chat;
}

const roles = new Map<unknown, Role>(
  ['user', 'assistant', 'system', 'tool'].map((role) => [role, role as Role]),
);

function partsOf(part: unknown, writer: ChatWriter): Fields[] {
  if (!isFields(part)) {
    writer.passOver('a part that is none');
    return [];
  }
  const created_at = timeOf(part['created_at']);
  const flag = (name: string): true | undefined => (part[name] === true ? true : undefined);
  switch (part['type']) {
    case 'text':
      return [{ type: 'text', text: textOf(part['text']) ?? '' }];
    case 'reasoning':
      return [
        {
          type: 'reasoning',
          text: textOf(part['text']) ?? '',
          created_at,
          completed_at: timeOf(part['completed_at']),
        },
      ];
    case 'tool-call':
    case 'tool-result': {
      const type = part['type'];
      const tool_call_id = writer.providerIdOf(part['tool_call_id']);
      if (tool_call_id === undefined) {
        writer.passOver(`${type} without an id`);
        return [];
      }
      const common = {
        type,
        tool_call_id,
        tool_name: providerNameOf(part['tool_name']),
        provider_executed: flag('provider_executed'),
        created_at,
      };
      if (type === 'tool-call')
        return [{ ...common, args: part['args'] === undefined ? undefined : jsonOf(part['args']) }];
      const flags = { is_error: flag('is_error'), is_media: flag('is_media') };
      return [{ ...common, result: jsonOf(part['result'] ?? null), ...flags }];
    }
    case 'source':
      return [
        {
          type: 'source',
          source_type: textOf(part['url']) ? 'url' : 'document',
          source_id: textOf(part['source_id']),
          url: textOf(part['url']),
          title: textOf(part['title']),
        },
      ];
    case 'file': {
      const url = textOf(part['url']);
      const [, data] = /^data:[^,]*;base64,(.*)$/s.exec(url ?? '') ?? [];
      const file_id = textOf(part['file_id']);
      const content = data === undefined ? { url } : { data };
      const media_type = textOf(part['media_type']) ?? 'application/octet-stream';
      return [{ type: 'file', media_type, ...content, file_id, name: textOf(part['name']) }];
    }
    default: {
      const { type, ...data } = part;
      return [{ type: 'data', name: textOf(type) ?? 'part', data: jsonOf(data) }];
    }
  }
}
