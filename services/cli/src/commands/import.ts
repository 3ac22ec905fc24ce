import { createHash } from 'node:crypto';
import { Option, type Command } from 'commander';
import { foldChat } from '@stepfold/audit';
import type { EventLog } from '@stepfold/event-log';
import type { Message } from '@stepfold/fold';
import type { MessageStore } from '@stepfold/message-store';
import { createPublisher } from '@stepfold/publisher';
import { UsageError } from '@stepfold/runtime';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGeneration } from '../check-generation.js';
import type { Host } from '../host.js';
import { planImport } from '../importing/new-events.js';
import { readChatFile, sources, type ReadChat, type Source } from '../importing/read-chat-file.js';
import { openLog, openStore } from '../open-adapters.js';
import { addLogOptions, openLogger, type LogOptions } from '../open-logger.js';
import { parseId } from '../parse-id.js';
import { parseTime } from '../parse-time.js';
import { withBoundedPatience } from '../publishing/bounded-patience.js';
import { shownName } from '../recordings/shown-name.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { plainLine } from '../render/plain-text.js';
import { messagesOf } from '../store-pages.js';
import type { CommandDefinition } from './command-definition.js';

interface ImportCommandOptions extends AdapterOptions, LogOptions, JsonOptions {
  readonly from: Source;
  readonly chat?: string;
  /** Microseconds. */
  readonly at?: number;
  readonly replace?: boolean;
}

/** What became of one file. */
interface Imported {
  readonly file: string;
  readonly chat_id: string;
  readonly imported: number;
  readonly present: number;
  readonly different: readonly string[];
  readonly passed_over: Readonly<Record<string, number>>;
}

/** How long the log may be away before the command gives up. */
const PATIENCE_MS = 30_000;

export const importCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold import chat.json --from ui-messages --chat my-chat' },
    {
      line: 'stepfold import chat.json --from ui-messages --chat my-chat --replace',
      does: 'also what was edited since',
    },
  ],
  configure(command: Command, host: Host) {
    command
      .argument('<file...>', 'chats of other systems: JSON, or a message a line; - is standard input')
      .addOption(
        new Option(
          '--from <source>',
          'what the files are: UIMessage[] of the AI SDK, messages of Coder, threads of LangGraph; ' +
            'needed, for audit bundles are not read yet',
        )
          .choices(sources)
          .makeOptionMandatory(),
      )
      .option(
        '--chat <id>',
        'id of the chat (default: that of the messages, else the name of the file)',
        parseId,
      )
      .option(
        '--at <time>',
        'time on the log of messages whose own nobody knows (default: now); views leave it out',
        parseTime,
      )
      .option('--replace', 'replace steps that are there with another content');
    addAdapterOptions(command, host, 'both');
    addJsonOption(command);
    addLogOptions(command, 'warn').action((fileNames: readonly string[], options: ImportCommandOptions) =>
      importFiles(fileNames, options, host),
    );
  },
};

/** Sets exit code 1 if a step is there with another content, and was left as it is. */
async function importFiles(
  fileNames: readonly string[],
  options: ImportCommandOptions,
  host: Host,
): Promise<void> {
  const { runtime } = host;
  const importedAt = options.at ?? Math.floor(runtime.nowMicros());
  // All of them before anything is published of one.
  const chats: ReadChat[] = [];
  for (const fileName of fileNames)
    chats.push(await readChatFile(fileName, { ...options, importedAt }, host.stdin));
  demandOneFileForEachChat(chats);
  const logger = await openLogger(options, 'import');
  const context = { adapters: options.adapters, runtime, logger };
  await using log = await openLog(context);
  await using store = await openStore(context);
  await checkGeneration(log, store, context, 'join');
  await using publisher = createPublisher({
    log: withBoundedPatience(log, runtime, PATIENCE_MS),
    runtime,
    logger,
    name: 'import',
  });
  const results: Imported[] = [];
  for (const { events, passedOver, chatId, fileName } of chats) {
    const present = await presentMessages(log, store, chatId);
    const plan = planImport(events, present, options.replace === true);
    for (const event of plan.events) await publisher.publishAsIs(event);
    await publisher.flush();
    if (plan.different.length > 0) host.exitCode = 1;
    results.push({
      file: fileName,
      chat_id: chatId,
      imported: plan.events.length,
      present: plan.present,
      different: plan.different,
      passed_over: Object.fromEntries(passedOver),
    });
  }
  await host.stdout.write(
    options.json === true
      ? `${JSON.stringify(results)}\n`
      : results.map((result) => sentenceOf(result)).join(''),
  );
}

/** What the log yields, and what is stored of steps that have left the log. */
async function presentMessages(
  log: EventLog,
  store: MessageStore,
  chatId: string,
): Promise<ReadonlyMap<string, Message>> {
  const present = new Map<string, Message>();
  for await (const message of messagesOf(store, chatId)) present.set(message.step_id, message);
  const createSha256 = () => createHash('sha256');
  for (const message of await foldChat({ log, chatId, createSha256 })) present.set(message.step_id, message);
  return present;
}

function demandOneFileForEachChat(chats: readonly ReadChat[]): void {
  const files = new Map<string, string>();
  for (const { chatId, fileName } of chats) {
    const other = files.get(chatId);
    if (other !== undefined) {
      const names = `${shownName(other)} and ${shownName(fileName)}`;
      throw new UsageError(
        'bad-usage',
        `${names} are both chat ${plainLine(chatId)}: import them one by one`,
      );
    }
    files.set(chatId, fileName);
  }
}

function sentenceOf({ chat_id, imported, present, different, passed_over }: Imported): string {
  const lines = [
    `chat ${plainLine(chat_id)}: ${imported} ${imported === 1 ? 'step' : 'steps'} imported, ${present} there already`,
  ];
  if (different.length > 0) {
    const shown = different.slice(0, 10).map((step) => plainLine(step));
    const more = different.length > shown.length ? `, and ${different.length - shown.length} more` : '';
    lines.push(
      `  kept as they are, but differ in the file (--replace takes the file's): ${shown.join(', ')}${more}`,
    );
  }
  const names = Object.entries(passed_over).map(([name, count]) => `${plainLine(name)} (${count})`);
  if (names.length > 0) lines.push(`  passed over: ${names.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
