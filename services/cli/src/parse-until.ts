import type { Until } from '@stepfold/audit';
import { InvalidArgumentError, type Command } from 'commander';
import { parsePosition, type Position } from '@stepfold/event-log';
import { UsageError } from '@stepfold/runtime';
import { parseTime } from './parse-time.js';

export interface UntilOptions {
  /** Microseconds. */
  readonly until?: number;
  /** Without a partition: that of the chat. */
  readonly untilOffset?: Position | number;
}

export function addUntilOptions(command: Command): Command {
  return command
    .option('--until <time>', 'only events that happened up to this time', parseTime)
    .option(
      '--until-offset <position>',
      'only events up to this position, or offset in the chat’s partition',
      parse,
    );
}

function parse(text: string): Position | number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const position = parsePosition(text);
  if (position === undefined) throw new InvalidArgumentError('It must be an offset, or partition:offset.');
  return position;
}

/** @throws UsageError if both limits are given */
export function checkUntilOptions({ until, untilOffset }: UntilOptions): void {
  if (until === undefined || untilOffset === undefined) return;
  throw new UsageError('bad-usage', '--until and --until-offset cannot be used together');
}

/** The limit that was given, for a chat of this partition. */
export function untilOf({ until, untilOffset }: UntilOptions, partition: number): Until | undefined {
  if (until !== undefined) return { at: until };
  if (untilOffset === undefined) return undefined;
  return { position: typeof untilOffset === 'number' ? { partition, offset: untilOffset } : untilOffset };
}
