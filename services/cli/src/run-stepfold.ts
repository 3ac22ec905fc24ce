import { CommanderError } from 'commander';
import { CANDIDATES_COMMAND, printCandidates } from './completion/print-candidates.js';
import { checkHelpTopic, createProgram } from './create-program.js';
import { endingOf } from './exit-code.js';
import type { Host } from './host.js';

/**
 * Runs one command line and answers the exit code. On failure one sentence goes to standard error; never a
 * stack trace, unless `STEPFOLD_DEBUG` is set.
 */
export async function runStepfold(argv: readonly string[], host: Host): Promise<number> {
  try {
    if (argv[0] === CANDIDATES_COMMAND) {
      const words = argv.slice(argv[1] === '--' ? 2 : 1);
      await printCandidates(await createProgram(words, host), words, host);
      return 0;
    }
    checkHelpTopic(argv);
    const program = await createProgram(argv, host);
    await program.parseAsync([...argv], { from: 'user' });
    await host.stdout.flush();
    return host.exitCode;
  } catch (error) {
    // Help is asked for by way of an error, and is still to be written.
    if (error instanceof CommanderError && error.exitCode === 0) {
      return host.stdout.flush().then(
        () => 0,
        (failure: unknown) => reportError(failure, host),
      );
    }
    return reportError(error, host);
  }
}

/** Tells the person about an error and answers the exit code that it means. */
export function reportError(error: unknown, host: Host): number {
  const { exitCode, sentence } = endingOf(error);
  if (sentence !== undefined) host.stderr.write(`stepfold: ${sentence}\n`);
  if ((host.environment['STEPFOLD_DEBUG'] ?? '') !== '' && error instanceof Error) {
    host.stderr.write(`${error.stack ?? String(error)}\n`);
  }
  return exitCode;
}
