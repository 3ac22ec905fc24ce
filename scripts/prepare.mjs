/**
 * What `npm start` and `npm test` need before they can begin: a recent Node, the packages of the lock file,
 * and a build. Plain Node, because nothing is installed yet.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const NODE_MAJOR_MIN = 20;
const NODE_MINOR_MIN = 19;

/** Installs and builds what is missing, and says so. Ends the process if something cannot be had. */
export function prepare() {
  checkNode();
  if (!isInstalled()) run('install', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  // A daemon of the build would stay behind.
  run('build', 'npm', ['run', '--silent', 'build'], { isQuiet: true, env: { NX_DAEMON: 'false' } });
}

/** Runs one step, and ends the process with the step's exit code if it fails. */
export function run(name, command, args, { isQuiet = false, env = {} } = {}) {
  const line = [command, ...args].join(' ');
  console.log(`\n▸ ${name}: ${line}`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: isQuiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
  });
  if (result.status === 0) return;
  if (isQuiet) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  console.error(`\n✗ ${name} failed: ${result.error?.message ?? line}`);
  process.exit(result.status || 1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NODE_MAJOR_MIN || (major === NODE_MAJOR_MIN && minor >= NODE_MINOR_MIN)) return;
  console.error(
    `stepfold needs Node ${NODE_MAJOR_MIN}.${NODE_MINOR_MIN} or newer; this is ${process.versions.node}. ` +
      'Install a newer Node and run the same command again.',
  );
  process.exit(2);
}

/** npm leaves a copy of the lock file where it has installed; an older one means that packages have changed. */
function isInstalled() {
  const installed = path.join(root, 'node_modules/.package-lock.json');
  if (!fs.existsSync(installed)) return false;
  return fs.statSync(installed).mtimeMs >= fs.statSync(path.join(root, 'package-lock.json')).mtimeMs;
}
