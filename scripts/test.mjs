/**
 * `npm test`: sets up what is missing, then lint, unit and integration tests, and a simulation with fresh
 * seeds. Arguments are those of jest: `npm test -- libs/fold`. The last line counts what ran.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const SEEDS = 200;

const jestArguments = process.argv.slice(2);
prepare();
if (jestArguments.length === 0) run('lint', 'npm', ['run', '--silent', 'lint']);

const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
runJest();
if (jestArguments.length === 0) {
  runSimulation(['--seeds', String(SEEDS)]);
  // From a fixed seed: that a planted bug is found within the seeds allowed must not be a matter of luck.
  runSimulation(['--canary', '--from', '1']);
}
for (const failure of failures) console.error(`✗ ${failure}`);
console.log(`\ntests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(failures.length === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : 1);

function runJest() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-test-'));
  const report = path.join(folder, 'report.json');
  console.log(`\n▸ test: jest ${jestArguments.join(' ')}`);
  const args = ['jest', '--json', `--outputFile=${report}`, ...jestArguments];
  const result = spawnSync('npx', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) failures.push('jest failed');
  if (!fs.existsSync(report)) return;
  const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = JSON.parse(
    fs.readFileSync(report, 'utf8'),
  );
  fs.rmSync(folder, { recursive: true, force: true });
  counts.passed += numPassedTests;
  counts.failed += numFailedTests + numRuntimeErrorTestSuites;
  counts.skipped += numPendingTests;
  // What was skipped looks green; where everything is required it is not.
  if (process.env.CI && numPendingTests > 0) failures.push(`${numPendingTests} tests were skipped`);
}

function runSimulation(args) {
  console.log(`\n▸ simulate: npm run simulate -- ${args.join(' ')}`);
  const result = spawnSync('node', ['scripts/simulate.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  process.stdout.write(result.stdout ?? '');
  const last = /\d+ passed, \d+ failed\s*$/.exec(result.stdout ?? '');
  if (result.status !== 0 || last === null) failures.push(`simulate ${args.join(' ')} failed`);
}
