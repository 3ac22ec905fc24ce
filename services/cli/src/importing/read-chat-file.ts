import type { Readable } from 'node:stream';
import type { Event } from '@stepfold/events';
import { runFromFileName } from '@stepfold/formats';
import {
  importCoderMessages,
  importLangGraphThread,
  importUiMessages,
  type ImportedChat,
} from '@stepfold/import';
import { UsageError } from '@stepfold/runtime';
import { fitEvent } from '../recordings/fit-event.js';
import { openInputFile } from '../recordings/input-file.js';
import { textLines } from '../recordings/text-lines.js';

/** Where chats can come from. */
export const sources = ['ui-messages', 'coder', 'langgraph'] as const;
export type Source = (typeof sources)[number];

export interface ReadChatOptions {
  readonly from: Source;
  /** Default: the chat that the messages name, else the name of the file. */
  readonly chat?: string;
  /** Microseconds: the time of messages whose own time nobody knows. */
  readonly importedAt: number;
}

export interface ReadChat extends ImportedChat {
  readonly fileName: string;
  readonly chatId: string;
}

/**
 * The chat that a file holds: one JSON value, or a message a line.
 * @throws UsageError `bad-input` naming the file, and the line where one is to blame
 */
export async function readChatFile(
  fileName: string,
  options: ReadChatOptions,
  stdin: Readable,
): Promise<ReadChat> {
  using file = await openInputFile(fileName, stdin);
  const { label } = file;
  const value = parsed([...textLines(file)], label);
  const { from, importedAt } = options;
  const messages = from === 'langgraph' ? [] : messagesOf(value, label);
  const chatId = options.chat ?? namedChat(messages) ?? runFromFileName(fileName);
  // As the publisher would send them: what is compared with what is there has to be the same.
  const to = { chatId, importedAt, fitEvent: (event: Event) => fitEvent(label, event) };
  const chat = {
    'ui-messages': () => importUiMessages(messages, to),
    coder: () => importCoderMessages(messages, to),
    langgraph: () => importLangGraphThread(value, to),
  }[from]();
  if (chat.events.length === 0) {
    throw new UsageError('bad-input', `${label} holds no message that --from ${from} knows`);
  }
  return { ...chat, fileName, chatId };
}

function parsed(lines: readonly string[], label: string): unknown {
  try {
    return JSON.parse(lines.join('\n'));
  } catch {
    return lines.flatMap((line, index) => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line) as unknown];
      } catch {
        throw new UsageError(
          'bad-input',
          `${label}, line ${index + 1}: is no JSON, and the file as a whole is none`,
        );
      }
    });
  }
}

/** A list of messages, or an object that has one: what an application stores, or an API answers. */
function messagesOf(value: unknown, label: string): readonly unknown[] {
  const { messages } = (value ?? {}) as { messages?: unknown };
  const list = Array.isArray(value) ? value : messages;
  if (Array.isArray(list)) return list;
  throw new UsageError('bad-input', `${label}: messages must be a list`);
}

/** The one chat that all messages name. */
function namedChat(messages: readonly unknown[]): string | undefined {
  const names = new Set(messages.map((message) => (message as { chat_id?: unknown } | null)?.chat_id));
  const [name] = names;
  return names.size === 1 && typeof name === 'string' ? runFromFileName(`${name}.json`) : undefined;
}
