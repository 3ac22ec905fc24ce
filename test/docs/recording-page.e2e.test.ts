import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it, jest } from '@jest/globals';

jest.setTimeout(60_000);

const root = path.resolve(__dirname, '../..');
// Beside this file, where the packages are found.
const file = path.join(__dirname, 'recording-page.generated.mts');
afterAll(() => fs.rmSync(file, { force: true }));

it('every program of docs/recording.md has the types of the packages', () => {
  const page = fs.readFileSync(path.join(root, 'docs/recording.md'), 'utf8');
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block!);
  expect(blocks.length).toBeGreaterThan(5);
  const imports = new Set<string>();
  const bodies = blocks.map((block, index) => {
    const lines = block.split('\n');
    for (const line of lines) if (line.startsWith('import ')) imports.add(line);
    const body = lines.filter((line) => !line.startsWith('import ')).join('\n');
    return `export async function block${index}() {\n${body}\n}`;
  });
  const given = [
    "import type { EventLog } from '@stepfold/event-log';",
    "import type { Recorder } from '@stepfold/recorder';",
    'declare const log: EventLog;',
    'declare const recorder: Recorder;',
  ];
  fs.writeFileSync(file, [...imports, ...given, ...bodies].join('\n'));
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2023',
  ];
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      path.join(root, 'node_modules/typescript/bin/tsc'),
      ...options,
      '--types',
      'node',
      '--lib',
      'es2024,esnext.disposable',
      file,
    ],
    { cwd: __dirname, encoding: 'utf8' },
  );
  expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
});
