import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runStepfold } from './run-stepfold.js';
import { createInProcessHost } from './testing/in-process-host.js';

const page = fs.readFileSync(path.resolve(__dirname, '../../../docs/kafka.md'), 'utf8');
const sources = ['adapter-options.ts', 'open-adapters.ts'].map((name) =>
  fs.readFileSync(path.join(__dirname, name), 'utf8'),
);

async function helpOf(command: string): Promise<string> {
  const host = createInProcessHost();
  expect(await runStepfold([command, '--help'], host)).toBe(0);
  return host.printed();
}

const matches = (text: string, pattern: RegExp) =>
  new Set([...text.matchAll(pattern)].map(([, found]) => found));

describe('docs/kafka.md', () => {
  it('names every option that selects servers, and none that is none', async () => {
    const help = await helpOf('publish');
    const adapters = help.slice(help.indexOf('Where the data is:'));
    const options = matches(adapters, /^ {2}(--[a-z-]+)/gm);
    expect(options.size).toBeGreaterThan(10);
    options.delete('--data');
    const named = matches(page, /^\| `(--[a-z-]+)/gm);
    expect([...named].sort()).toEqual([...options].sort());
  });

  it('names every variable that is read', () => {
    const read = matches(sources.join(''), /'(STEPFOLD_[A-Z_]+)'/g);
    const named = matches(page, /^\|[^|]*\| `(STEPFOLD_[A-Z_]+)`/gm);
    expect(read.size).toBeGreaterThan(12);
    expect([...named].sort()).toEqual([...read].sort());
  });

  it('runs only commands and options that there are', async () => {
    const commands = [...page.matchAll(/^ *npx stepfold ([a-z-]+)(.*)$/gm)];
    expect(commands.length).toBeGreaterThan(4);
    for (const [, name, rest] of commands) {
      const help = await helpOf(name!);
      for (const [option] of rest!.matchAll(/--[a-z-]+/g)) expect(help).toContain(option);
    }
  });
});
