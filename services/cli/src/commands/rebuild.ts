import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { rebuildChats, type ChatsRebuild } from '@stepfold/audit';
import { UsageError } from '@stepfold/runtime';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGeneration } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog, openStore } from '../open-adapters.js';
import { parseIds } from '../parse-id.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { openProgress } from '../render/progress.js';
import { renderRebuild } from '../render/render-rebuild.js';
import { screenOf } from '../render/screen.js';
import type { CommandDefinition } from './command-definition.js';

interface RebuildOptions extends AdapterOptions, JsonOptions {
  readonly chat?: readonly string[];
  readonly dryRun?: boolean;
}

export const rebuildCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold rebuild --chat my-chat --dry-run', does: 'show what differs, and write nothing' },
    { line: 'stepfold rebuild --chat my-chat', does: 'repair it in place, beside whatever is running' },
  ],
  configure(command: Command, host: Host) {
    command
      .option('--chat <id...>', 'ids of the chats to fold again', parseIds)
      .option('--dry-run', 'only show what differs from the log; write nothing');
    addAdapterOptions(command, host, 'both');
    addJsonOption(command).action((options: RebuildOptions) => rebuild(options, host));
  },
};

/** Sets exit code 1 if something stored still differs from what the log yields. */
async function rebuild(options: RebuildOptions, host: Host): Promise<void> {
  const { chat: chats, dryRun: isDryRun = false } = options;
  if (chats === undefined) {
    throw new UsageError(
      'bad-usage',
      'name the chats with --chat: everything at once cannot be rebuilt yet (`stepfold verify --all` names what differs)',
    );
  }
  const context = { adapters: options.adapters, runtime: host.runtime };
  await using log = await openLog(context);
  await using store = await openStore(context);
  await checkGeneration(log, store, context, 'join');
  using progress = openProgress(host, isDryRun ? 'comparing' : 'rebuilding', 'records');
  const result: ChatsRebuild = await rebuildChats({
    log,
    store,
    chats,
    isDryRun,
    createSha256: () => createHash('sha256'),
    onProgress: progress.report,
  });
  progress[Symbol.dispose]();
  if (!result.ok) host.exitCode = 1;
  await host.stdout.write(
    options.json === true ? `${JSON.stringify(result)}\n` : renderRebuild(result, screenOf(host)),
  );
}
