import fs from 'node:fs';
import path from 'node:path';
import { blocksOf, commandsOf, type PageBlock, type PageCommand } from './page-blocks.js';
import { notRun } from './not-run.js';
import type { ShellSession } from './shell-session.js';

/** Commands that stay up until they are told to stop. */
const staysUp = /^npx stepfold (dev|gateway|tail)\b/;
/** Commands that ask for what is stored: what was published before has to be there. */
const asksTheStore = /^npx stepfold (messages|chats|replay|explain|verify|rebuild|export)\b/;

const LOOKS_MAX = 300;

/**
 * Does what a page says, top to bottom: files that it shows are written, commands run, and output that it
 * shows compared.
 * @throws Error for the first command that fails or prints something else, with its line
 */
export async function runPage(markdown: string, folder: string, session: ShellSession): Promise<void> {
  let isServed = false;
  let printed = '';
  const fail = (line: number, problem: string): never => {
    throw new Error(`line ${line}: ${problem}\n${session.complaints().slice(-2_000)}`);
  };

  async function runCommand({ text, line }: PageCommand): Promise<void> {
    if (notRun.some(({ starts }) => text.startsWith(starts))) return;
    if (staysUp.test(text)) {
      isServed = true;
      return await session.start(withoutComment(text));
    }
    if (isServed && asksTheStore.test(text)) await untilStored(session, line, fail);
    const { exitCode, stdout } = await session.run(text);
    if (exitCode !== 0) fail(line, `${text} answered ${exitCode}`);
    printed = stdout;
  }

  for (const block of blocksOf(markdown)) {
    if (block.language === 'sh') for (const command of commandsOf(block)) await runCommand(command);
    else if (block.language === 'js') writeProgram(block, folder);
    else if (block.language === 'console' && !isShownBy(block.text, printed)) {
      fail(block.line, `the page shows\n${block.text}\nand the command printed\n${printed}`);
    }
  }
}

function withoutComment(command: string): string {
  return command.replace(/\s+#.*$/, '');
}

/** Waits until all that is on the log is in the store, which is what a reader sees after a moment. */
async function untilStored(
  session: ShellSession,
  line: number,
  fail: (line: number, problem: string) => never,
): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const { stdout } = await session.run('npx stepfold verify --all --json');
    if ((JSON.parse(stdout || '{}') as { not_yet?: number }).not_yet === 0) return;
  }
  fail(line, 'what was published before is still not stored');
}

/** A program is a file: its first line says which. */
function writeProgram(block: PageBlock, folder: string): void {
  const name = /^\/\/ ([\w.-]+)$/m.exec(block.text.split('\n')[0]!)?.[1];
  if (name === undefined)
    throw new Error(`line ${block.line}: the first line of a program is // and its file`);
  fs.writeFileSync(path.join(folder, name), `${block.text}\n`);
}

/** Whether a page shows what was printed. Times and durations may differ; a line `…` stands for any lines. */
export function isShownBy(shown: string, printed: string): boolean {
  const parts = normalised(shown).split(/^…$/m);
  const pattern = parts.map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${pattern.join(String.raw`[\s\S]*`)}$`).test(normalised(printed));
}

function normalised(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, 'TIME')
    .replace(/\b\d+(\.\d+)? (µs|ms|s|min|h)\b/g, 'DURATION')
    .replace(/[ \t]+$/gm, '')
    .trim();
}
