import type { Command } from 'commander';
import { partitionOfChat } from '@stepfold/audit';
import { UsageError } from '@stepfold/runtime';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGenerationOfStore } from '../check-generation.js';
import { defined } from '../defined.js';
import type { Host } from '../host.js';
import { openLog } from '../open-adapters.js';
import { parseId } from '../parse-id.js';
import { parseWhole } from '../parse-whole.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { screenOf } from '../render/screen.js';
import { runUntilSignal } from '../running/run-until-signal.js';
import { jsonPrinter } from '../tailing/event-printer.js';
import { createPersonPrinter } from '../tailing/person-printer.js';
import { tailPartitions } from '../tailing/tail-partitions.js';
import type { CommandDefinition } from './command-definition.js';

interface TailCommandOptions extends AdapterOptions, JsonOptions {
  readonly fromStart?: boolean;
  readonly last?: number;
}

/** Held in memory before the first is shown. */
const LAST_MAX = 10_000;

export const tailCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold tail', does: 'every chat, from now on' },
    { line: 'stepfold tail my-chat --from-start' },
    { line: 'stepfold tail my-chat --last 20 --json', does: 'JSON lines as of `stepfold events`' },
  ],
  configure(command: Command, host: Host) {
    command
      .argument('[chat]', 'id of a chat; all of them without it', parseId)
      .option('--from-start', 'begin with all that the log has')
      .option('--last <n>', 'begin with the last events that the log has', (text) =>
        parseWhole(text, LAST_MAX, 'events'),
      );
    addAdapterOptions(command, host, 'log');
    addJsonOption(command).action((chatId: string | undefined, options: TailCommandOptions) =>
      tail(chatId, options, host),
    );
  },
};

async function tail(chatId: string | undefined, options: TailCommandOptions, host: Host): Promise<void> {
  const { fromStart, last = 0, json } = options;
  if (fromStart === true && options.last !== undefined) {
    throw new UsageError('bad-usage', '--from-start and --last cannot be used together');
  }
  const screen = screenOf(host);
  await runUntilSignal(host, async (signal) => {
    const context = { adapters: options.adapters, runtime: host.runtime };
    await using log = await openLog(context);
    await checkGenerationOfStore(log, context, 'join');
    const partitions =
      chatId === undefined
        ? Array.from({ length: log.partitionCount }, (_, partition) => partition)
        : [partitionOfChat(log, chatId)];
    // A log in which nothing happens shows nothing, and that must not look like a fault.
    if (json !== true) {
      host.stderr.write(`following ${chatId === undefined ? 'every chat' : `chat ${chatId}`} until Ctrl-C\n`);
    }
    await tailPartitions({
      log,
      partitions,
      ...defined({ chatId }),
      start: fromStart === true ? 'beginning' : { last },
      host,
      signal,
      createPrinter: () =>
        json === true ? jsonPrinter : createPersonPrinter({ screen, namesChat: chatId === undefined }),
    });
  });
}
