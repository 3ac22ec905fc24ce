import { Option, type Command } from 'commander';
import type { Message } from '@stepfold/fold';
import { runFromFileName } from '@stepfold/formats';
import type { MessageStore } from '@stepfold/message-store';
import { randomSuffix, UsageError } from '@stepfold/runtime';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGeneration } from '../check-generation.js';
import { renderHints, renderIntroduction, renderProof, renderStop } from '../demo/demo-words.js';
import { projectorStarter } from '../demo/projector-process.js';
import { runDemo } from '../demo/run-demo.js';
import type { Host } from '../host.js';
import { openLog, openStore } from '../open-adapters.js';
import { addLogOptions, openLogger, type LogOptions } from '../open-logger.js';
import { parseSpeed } from '../parse-speed.js';
import { checkRecordings, type PublishingOptions } from '../publishing/publish-recordings.js';
import { notePassedOver } from '../recordings/note-passed-over.js';
import { formatChoices, type FormatChoice } from '../recordings/recording-options.js';
import { shownName } from '../recordings/shown-name.js';
import { renderTimeline } from '../render/render-timeline.js';
import { screenOf, type Screen } from '../render/screen.js';
import { runUntilSignal } from '../running/run-until-signal.js';
import { messagesOf } from '../store-pages.js';
import type { CommandDefinition } from './command-definition.js';

interface DemoCommandOptions extends AdapterOptions, LogOptions {
  readonly format?: FormatChoice;
  readonly speed: number;
  readonly exit?: boolean;
}

/** A recording may hold very many chats. */
const CHATS_SHOWN_MAX = 3;

export const demoCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold demo' },
    {
      line: 'stepfold demo recording.jsonl --exit',
      does: 'play a recording of your own, then end',
    },
  ],
  configure(command: Command, host: Host) {
    command
      .argument('[file]', 'a recorded stream to play instead of the session')
      .addOption(
        new Option(
          '-f, --format <format>',
          'what the lines of the file are (default: told from them)',
        ).choices(formatChoices),
      )
      .addOption(
        new Option('--speed <factor>', 'play faster, or slower, by this factor')
          .argParser(parseSpeed)
          .default(1),
      )
      .option('--exit', 'end when it has played');
    addAdapterOptions(command, host, 'both');
    addLogOptions(command, 'warn').action((fileName: string | undefined, options: DemoCommandOptions) =>
      demo(fileName, options, host),
    );
  },
};

async function demo(fileName: string | undefined, options: DemoCommandOptions, host: Host): Promise<void> {
  const { runtime, stdout, stderr, environment } = host;
  const { adapters, logLevel, speed, exit: isShort = false } = options;
  const publishing = publishingOptions(fileName, options, host);
  const logger = await openLogger(options, 'demo');
  using checked =
    publishing === undefined
      ? undefined
      : await checkRecordings([fileName!], { ...publishing, logLevel }, host);
  if (checked !== undefined) {
    await notePassedOver(checked.recordings, options, 'demo', host);
  }
  await runUntilSignal(host, async (signal) => {
    const context = { adapters, runtime, logger };
    await using log = await openLog(context);
    await using store = await openStore(context);
    await checkGeneration(log, store, context, 'begin');
    const screen = screenOf(host);
    // What it logs is of interest to those only who asked for more than warnings: it is to be killed, after all.
    const isTalkative = logLevel === 'debug' || logLevel === 'info';
    const onLogLine = isTalkative ? (line: string) => void stderr.write(`${line}\n`) : undefined;
    await runDemo({
      ...{ log, store, runtime, logger, output: stdout, screen, signal, speed, isShort },
      startProjector: projectorStarter({ adapters, environment, onLogLine }),
      recording: checked === undefined ? undefined : { checked, options: publishing! },
      async onBegin(projectorPid) {
        const shown = fileName === undefined ? undefined : shownName(fileName);
        await stdout.write(renderIntroduction({ fileName: shown, projectorPid, adapters, speed }, screen));
        await stdout.flush();
      },
      async onStored(played) {
        if (!played.verification.ok) host.exitCode = 1;
        await stdout.write(`\n${renderProof(played, screen)}\n`);
        await showEnd(played.chatIds, { store, adapters, screen, stdout, staysUp: !isShort });
      },
      async onStopped(stopped) {
        await stdout.write(renderStop(stopped, adapters, screen));
        await stdout.flush();
      },
    });
  });
}

/** The chats as a whole, and what to do with them. */
async function showEnd(
  chatIds: readonly string[],
  options: Pick<AdapterOptions, 'adapters'> &
    Pick<Host, 'stdout'> & {
      readonly store: MessageStore;
      readonly screen: Screen;
      readonly staysUp: boolean;
    },
): Promise<void> {
  const { store, adapters, screen, stdout, staysUp } = options;
  const hidden = Math.max(0, chatIds.length - CHATS_SHOWN_MAX);
  let hints = '';
  for (const chatId of chatIds.slice(0, CHATS_SHOWN_MAX)) {
    const messages: Message[] = [];
    for await (const message of messagesOf(store, chatId)) messages.push(message);
    await stdout.write(`${renderTimeline(chatId, messages, screen)}\n`);
    if (hints === '') hints = renderHints({ adapters, chatId, messages, hidden, staysUp }, screen);
  }
  await stdout.write(hints);
  await stdout.flush();
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
  const defaultChat = `${runFromFileName(fileName)}-${randomSuffix(host.runtime, 6)}`;
  return { format: format ?? 'auto', defaultChat };
}
