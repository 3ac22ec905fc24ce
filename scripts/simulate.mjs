/**
 * Runs the simulation: the production projector and writer against a simulated log and store, one seed
 * after the other. `npm run simulate -- --help` shows the options. The program is `test/simulation/main.ts`.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const run = (file, args) => {
  const { status, error } = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
};

const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
if (!fs.existsSync(compiler)) {
  console.error('simulate: the packages are not installed; run: npm ci');
  process.exit(3);
}
run(compiler, ['-b', 'test']);
run(path.join(root, 'test/dist/test/simulation/main.js'), process.argv.slice(2));
