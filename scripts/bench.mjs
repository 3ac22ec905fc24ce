/**
 * Runs the benchmark: the production parts beside what one would write by hand, on real servers.
 * `npm run bench -- --help` shows the options. The program is `test/bench/main.ts`.
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
  console.error('bench: the packages are not installed; run: npm ci');
  process.exit(3);
}
run(compiler, ['-b', 'test']);
run(path.join(root, 'test/dist/test/bench/main.js'), process.argv.slice(2));
