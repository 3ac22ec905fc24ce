import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { foldChat, partitionOfChat } from '@stepfold/audit';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGenerationOfStore } from '../check-generation.js';
import { defined } from '../defined.js';
import type { Host } from '../host.js';
import { openLog } from '../open-adapters.js';
import { parseId } from '../parse-id.js';
import { addUntilOptions, checkUntilOptions, untilOf, type UntilOptions } from '../parse-until.js';
import { addMessagesOptions, printMessages, type MessagesOptions } from '../render/print-messages.js';
import type { CommandDefinition } from './command-definition.js';

interface ReplayOptions extends AdapterOptions, UntilOptions, MessagesOptions {
  readonly step?: string;
}

export const replayCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold replay my-chat', does: 'fold the chat again, from its events' },
    { line: 'stepfold replay my-chat --until 2026-04-10T12:00:01.5Z', does: 'as it stood at a time' },
    { line: 'stepfold replay my-chat --until-offset 20 --json' },
  ],
  configure(command: Command, host: Host) {
    command.argument('<chat>', 'id of the chat', parseId).option('--step <step>', 'only this step', parseId);
    addUntilOptions(command);
    addMessagesOptions(command);
    addAdapterOptions(command, host, 'log').action((chatId: string, options: ReplayOptions) =>
      printReplayed(chatId, options, host),
    );
  },
};

async function printReplayed(chatId: string, options: ReplayOptions, host: Host): Promise<void> {
  checkUntilOptions(options);
  const context = { adapters: options.adapters, runtime: host.runtime };
  await using log = await openLog(context);
  await checkGenerationOfStore(log, context, 'join');
  const until = untilOf(options, partitionOfChat(log, chatId));
  const messages = await foldChat({
    log,
    chatId,
    createSha256: () => createHash('sha256'),
    ...defined({ until, stepId: options.step }),
  });
  await printMessages(messages, options, host, chatId);
}
