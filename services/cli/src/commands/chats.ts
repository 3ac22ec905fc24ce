import type { Command } from 'commander';
import { formatStamp } from '@stepfold/events';
import type { ChatSummary } from '@stepfold/message-store';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import type { Host } from '../host.js';
import { openStore } from '../open-adapters.js';
import { writeJsonArray } from '../render/write-json.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { createChatLines } from '../render/render-chats.js';
import { screenOf } from '../render/screen.js';
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
  const lines = createChatLines(host.runtime.nowMicros(), screenOf(host));
  let count = 0;
  for await (const chat of chatsOf(store)) {
    if (count++ === 0) await host.stdout.write(`${lines.head}\n`);
    await host.stdout.write(`${lines.line(chat)}\n`);
  }
  if (count === 0) await host.stdout.write('no chats are stored\n');
}

async function* asJson(chats: AsyncIterable<ChatSummary>): AsyncGenerator<unknown, void, undefined> {
  for await (const { chat_id, created_at, updated_at, status } of chats) {
    yield { chat_id, created_at: formatStamp(created_at), updated_at: formatStamp(updated_at), status };
  }
}
