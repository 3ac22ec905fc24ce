import { Option, type Command } from 'commander';

export interface JsonOptions {
  readonly json?: boolean;
}

export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print JSON on standard output, and nothing else there');
}

/** Shapes in which messages can be printed. */
const views = ['native'] as const;

export function addViewOption(command: Command): Command {
  return command.addOption(
    new Option('--view <view>', 'shape of the messages').choices(views).default('native'),
  );
}
