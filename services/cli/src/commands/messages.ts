import type { Command } from 'commander';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import type { Host } from '../host.js';
import { openStore } from '../open-adapters.js';
import { parseId } from '../parse-id.js';
import { addMessagesOptions, printMessages, type MessagesOptions } from '../render/print-messages.js';
import { messagesOf } from '../store-pages.js';
import type { CommandDefinition } from './command-definition.js';

type MessagesCommandOptions = AdapterOptions & MessagesOptions;

export const messagesCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold messages my-chat' },
    { line: 'stepfold messages my-chat --as timeline', does: 'what ran when, and what at the same time' },
    { line: 'stepfold messages my-chat --json', does: 'every field, for a program' },
  ],
  configure(command: Command, host: Host) {
    command.argument('<chat>', 'id of the chat', parseId);
    addMessagesOptions(command);
    addAdapterOptions(command, host, 'store').action((chatId: string, options: MessagesCommandOptions) =>
      printStored(chatId, options, host),
    );
  },
};

async function printStored(chatId: string, options: MessagesCommandOptions, host: Host): Promise<void> {
  await using store = await openStore({ adapters: options.adapters, runtime: host.runtime });
  await printMessages(messagesOf(store, chatId), options, host, chatId);
}
