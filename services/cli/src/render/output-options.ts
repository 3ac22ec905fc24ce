import type { Command } from 'commander';

export interface JsonOptions {
  readonly json?: boolean;
}

export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print JSON on standard output, and nothing else there');
}
