import { Argument, Option, type Command } from 'commander';
import { deadLetterCodes, type DeadLetterCode } from '@stepfold/events';
import type { DeadLetter, MessageStore } from '@stepfold/message-store';
import { addAdapterOptions, sameAdapters, type AdapterOptions } from '../adapter-options.js';
import type { Host } from '../host.js';
import { openStore } from '../open-adapters.js';
import { parseId } from '../parse-id.js';
import { listedLetter, shownLetter } from '../render/dead-letter-json.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { plainLine } from '../render/plain-text.js';
import { letterRow, letterTableHead, renderLetter } from '../render/render-dead-letters.js';
import { screenOf } from '../render/screen.js';
import { writeJsonArray } from '../render/write-json.js';
import { deadLettersOf, requireDeadLetter } from '../store-pages.js';
import {
  examplesText,
  requireSubcommand,
  type CommandDefinition,
  type Example,
} from './command-definition.js';
import { retryLetters, type RetryLettersOptions } from './retry-letters.js';

interface ListOptions extends AdapterOptions, JsonOptions {
  readonly reason?: DeadLetterCode;
  readonly chat?: string;
}

type ShowOptions = AdapterOptions & JsonOptions;

const listExamples: readonly Example[] = [
  { line: 'stepfold dead-letters list --chat my-chat' },
  { line: 'stepfold dead-letters list --reason bad-json --json' },
];
const showExamples: readonly Example[] = [{ line: 'stepfold dead-letters show stepfold.events:1:3' }];
const retryExamples: readonly Example[] = [
  { line: 'stepfold dead-letters retry stepfold.events:1:3' },
  { line: 'stepfold dead-letters retry --all --reason unknown-type', does: 'after an upgrade' },
];

export const deadLettersCommand: CommandDefinition = {
  examples: [...listExamples, ...showExamples, ...retryExamples],
  configure(command: Command, host: Host) {
    requireSubcommand(command);
    configureList(command, host);
    configureShow(command, host);
    configureRetry(command, host);
  },
};

function configureList(parent: Command, host: Host): void {
  const command = parent
    .command('list')
    .description('list the records that could not be applied, without their content')
    .addOption(reasonOption('only letters of this reason'))
    .option('--chat <id>', 'only letters that name this chat', parseId);
  addAdapterOptions(command, host, 'store');
  addJsonOption(command).action((options: ListOptions) => listLetters(options, host));
  command.addHelpText('after', examplesText(listExamples));
}

function configureShow(parent: Command, host: Host): void {
  const command = parent
    .command('show')
    .description('show one of them: its content, what it means and what to do')
    .addArgument(idArgument('<id>'));
  addJsonOption(command);
  addAdapterOptions(command, host, 'store').action((id: string, options: ShowOptions) =>
    showLetter(id, options, host),
  );
  command.addHelpText('after', examplesText(showExamples));
}

function configureRetry(parent: Command, host: Host): void {
  const command = parent
    .command('retry')
    .summary('try again what could not be applied')
    .description(
      'Try again what could not be applied. A version that the store refused is emitted again, for a writer to ' +
        'store; the step of an event is folded again from the log with the present code, and stored if that is ' +
        'newer. Nothing is published, the letters stay, and doing it twice is safe.',
    )
    .addArgument(idArgument('[id...]'))
    .option('--all', 'all that are stored')
    .addOption(reasonOption('with --all: only those of this reason'));
  addAdapterOptions(command, host, 'both');
  addJsonOption(command).action((ids: readonly string[], options: RetryLettersOptions) =>
    retryLetters(ids, options, host),
  );
  command.addHelpText('after', examplesText(retryExamples));
}

function reasonOption(description: string): Option {
  return new Option('--reason <code>', description).choices(deadLetterCodes);
}

function idArgument(name: string): Argument {
  return new Argument(name, 'id, TOPIC:PARTITION:OFFSET of the record, as `list` prints it');
}

async function listLetters(options: ListOptions, host: Host): Promise<void> {
  await using store = await openStore({ adapters: options.adapters, runtime: host.runtime });
  const letters = wanted(store, options);
  if (options.json === true) return await writeJsonArray(host.stdout, listed(letters));
  const screen = screenOf(host);
  let first: DeadLetter | undefined;
  let count = 0;
  for await (const letter of letters) {
    count++;
    if (first === undefined) await host.stdout.write(`${letterTableHead(screen)}\n`);
    first ??= letter;
    await host.stdout.write(`${letterRow(letter, screen)}\n`);
  }
  if (first === undefined) {
    const isFiltered = options.reason !== undefined || options.chat !== undefined;
    return await host.stdout.write(`no dead letters ${isFiltered ? 'of this kind ' : ''}are stored\n`);
  }
  const { preparation, options: words } = sameAdapters(options.adapters);
  const lines = [
    '',
    `${count} in all. What one holds and what to do about it:`,
    ...preparation.map((line) => `  ${line}`),
    `  npx stepfold dead-letters show ${plainLine(first.id)}${words}`,
  ];
  await host.stdout.write(`${lines.join('\n')}\n`);
}

async function* wanted(store: MessageStore, { reason, chat }: ListOptions): AsyncGenerator<DeadLetter> {
  for await (const letter of deadLettersOf(store)) {
    if (reason !== undefined && letter.reason !== reason) continue;
    if (chat !== undefined && letter.chat_id !== chat) continue;
    yield letter;
  }
}

async function* listed(letters: AsyncIterable<DeadLetter>): AsyncGenerator<unknown, void, undefined> {
  for await (const letter of letters) yield listedLetter(letter);
}

async function showLetter(id: string, options: ShowOptions, host: Host): Promise<void> {
  await using store = await openStore({ adapters: options.adapters, runtime: host.runtime });
  const letter = await requireDeadLetter(store, id);
  await host.stdout.write(
    options.json === true ? `${JSON.stringify(shownLetter(letter))}\n` : renderLetter(letter, screenOf(host)),
  );
}
