import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { temporaryFolder } from '../../services/cli/src/testing/temporary-folder.js';
import { coveredElsewhere, notRun } from './not-run.js';
import { blocksOf, commandsOf } from './page-blocks.js';
import { isShownBy, runPage } from './run-page.js';
import { killShells, openShellSession } from './shell-session.js';

jest.setTimeout(180_000);
afterEach(killShells);

const root = path.resolve(__dirname, '../..');
const read = (name: string): string => fs.readFileSync(path.join(root, name), 'utf8');
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md'],
  ...fs
    .readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

async function runInFolder(markdown: string): Promise<void> {
  using folder = temporaryFolder();
  // What a reader has beside the pages.
  fs.cpSync(path.join(root, 'examples'), folder.file('examples'), { recursive: true });
  await using session = openShellSession(folder.path);
  await runPage(markdown, folder.path, session);
}

const page = (...commands: readonly string[]): string => `\`\`\`sh\n${commands.join('\n')}\n\`\`\`\n`;

describe('the pages', () => {
  const own = pages.filter((name) => coveredElsewhere[name] === undefined);

  it.each(own)('%s: every command works, top to bottom, and prints what is shown', async (name) => {
    await runInFolder(read(name));
  });

  it('of other tests are looked at by those tests', () => {
    for (const [name, test] of Object.entries(coveredElsewhere)) {
      expect(pages).toContain(name);
      expect(read(test)).toContain(path.basename(name));
    }
  });

  it('have every command that is listed as not run', () => {
    const commands = own
      .flatMap((name) => blocksOf(read(name)))
      .filter(({ language }) => language === 'sh')
      .flatMap(commandsOf);
    const unused = notRun.filter(({ starts }) => !commands.some(({ text }) => text.startsWith(starts)));
    expect(unused).toEqual([]);
  });

  it('have only links to files that there are', () => {
    const broken: string[] = [];
    for (const name of pages) {
      for (const [, target] of read(name).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (!fs.existsSync(path.resolve(root, path.dirname(name), target!)))
          broken.push(`${name}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });
});

describe('a page that is wrong', () => {
  it('fails with the line of a command that fails', async () => {
    await expect(runInFolder(page('npx stepfold --version', 'npx stepfold fodl'))).rejects.toThrow(
      /^line 3: npx stepfold fodl answered 2/,
    );
  });

  it('fails if what it shows is not what was printed', async () => {
    const shown = (text: string): string =>
      `${page('npx stepfold chats --json')}\n\`\`\`console\n${text}\n\`\`\`\n`;
    await runInFolder(shown('[]'));
    await expect(runInFolder(shown('[1]'))).rejects.toThrow(/^line 6: the page shows/);
  });

  it('compares all but times and what it leaves out', () => {
    const printed = 'a  2026-04-10T12:00:00.000000Z\nb 1.5 ms\nc (x)\n';
    expect(isShownBy('a  2026-01-01 00:00:00.000\nb 3 s\nc (x)', printed)).toBe(true);
    expect(isShownBy('a  2026-01-01T00:00:00Z\n…\nc (x)', printed)).toBe(true);
    expect(isShownBy('a  2026-01-01T00:00:00Z\nc (x)', printed)).toBe(false);
    expect(isShownBy('b 1 ms\n…', printed)).toBe(false);
  });

  it('sees what was published and served before it asks for it', async () => {
    const publish = 'npx stepfold publish examples/recording.jsonl --format ai-sdk --chat c';
    const asks = `npx stepfold messages c --json | grep -q 'so I would'`;
    await expect(runInFolder(page(publish, asks))).rejects.toThrow(/^line 3/);
    await runInFolder(page('npx stepfold dev  # stays up', publish, asks));
  });
});
