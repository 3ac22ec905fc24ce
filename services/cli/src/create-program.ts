import { Command } from 'commander';
import { UsageError } from '@stepfold/runtime';
import { examplesText, type CommandDefinition, type Example } from './commands/command-definition.js';
import { headingOf, OPERATE } from './commands/command-groups.js';
import { commandTable } from './commands/command-table.js';
import type { Host } from './host.js';
import { VERSION } from './version.js';

/** Where one begins; a test runs them too. */
export const programExamples: readonly Example[] = [
  { line: 'stepfold demo', does: 'see it at work' },
  {
    line: 'stepfold fold recording.jsonl --as timeline',
    does: 'what a recording of yours becomes, and when everything in it happened',
  },
  { line: 'stepfold verify --all', does: 'whether the log yields what is stored' },
];

/** The program with its commands, of which those are complete that the command line names. */
export async function createProgram(argv: readonly string[], host: Host): Promise<Command> {
  const program = new Command('stepfold')
    .description('Turns the events of AI model streams into stored messages with exact times.')
    .usage('COMMAND [options]')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .commandsGroup(OPERATE)
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError(true)
    .configureHelp({ helpWidth: 80 })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      // Errors are told once, by whoever catches them.
      writeErr: () => undefined,
    })
    .addHelpText(
      'after',
      `${examplesText(programExamples)}\n\n\`npx stepfold help COMMAND\` has more of each. Read on in README.md and in docs.`,
    );
  // Only the named command is loaded: `--help` has to answer at once. The first words are the name, or
  // `help` and the name, because options of a command stand behind it.
  const words = argv.filter((argument) => !argument.startsWith('-')).slice(0, 2);
  for (const entry of commandTable) {
    const command = program.command(entry.name).description(entry.summary).helpGroup(headingOf(entry.name));
    if (!words.includes(entry.name)) continue;
    const definition: CommandDefinition = await entry.load();
    definition.configure(command, host);
    command.addHelpText('after', examplesText(definition.examples));
  }
  return program;
}

/**
 * The parser prints nothing for help with a command that there is none of.
 * @throws UsageError for it
 */
export function checkHelpTopic([first, topic]: readonly string[]): void {
  if (first !== 'help' || topic === undefined || topic.startsWith('-') || topic === 'help') return;
  if (commandTable.some(({ name }) => name === topic)) return;
  throw new UsageError('bad-usage', `unknown command '${topic}' (see \`stepfold --help\`)`);
}
