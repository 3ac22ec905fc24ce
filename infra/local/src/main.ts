import process from 'node:process';
import { runServersCommand } from './servers-command.js';

// So that servers which are still starting end with this process.
for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => process.exit(exitCode));
}
process.exitCode = await runServersCommand(process.argv.slice(2), {
  result: (text) => void process.stdout.write(`${text}\n`),
  progress: (line) => void process.stderr.write(`${line}\n`),
});
