/**
 * `npm run servers -- fetch | start | status | stop`: a real Kafka and a real MongoDB-wire server on this
 * machine, without Docker. The program is `infra/local/src/main.ts`.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
if (!fs.existsSync(compiler)) {
  console.error('servers: the packages are not installed; run: npm ci');
  process.exit(3);
}
const { status } = spawnSync(process.execPath, [compiler, '-b', 'infra/local'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
await import('../infra/local/dist/main.js');
