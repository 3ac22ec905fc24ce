import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/**
 * Compiles the test project and runs one of its programs with the arguments given; ends with its exit code if
 * that is not 0.
 */
export function runTestProgram(name, file) {
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  if (!fs.existsSync(compiler)) {
    console.error(`${name}: the packages are not installed; run: npm ci`);
    process.exit(3);
  }
  run(compiler, ['-b', 'test']);
  run(path.join(root, 'test/dist/test', file), process.argv.slice(2));
}

function run(file, args) {
  const { status, error } = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
