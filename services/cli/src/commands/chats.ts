import type { Command } from 'commander';
import { formatStamp } from '@stepfold/events';
import type { ChatSummary } from '@stepfold/message-store';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import type { Host } from '../host.js';
import { openStore } from '../open-adapters.js';
import { cutText } from '../render/plain-text.js';
import { writeJsonArray } from '../render/write-json.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { chatsOf } from '../store-pages.js';
import type { CommandDefinition } from './command-definition.js';

type ChatsOptions = AdapterOptions & JsonOptions;

export const chatsCommand: CommandDefinition = {
  examples: [{ line: 'stepfold chats' }],
  configure(command: Command, host: Host) {
    addJsonOption(command);
    addAdapterOptions(command, host, 'store').action((options: ChatsOptions) => printChats(options, host));
  },
};

async function printChats(options: ChatsOptions, host: Host): Promise<void> {
  await using store = await openStore({ adapters: options.adapters, runtime: host.runtime });
  if (options.json === true) return await writeJsonArray(host.stdout, asJson(chatsOf(store)));
  let count = 0;
  for await (const { chat_id, updated_at, status } of chatsOf(store)) {
    count++;
    const time = formatStamp(updated_at).replace('T', ' ').slice(0, 19);
    await host.stdout.write(`${cutText(`${time}  ${status.padEnd(11)}  ${chat_id}`, 80)}\n`);
  }
  if (count === 0) await host.stdout.write('no chats are stored\n');
}

async function* asJson(chats: AsyncIterable<ChatSummary>): AsyncGenerator<unknown, void, undefined> {
  for await (const { chat_id, created_at, updated_at, status } of chats) {
    yield { chat_id, created_at: formatStamp(created_at), updated_at: formatStamp(updated_at), status };
  }
}
