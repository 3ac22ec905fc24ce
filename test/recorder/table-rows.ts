import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The rows of the table of docs/recording.md: what happens, and what is stored. */
export function tableRows(): readonly { readonly what: string; readonly stored: string }[] {
  const page = readFileSync(path.join(__dirname, '../../docs/recording.md'), 'utf8');
  const [, table] = /\n\| what happens[^\n]*\n\|[-| ]+\|\n((?:\|[^\n]*\n)+)/.exec(page) ?? [];
  if (table === undefined) throw new Error('docs/recording.md has no table of what happens');
  return table
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [what = '', stored = ''] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim());
      return { what, stored };
    });
}

/** Rows whose tests start processes. */
export const rowsOfProcesses = [
  'the process is killed in mid-stream, no outbox',
  'the process is killed in mid-stream, with an outbox',
] as const;
