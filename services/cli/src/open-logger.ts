import { type Command, Option } from 'commander';
import type { Logger } from '@stepfold/runtime';
import { VERSION } from './version.js';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly logLevel: LogLevel;
}

/** Services tell what they do; commands that answer and end speak only when something is wrong. */
export function addLogOptions(command: Command, defaultLevel: 'info' | 'warn'): Command {
  return command.addOption(
    new Option('--log-level <level>', 'how much to log, as JSON lines on standard error')
      .choices(logLevels)
      .env('STEPFOLD_LOG_LEVEL')
      .default(defaultLevel),
  );
}

/** A logger of JSON lines on standard error, written at once: what was logged is there when the process dies. */
export async function openLogger(options: LogOptions, service: string): Promise<Logger> {
  const { default: pino } = await import('pino');
  const logger: Logger = pino(
    {
      level: options.logLevel,
      base: { service, version: VERSION, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  return logger;
}
