import type { Command } from 'commander';
import type { Message } from '@stepfold/fold';
import { messageToJson } from '@stepfold/fold';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import type { Host } from '../host.js';
import { openStore } from '../open-adapters.js';
import { parseId } from '../parse-id.js';
import { renderChat } from '../render/render-chat.js';
import { writeJsonArray } from '../render/write-json.js';
import { addJsonOption, addViewOption, type JsonOptions } from '../render/output-options.js';
import { messagesOf } from '../store-pages.js';
import type { CommandDefinition } from './command-definition.js';

type MessagesOptions = AdapterOptions & JsonOptions;

export const messagesCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold messages my-chat' },
    { line: 'stepfold messages my-chat --json', does: 'every field, for a program' },
  ],
  configure(command: Command, host: Host) {
    command.argument('<chat>', 'id of the chat', parseId);
    addViewOption(command);
    addAdapterOptions(command, host, 'store');
    addJsonOption(command).action((chatId: string, options: MessagesOptions) =>
      printMessages(chatId, options, host),
    );
  },
};

async function printMessages(chatId: string, options: MessagesOptions, host: Host): Promise<void> {
  await using store = await openStore({ adapters: options.adapters, runtime: host.runtime });
  if (options.json === true) return await writeJsonArray(host.stdout, asJson(messagesOf(store, chatId)));
  const messages: Message[] = [];
  for await (const message of messagesOf(store, chatId)) messages.push(message);
  await host.stdout.write(renderChat(chatId, messages));
}

async function* asJson(messages: AsyncIterable<Message>): AsyncGenerator<unknown, void, undefined> {
  for await (const message of messages) yield messageToJson(message);
}
