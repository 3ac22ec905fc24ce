import { Option, type Command } from 'commander';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGenerationOfStore } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog } from '../open-adapters.js';
import { addLogOptions, openLogger, type LogOptions } from '../open-logger.js';
import { endOfInput } from '../running/end-of-input.js';
import { runProjectorService } from '../running/run-services.js';
import { runUntilSignal } from '../running/run-until-signal.js';
import {
  addProjectorOptions,
  addSessionOption,
  logTuningOf,
  projectorConfigOf,
  type ServiceOptions,
} from '../running/service-options.js';
import type { CommandDefinition } from './command-definition.js';

interface ProjectorOptions extends AdapterOptions, LogOptions, ServiceOptions {
  readonly untilStdinEnds?: boolean;
}

export const projectorCommand: CommandDefinition = {
  examples: [{ line: 'stepfold projector' }],
  configure(command: Command, host: Host) {
    addProjectorOptions(command);
    addSessionOption(command);
    // For a process that starts this one and must not leave it behind, whatever becomes of itself.
    command.addOption(new Option('--until-stdin-ends', 'stop when standard input ends').hideHelp());
    addLogOptions(command, 'info');
    addAdapterOptions(command, host, 'log').action((options: ProjectorOptions) => runCommand(options, host));
  },
};

async function runCommand(options: ProjectorOptions, host: Host): Promise<void> {
  const { runtime } = host;
  const logger = await openLogger(options, 'projector');
  await runUntilSignal(host, async (signal) => {
    const context = { adapters: options.adapters, runtime, logger };
    await using log = await openLog(context, logTuningOf(options));
    await checkGenerationOfStore(log, context, 'begin');
    using input = options.untilStdinEnds === true ? endOfInput(host.stdin) : undefined;
    const either = input === undefined ? signal : AbortSignal.any([signal, input.signal]);
    await runProjectorService({ log, runtime, logger, signal: either }, projectorConfigOf(options));
  });
}
