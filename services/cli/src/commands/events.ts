import type { Command } from 'commander';
import { partitionOfChat, readEvents, type ReadEvent } from '@stepfold/audit';
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

type EventsOptions = AdapterOptions & UntilOptions & JsonOptions;

export const eventsCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold events my-chat' },
    { line: 'stepfold events my-chat --until-offset 20 --json' },
  ],
  configure(command: Command, host: Host) {
    command.argument('<chat>', 'id of the chat', parseId);
    addUntilOptions(command);
    addAdapterOptions(command, host, 'log');
    addJsonOption(command).action((chatId: string, options: EventsOptions) =>
      printEvents(chatId, options, host),
    );
  },
};

async function printEvents(chatId: string, options: EventsOptions, host: Host): Promise<void> {
  checkUntilOptions(options);
  const context = { adapters: options.adapters, runtime: host.runtime };
  await using log = await openLog(context);
  await checkGenerationOfStore(log, context, 'join');
  const until = untilOf(options, partitionOfChat(log, chatId));
  const events = readEvents(log, { chatId }, until === undefined ? {} : { until });
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
