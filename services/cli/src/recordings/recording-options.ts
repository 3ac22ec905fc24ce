import { InvalidArgumentError, Option, type Command } from 'commander';
import { formatNames, type FormatName } from '@stepfold/formats';
import { UsageError } from '@stepfold/runtime';
import { parseId } from '../parse-id.js';
import { parseTime } from '../parse-time.js';
import { parseWhole } from '../parse-whole.js';

/** A format, or `auto`: each file tells its own by its first lines. */
export type FormatChoice = 'auto' | FormatName;
export const formatChoices: readonly FormatChoice[] = ['auto', ...formatNames];

/** How the lines of a recorded file become events: the options of `fold`, `convert` and `publish`. */
export interface RecordingOptions {
  readonly format: FormatChoice;
  readonly chat?: string;
  /** The chat if none is given. No words of a user, so events of their own chats are not at odds with it. */
  readonly defaultChat?: string;
  readonly run?: string;
  /** Microseconds since the epoch. */
  readonly start?: number;
  /** Microseconds from line to line. */
  readonly tick?: number;
}

/** 2026-01-01T00:00:00Z. */
export const DEFAULT_START_MICROS = 1_767_225_600_000_000;
export const DEFAULT_TICK_MICROS = 1_000;

/** Step ids are made from it by adding a number, and must still be ids. */
const RUN_LENGTH_MAX = 180;
/** A day from line to line: more is a mistake of the unit. */
const TICK_MICROS_MAX = 86_400_000_000;

export function addRecordingOptions(command: Command, startHelp: string): Command {
  return command
    .addOption(
      new Option(
        '-f, --format <format>',
        'what the lines of a file are; auto tells it from the first of them',
      )
        .choices(formatChoices)
        .default('auto'),
    )
    .option('--chat <id>', 'chat of the events (default: the run)', parseId)
    .option('--run <id>', 'name of the run (default: from the name of the file)', parseRun)
    .option('--start <time>', startHelp, parseTime)
    .option('--tick <µs>', 'microseconds from line to line (default: 1000)', parseTick);
}

/**
 * Events of a `stepfold` file have their own ids and times.
 *
 * @param formats those of the files, where they are known
 * @throws UsageError if an option is given that would change them
 */
export function checkRecordingOptions(
  options: RecordingOptions,
  formats: readonly FormatChoice[] = [options.format],
): void {
  if (!formats.includes('stepfold')) return;
  for (const name of ['chat', 'run', 'start', 'tick'] as const) {
    if (options[name] === undefined) continue;
    throw new UsageError(
      'bad-usage',
      `--${name} cannot be used with ${stepfoldWords(options)}: its events have their own ids and times`,
    );
  }
}

/** How a sentence calls what makes an option useless. */
export function stepfoldWords({ format }: RecordingOptions): string {
  return format === 'auto' ? 'a file of the format stepfold' : '--format stepfold';
}

function parseRun(text: string): string {
  const run = parseId(text);
  if (run.length <= RUN_LENGTH_MAX) return run;
  throw new InvalidArgumentError(`It must have at most ${RUN_LENGTH_MAX} characters, not ${run.length}.`);
}

function parseTick(text: string): number {
  return parseWhole(text, TICK_MICROS_MAX, 'microseconds');
}
