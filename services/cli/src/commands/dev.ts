import type { Command } from 'commander';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGeneration } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog, openStore } from '../open-adapters.js';
import { addLogOptions, openLogger, type LogOptions } from '../open-logger.js';
import { runProjectorAndWriter } from '../running/run-services.js';
import { runUntilSignal } from '../running/run-until-signal.js';
import {
  addProjectorOptions,
  addSessionOption,
  logTuningOf,
  projectorConfigOf,
  type ServiceOptions,
} from '../running/service-options.js';
import type { CommandDefinition } from './command-definition.js';

type DevOptions = AdapterOptions & LogOptions & ServiceOptions;

export const devCommand: CommandDefinition = {
  examples: [{ line: 'stepfold dev' }],
  configure(command: Command, host: Host) {
    addProjectorOptions(command);
    addSessionOption(command);
    addLogOptions(command, 'info');
    addAdapterOptions(command, host, 'both').action((options: DevOptions) => runCommand(options, host));
  },
};

async function runCommand(options: DevOptions, host: Host): Promise<void> {
  const { runtime } = host;
  const logger = await openLogger(options, 'dev');
  await runUntilSignal(host, async (signal) => {
    const context = { adapters: options.adapters, runtime, logger };
    await using log = await openLog(context, logTuningOf(options));
    await using store = await openStore(context);
    await checkGeneration(log, store, context, 'begin');
    const projectorConfig = projectorConfigOf(options);
    await runProjectorAndWriter({ log, store, runtime, logger, signal, projectorConfig });
  });
}
