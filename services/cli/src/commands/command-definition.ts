import type { Command } from 'commander';
import { UsageError } from '@stepfold/runtime';
import type { Host } from '../host.js';

/** One command: its arguments and options, what it does, and how it is used. */
export interface CommandDefinition {
  configure(command: Command, host: Host): void;
  /** At least one. A test runs every one of them. */
  readonly examples: readonly Example[];
}

/** The examples as they stand below a help text. */
export function examplesText(examples: readonly Example[]): string {
  const lines = examples.flatMap(({ line, does }) => [
    ...(does === undefined ? [] : [`  # ${does}`]),
    `  npx ${line}`,
  ]);
  return ['', 'Examples:', ...lines].join('\n');
}

/** Lets a command that only holds others say which ones there are, if none of them was named. */
export function requireSubcommand(parent: Command): void {
  parent
    .commandsGroup('Commands:')
    .allowExcessArguments()
    .allowUnknownOption()
    .action((_options: unknown, { args: [word] }: Command) => {
      const problem =
        word === undefined || word.startsWith('-') ? 'name a command' : `unknown command '${word}'`;
      const names = parent.commands.map((command) => command.name()).join(', ');
      const command = `stepfold ${parent.name()}`;
      throw new UsageError(
        'bad-usage',
        `${problem}: \`${command}\` has ${names} (see \`${command} --help\`)`,
      );
    });
}

/** A command line that works as it stands, after `npx`. */
export interface Example {
  readonly line: string;
  /** What it does, if that is not plain. */
  readonly does?: string;
}
