import process from 'node:process';
import { createSystemRuntime } from '@stepfold/runtime';
import type { Host } from './host.js';
import { createOutput } from './output.js';
import { reportError, runStepfold } from './run-stepfold.js';

/** Runs one command line in this process and sets its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stderr.on('error', () => undefined);
  const host: Host = {
    stdin: process.stdin,
    stdout: createOutput(process.stdout),
    stderr: process.stderr,
    get stdoutColumns() {
      return columnsOf(process.stdout);
    },
    get stderrColumns() {
      return columnsOf(process.stderr);
    },
    environment: process.env,
    runtime: createSystemRuntime(),
    onSignal(signal, listener) {
      process.on(signal, listener);
      return () => void process.off(signal, listener);
    },
    exit: (exitCode) => process.exit(exitCode),
    exitCode: 0,
  };
  // What nobody awaited or caught: a fault of the program, told like every other error.
  const onFault = (error: unknown): never => process.exit(reportError(error, host));
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  process.exitCode = await runStepfold(argv, host);
}

/** A terminal that does not know its width counts as one of 80 columns. */
function columnsOf({
  isTTY,
  columns,
}: {
  readonly isTTY?: boolean;
  readonly columns?: number;
}): number | undefined {
  return isTTY === true ? columns || 80 : undefined;
}
