import type { Command } from 'commander';
import { partitionOfChat, readEvents, scanEvents, type ReadEvent } from '@stepfold/audit';
import { UsageError } from '@stepfold/runtime';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGenerationOfStore } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog } from '../open-adapters.js';
import { parseId } from '../parse-id.js';
import { addUntilOptions, checkUntilOptions, untilOf, type UntilOptions } from '../parse-until.js';
import { eventJson } from '../render/event-json.js';
import { cutText } from '../render/plain-text.js';
import { renderEvent } from '../render/render-event.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { screenOf, type Screen } from '../render/screen.js';
import type { CommandDefinition } from './command-definition.js';

interface EventsOptions extends AdapterOptions, UntilOptions, JsonOptions {
  readonly scan?: boolean;
}

export const eventsCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold events my-chat' },
    { line: 'stepfold events my-chat --until-offset 20 --json' },
    {
      line: 'stepfold events my-chat --scan',
      does: 'also what lies in a wrong partition or under a wrong key',
    },
  ],
  configure(command: Command, host: Host) {
    command.argument('<chat>', 'id of the chat', parseId);
    addUntilOptions(command);
    command.option('--scan', 'look through all of the log: what lies in a wrong place, too');
    addAdapterOptions(command, host, 'log');
    addJsonOption(command).action((chatId: string, options: EventsOptions) =>
      printEvents(chatId, options, host),
    );
  },
};

async function printEvents(chatId: string, options: EventsOptions, host: Host): Promise<void> {
  checkUntilOptions(options);
  if (options.scan === true && options.untilOffset !== undefined) {
    throw new UsageError(
      'bad-usage',
      '--scan looks through all partitions: it takes --until, not --until-offset',
    );
  }
  const context = { adapters: options.adapters, runtime: host.runtime };
  await using log = await openLog(context);
  await checkGenerationOfStore(log, context, 'join');
  const until = untilOf(options, partitionOfChat(log, chatId));
  const limits = until === undefined ? {} : { until };
  const events =
    options.scan === true ? scanEvents(log, chatId, limits) : readEvents(log, { chatId }, limits);
  const screen = screenOf(host);
  let count = 0;
  for await (const read of events) {
    count++;
    await host.stdout.write(`${options.json === true ? eventJson(read) : asText(read, screen)}\n`);
  }
  if (count === 0 && options.json !== true) {
    await host.stdout.write(`${cutText(`chat ${chatId}: no events`, screen.width)}\n`);
  }
}

function asText(read: ReadEvent, screen: Screen): string {
  const position = read.position.padStart(8);
  if (read.event === undefined) {
    return screen.paint('warning', cutText(`${position} ${read.outcome}: ${read.detail}`, screen.width));
  }
  const outcome = read.outcome === 'accepted' ? '' : `(${read.outcome}) `;
  return renderEvent(read.event, screen, `${position} ${outcome}`);
}
