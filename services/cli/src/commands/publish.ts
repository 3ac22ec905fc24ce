import type { Command } from 'commander';
import { formatPosition } from '@stepfold/event-log';
import { createPublisher, type Publisher } from '@stepfold/publisher';
import { UsageError } from '@stepfold/runtime';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGenerationOfStore } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog } from '../open-adapters.js';
import { parseSpeed } from '../parse-speed.js';
import { parseWhole } from '../parse-whole.js';
import { addLogOptions, openLogger, type LogOptions } from '../open-logger.js';
import { withBoundedPatience } from '../publishing/bounded-patience.js';
import {
  checkRecordings,
  type CheckedRecordings,
  type Published,
  publishRecordings,
  type PublishingOptions,
} from '../publishing/publish-recordings.js';
import { notePassedOver } from '../recordings/note-passed-over.js';
import {
  addRecordingOptions,
  checkRecordingOptions,
  stepfoldWords,
} from '../recordings/recording-options.js';
import { plainLine } from '../render/plain-text.js';
import { openProgress } from '../render/progress.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import type { CommandDefinition } from './command-definition.js';

interface PublishOptions extends PublishingOptions, AdapterOptions, LogOptions, JsonOptions {
  /** Milliseconds that deltas of one block are gathered before they are sent as one event. */
  readonly coalesce?: number;
}

const COALESCE_MS_MAX = 60_000;
/** How long the log may be away before the command gives up. */
const PATIENCE_MS = 30_000;

export const publishCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold publish recording.jsonl --chat my-chat' },
    {
      line: 'stepfold publish recording.jsonl --run slow --speed 1',
      does: 'at the pace at which it was recorded',
    },
  ],
  configure(command: Command, host: Host) {
    command.argument('<file...>', 'recorded streams, one event or part a line; - is standard input');
    addRecordingOptions(command, 'time of the first line (default: the real clock as each is sent)');
    command
      .option('--speed <factor>', 'play at this multiple of the recorded pace (default: at once)', parseSpeed)
      .option('--coalesce <ms>', 'merge deltas that follow each other within this time', (text) =>
        parseWhole(text, COALESCE_MS_MAX, 'milliseconds'),
      );
    addAdapterOptions(command, host, 'log');
    addJsonOption(command);
    addLogOptions(command, 'warn').action((fileNames: readonly string[], options: PublishOptions) =>
      publish(fileNames, options, host),
    );
  },
};

async function publish(fileNames: readonly string[], options: PublishOptions, host: Host): Promise<void> {
  checkRecordingOptions(options);
  checkCoalescing(options, options.format === 'stepfold');
  const { runtime } = host;
  const logger = await openLogger(options, 'publish');
  using checked = await checkRecordings(fileNames, options, host);
  const hasEvents = checked.recordings.some(({ plan }) => plan.format === 'stepfold');
  checkCoalescing(options, hasEvents);
  if (options.tick !== undefined && options.start === undefined && options.speed === undefined) {
    logger.warn({}, '--tick has no effect without --start or --speed');
  }
  await notePassedOver(checked.recordings, options, 'publish', host);
  const context = { adapters: options.adapters, runtime, logger };
  await using log = await openLog(context);
  await checkGenerationOfStore(log, context, 'join');
  await using publisher = createPublisher({
    log: withBoundedPatience(log, runtime, PATIENCE_MS),
    runtime,
    logger,
    name: 'publish',
    coalesceMs: options.coalesce ?? 0,
  });
  const { position, events, chatIds } = await publishWithProgress(checked, options, publisher, host);
  const shownPosition = position === undefined ? undefined : formatPosition(position);
  if (options.json === true) {
    await host.stdout.write(`${JSON.stringify({ position: shownPosition, events, chats: chatIds })}\n`);
    return;
  }
  const chats = chatIds.length === 1 ? `chat ${plainLine(chatIds[0]!)}` : `${chatIds.length} chats`;
  const end = shownPosition === undefined ? '' : `; the last one is at ${shownPosition}`;
  await host.stdout.write(`published ${events} events of ${chats}${end}\n`);
}

async function publishWithProgress(
  checked: CheckedRecordings,
  options: PublishOptions,
  publisher: Publisher,
  host: Host,
): Promise<Published> {
  using progress = openProgress(host, 'publishing', 'events');
  return await publishRecordings(checked, options, publisher, host.runtime, undefined, progress.report);
}

function checkCoalescing(options: PublishOptions, hasEvents: boolean): void {
  if (!hasEvents || options.coalesce === undefined) return;
  throw new UsageError(
    'bad-usage',
    `--coalesce cannot be used with ${stepfoldWords(options)}: its events are published as they are`,
  );
}
