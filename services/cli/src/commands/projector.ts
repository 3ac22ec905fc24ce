import type { Command } from 'commander';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGenerationOfStore } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog } from '../open-adapters.js';
import { addLogOptions, openLogger, type LogOptions } from '../open-logger.js';
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

type ProjectorOptions = AdapterOptions & LogOptions & ServiceOptions;

export const projectorCommand: CommandDefinition = {
  examples: [{ line: 'stepfold projector' }],
  configure(command: Command, host: Host) {
    addProjectorOptions(command);
    addSessionOption(command);
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
    await runProjectorService({ log, runtime, logger, signal }, projectorConfigOf(options));
  });
}
