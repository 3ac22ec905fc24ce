import type { Command } from 'commander';
import { readLag } from '@stepfold/audit';
import { decodeCheckpoint, projectorDefaults } from '@stepfold/projector';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGeneration } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog, openStore } from '../open-adapters.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { renderLag } from '../render/render-lag.js';
import { screenOf } from '../render/screen.js';
import type { CommandDefinition } from './command-definition.js';

type LagOptions = AdapterOptions & JsonOptions;

export const lagCommand: CommandDefinition = {
  examples: [{ line: 'stepfold lag' }, { line: 'stepfold lag --json' }],
  configure(command: Command, host: Host) {
    addJsonOption(command);
    addAdapterOptions(command, host, 'both').action((options: LagOptions) => printLag(options, host));
  },
};

async function printLag(options: LagOptions, host: Host): Promise<void> {
  const context = { adapters: options.adapters, runtime: host.runtime };
  await using log = await openLog(context);
  await using store = await openStore(context);
  await checkGeneration(log, store, context, 'join');
  const reading = await readLag({
    log,
    store,
    async folded(partition) {
      const committed = await log.committed(projectorDefaults.group, 'events', partition);
      return committed === undefined ? undefined : decodeCheckpoint(committed);
    },
    nowMicros: () => host.runtime.nowMicros(),
  });
  await host.stdout.write(
    options.json === true ? `${JSON.stringify(reading.lag)}\n` : renderLag(reading, screenOf(host)),
  );
}
