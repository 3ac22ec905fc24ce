import { Option, type Command } from 'commander';
import { formatNames, runFromFileName, type FormatName } from '@stepfold/formats';
import { randomSuffix, UsageError } from '@stepfold/runtime';
import { runDemo } from '../demo/run-demo.js';
import { addAdapterOptions, sameAdapters, type AdapterOptions } from '../adapter-options.js';
import { checkGeneration } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog, openStore } from '../open-adapters.js';
import { addLogOptions, openLogger, type LogOptions } from '../open-logger.js';
import { checkRecordings, type PublishingOptions } from '../publishing/publish-recordings.js';
import { shownName } from '../recordings/shown-name.js';
import { renderChat } from '../render/render-chat.js';
import { screenOf } from '../render/screen.js';
import { runUntilSignal } from '../running/run-until-signal.js';
import { messagesOf } from '../store-pages.js';
import type { CommandDefinition } from './command-definition.js';

interface DemoCommandOptions extends AdapterOptions, LogOptions {
  readonly format?: FormatName;
  readonly exit?: boolean;
}

/** A recording may hold very many chats. */
const CHATS_SHOWN_MAX = 3;

export const demoCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold demo' },
    {
      line: 'stepfold demo recording.jsonl --format ai-sdk --exit',
      does: 'play a recording of your own, then end',
    },
  ],
  configure(command: Command, host: Host) {
    command
      .argument('[file]', 'a recorded stream to play instead of the session')
      .addOption(new Option('-f, --format <format>', 'what the lines of the file are').choices(formatNames))
      .option('--exit', 'end when it has played');
    addAdapterOptions(command, host, 'both');
    addLogOptions(command, 'warn').action((fileName: string | undefined, options: DemoCommandOptions) =>
      demo(fileName, options, host),
    );
  },
};

async function demo(fileName: string | undefined, options: DemoCommandOptions, host: Host): Promise<void> {
  const { runtime, stdout } = host;
  const publishing = publishingOptions(fileName, options, host);
  const logger = await openLogger(options, 'demo');
  using checked =
    publishing === undefined ? undefined : await checkRecordings([fileName!], publishing, host.stdin);
  await runUntilSignal(host, async (signal) => {
    const context = { adapters: options.adapters, runtime, logger };
    await using log = await openLog(context);
    await using store = await openStore(context);
    await checkGeneration(log, store, context, 'begin');
    await stdout.write(`playing ${publishing === undefined ? 'a session' : shownName(fileName!)} …\n\n`);
    await stdout.flush();
    await runDemo({
      log,
      store,
      runtime,
      logger,
      signal,
      isShort: options.exit === true,
      recording: checked === undefined ? undefined : { checked, options: publishing! },
      async onStored(chatIds) {
        for (const chatId of chatIds.slice(0, CHATS_SHOWN_MAX)) {
          const messages = [];
          for await (const message of messagesOf(store, chatId)) messages.push(message);
          await stdout.write(`${renderChat(chatId, messages, screenOf(host))}\n`);
        }
        await stdout.write(hints(chatIds, options));
        await stdout.flush();
      },
    });
  });
}

/** Played at its own pace on the real clock, as a new chat each time; events with their own ids as they are. */
function publishingOptions(
  fileName: string | undefined,
  { format }: DemoCommandOptions,
  host: Host,
): PublishingOptions | undefined {
  if (fileName === undefined) {
    if (format !== undefined) throw new UsageError('bad-usage', '--format is of no use without a file');
    return undefined;
  }
  if (format === undefined) throw new UsageError('bad-usage', 'a file needs its --format');
  if (format === 'stepfold') return { format };
  return { format, chat: `${runFromFileName(fileName)}-${randomSuffix(host.runtime, 6)}`, speed: 1 };
}

function hints(chatIds: readonly string[], options: DemoCommandOptions): string {
  const { adapters } = options;
  const { preparation, options: data } = sameAdapters(adapters);
  const hidden = chatIds.length - CHATS_SHOWN_MAX;
  const [chatId] = chatIds;
  return [
    ...(hidden > 0 ? [`${hidden} more chats: npx stepfold chats${data}`, ''] : []),
    `Stored in ${adapters.kind === 'servers' ? 'MongoDB' : adapters.directory}. To look further:`,
    ...preparation.map((line) => `  ${line}`),
    ...(chatId === undefined
      ? []
      : [
          `  npx stepfold messages ${chatId} --json${data}`,
          `  npx stepfold events ${chatId}${data}`,
          `  npx stepfold verify ${chatId}${data}`,
        ]),
    ...(options.exit === true ? [] : ['', 'Projector and writer stay up until Ctrl-C.']),
    '',
  ].join('\n');
}
