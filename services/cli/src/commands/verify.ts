import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { verify, type Verification } from '@stepfold/audit';
import { UsageError } from '@stepfold/runtime';
import { addAdapterOptions, type AdapterOptions } from '../adapter-options.js';
import { checkGeneration } from '../check-generation.js';
import type { Host } from '../host.js';
import { openLog, openStore } from '../open-adapters.js';
import { parseIds } from '../parse-id.js';
import { openProgress } from '../render/progress.js';
import { renderVerification } from '../render/render-verification.js';
import { addJsonOption, type JsonOptions } from '../render/output-options.js';
import { screenOf } from '../render/screen.js';
import type { CommandDefinition } from './command-definition.js';

interface VerifyOptions extends AdapterOptions, JsonOptions {
  readonly all?: boolean;
}

export const verifyCommand: CommandDefinition = {
  examples: [{ line: 'stepfold verify my-chat' }, { line: 'stepfold verify --all --json' }],
  configure(command: Command, host: Host) {
    command
      .argument('[chat...]', 'ids of chats', parseIds)
      .option('--all', 'everything that the log or the store has');
    addAdapterOptions(command, host, 'both');
    addJsonOption(command).action((chatIds: readonly string[], options: VerifyOptions) =>
      verifyChats(chatIds, options, host),
    );
  },
};

/** Sets exit code 1 if something stored is not what the log yields. */
async function verifyChats(chatIds: readonly string[], options: VerifyOptions, host: Host): Promise<void> {
  const isAll = options.all === true;
  if (isAll === chatIds.length > 0) {
    throw new UsageError('bad-usage', 'name the chats to verify, or --all, but not both');
  }
  const context = { adapters: options.adapters, runtime: host.runtime };
  await using log = await openLog(context);
  await using store = await openStore(context);
  await checkGeneration(log, store, context, 'join');
  using progress = openProgress(host, 'verifying', 'records');
  const verification: Verification = await verify({
    log,
    store,
    createSha256: () => createHash('sha256'),
    onProgress: progress.report,
    ...(isAll ? {} : { chats: chatIds }),
  });
  progress[Symbol.dispose]();
  if (!verification.ok) host.exitCode = 1;
  await host.stdout.write(
    options.json === true
      ? `${JSON.stringify(verification)}\n`
      : renderVerification(verification, screenOf(host)),
  );
}
