import { Option, type Command } from 'commander';
import { messageToJson, type Message } from '@stepfold/fold';
import type { Host } from '../host.js';
import { addJsonOption, type JsonOptions } from './output-options.js';
import { renderChat } from './render-chat.js';
import { writeJsonArray } from './write-json.js';

/** How messages are printed: as JSON in the shape of a view, or for a person. */
export interface MessagesOptions extends JsonOptions {
  readonly view: ViewName;
}

const views = ['native'] as const;
type ViewName = (typeof views)[number];

export function addMessagesOptions(command: Command): Command {
  command.addOption(new Option('--view <view>', 'shape of the messages').choices(views).default('native'));
  return addJsonOption(command);
}

type Messages = Iterable<Message> | AsyncIterable<Message>;

/**
 * Prints messages in their order. For a person each chat has a part of its own, and `chatId` is named even
 * if it has no message.
 */
export async function printMessages(
  messages: Messages,
  options: MessagesOptions,
  host: Host,
  chatId?: string,
): Promise<void> {
  if (options.json === true) return await writeJsonArray(host.stdout, asJson(messages));
  const chats = new Map<string, Message[]>(chatId === undefined ? [] : [[chatId, []]]);
  for await (const message of messages) {
    const chat = chats.get(message.chat_id);
    if (chat === undefined) chats.set(message.chat_id, [message]);
    else chat.push(message);
  }
  let separator = '';
  for (const [id, ofChat] of chats) {
    await host.stdout.write(`${separator}${renderChat(id, ofChat)}`);
    separator = '\n';
  }
}

/** Messages in their JSON form (contract/message.md). */
async function* asJson(messages: Messages): AsyncGenerator<unknown, void, undefined> {
  for await (const message of messages) yield messageToJson(message);
}
