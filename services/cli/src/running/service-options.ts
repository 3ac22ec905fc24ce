import type { Command } from 'commander';
import type { ProjectorConfig } from '@stepfold/projector';
import { defined } from '../defined.js';
import type { LogTuning } from '../open-adapters.js';
import { parseWhole } from '../parse-whole.js';

/** Times of the projector and its log that can be set on the command line, all in milliseconds. */
export interface ServiceOptions {
  readonly stepIdleTimeout?: number;
  readonly stepMaxAge?: number;
  readonly reaperGrace?: number;
  readonly reaperLook?: number;
  readonly openStepInterval?: number;
  readonly progressInterval?: number;
  readonly sessionTimeout?: number;
}

const DAY_MS = 86_400_000;

function parseMs(text: string): number {
  return parseWhole(text, DAY_MS, 'milliseconds');
}

export function addProjectorOptions(command: Command): Command {
  return command
    .option(
      '--step-idle-timeout <ms>',
      'close a step that was silent for this long (default: 900000)',
      parseMs,
    )
    .option('--step-max-age <ms>', 'close a step that is older than this (default: 7200000)', parseMs)
    .option('--reaper-grace <ms>', 'be caught up for this long before closing any (default: 60000)', parseMs)
    .option('--reaper-look <ms>', 'ask for the end of the log this often (default: 1000)', parseMs)
    .option('--open-step-interval <ms>', 'shortest time between versions of a step (default: 500)', parseMs)
    .option('--progress-interval <ms>', 'shortest time between checkpoints (default: 250)', parseMs);
}

export function addSessionOption(command: Command): Command {
  return command.option(
    '--session-timeout <ms>',
    'hand over the partitions of a process that was silent for this long',
    parseMs,
  );
}

export function projectorConfigOf(options: ServiceOptions): Partial<ProjectorConfig> {
  return defined({
    stepIdleTimeoutMs: options.stepIdleTimeout,
    stepAgeMaxMs: options.stepMaxAge,
    reaperGraceMs: options.reaperGrace,
    reaperLookMs: options.reaperLook,
    openStepIntervalMs: options.openStepInterval,
    checkpointIntervalMs: options.progressInterval,
  });
}

export function logTuningOf(options: ServiceOptions): LogTuning {
  return defined({ sessionTimeoutMs: options.sessionTimeout });
}
