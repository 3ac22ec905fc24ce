import { Command, CommanderError } from 'commander';
import type { CommandDefinition } from './commands/command-definition.js';
import { commandTable } from './commands/command-table.js';
import { endingOf } from './exit-code.js';
import type { Host } from './host.js';
import { VERSION } from './version.js';

/**
 * Runs one command line and answers the exit code. On failure one sentence goes to standard error; never a
 * stack trace, unless `STEPFOLD_DEBUG` is set.
 */
export async function runStepfold(argv: readonly string[], host: Host): Promise<number> {
  try {
    const program = await createProgram(argv, host);
    await program.parseAsync([...argv], { from: 'user' });
    await host.stdout.flush();
    return host.exitCode;
  } catch (error) {
    // Help is asked for by way of an error, and is still to be written.
    if (error instanceof CommanderError && error.exitCode === 0) {
      return host.stdout.flush().then(
        () => 0,
        (failure: unknown) => reportError(failure, host),
      );
    }
    return reportError(error, host);
  }
}

/** Tells the person about an error and answers the exit code that it means. */
export function reportError(error: unknown, host: Host): number {
  const { exitCode, sentence } = endingOf(error);
  if (sentence !== undefined) host.stderr.write(`stepfold: ${sentence}\n`);
  if ((host.environment['STEPFOLD_DEBUG'] ?? '') !== '' && error instanceof Error) {
    host.stderr.write(`${error.stack ?? String(error)}\n`);
  }
  return exitCode;
}

async function createProgram(argv: readonly string[], host: Host): Promise<Command> {
  const program = new Command('stepfold')
    .description('Turns the events of AI model streams into stored messages with exact times.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError(true)
    .configureHelp({ helpWidth: 80 })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      // Errors are told once, by whoever catches them.
      writeErr: () => undefined,
    });
  // Only the named command is loaded: `--help` has to answer at once. The first words are the name, or
  // `help` and the name, because options of a command stand behind it.
  const words = argv.filter((argument) => !argument.startsWith('-')).slice(0, 2);
  for (const entry of commandTable) {
    const command = program.command(entry.name).description(entry.summary);
    if (!words.includes(entry.name)) continue;
    const definition = await entry.load();
    definition.configure(command, host);
    command.addHelpText('after', examplesOf(definition));
  }
  return program;
}

function examplesOf({ examples }: CommandDefinition): string {
  const lines = examples.flatMap(({ line, does }) => [
    ...(does === undefined ? [] : [`  # ${does}`]),
    `  npx ${line}`,
  ]);
  return ['', 'Examples:', ...lines].join('\n');
}
