import type { Command } from 'commander';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGeneration } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog, openStore } from '../open-adapters.js';
import { addLogOptions, openLogger, type LogOptions } from '../open-logger.js';
import { runWriterService } from '../running/run-services.js';
import { runUntilSignal } from '../running/run-until-signal.js';
import { addSessionOption, logTuningOf, type ServiceOptions } from '../running/service-options.js';
import type { CommandDefinition } from './command-definition.js';

type WriterOptions = AdapterOptions & LogOptions & Pick<ServiceOptions, 'sessionTimeout'>;

export const writerCommand: CommandDefinition = {
  examples: [{ line: 'stepfold writer' }],
  configure(command: Command, host: Host) {
    addSessionOption(command);
    addLogOptions(command, 'info');
    addAdapterOptions(command, host, 'both').action((options: WriterOptions) => runCommand(options, host));
  },
};

async function runCommand(options: WriterOptions, host: Host): Promise<void> {
  const { runtime } = host;
  const logger = await openLogger(options, 'writer');
  await runUntilSignal(host, async (signal) => {
    const context = { adapters: options.adapters, runtime, logger };
    await using log = await openLog(context, logTuningOf(options));
    await using store = await openStore(context);
    await checkGeneration(log, store, context, 'begin');
    await runWriterService({ log, store, runtime, logger, signal });
  });
}
