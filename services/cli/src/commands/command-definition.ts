import type { Command } from 'commander';
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

/** A command line that works as it stands, after `npx`. */
export interface Example {
  readonly line: string;
  /** What it does, if that is not plain. */
  readonly does?: string;
}
