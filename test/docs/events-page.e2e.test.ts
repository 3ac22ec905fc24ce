import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, it, jest } from '@jest/globals';
import { createEventCodec, eventTypes } from '@stepfold/events';
import { temporaryFolder } from '../../services/cli/src/testing/temporary-folder.js';
import { blocksOf } from './page-blocks.js';

jest.setTimeout(60_000);

const root = path.resolve(__dirname, '../..');
const page = fs.readFileSync(path.join(root, 'docs/events.md'), 'utf8');

function check(...words: readonly string[]) {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['scripts/write-events-page.mjs', '--check', ...words],
    { cwd: root, encoding: 'utf8' },
  );
  return { status, stderr };
}

describe('docs/events.md', () => {
  it('is what the schemas of the build make it', () => {
    expect(check()).toEqual({ status: 0, stderr: '' });
  });

  it('is refused when one word of it is changed', () => {
    using folder = temporaryFolder();
    const file = folder.write('events.md', page.replace('| yes ', '| no  '));
    expect(check(file)).toMatchObject({ status: 1, stderr: expect.stringContaining('not in step') });
  });

  it('has one example for every type, and each is an event', () => {
    const codec = createEventCodec();
    const examples = blocksOf(page).filter(({ language }) => language === 'ndjson');
    const types = examples.map(({ text, line }) => {
      const decoded = codec.decode(Buffer.from(text));
      if (!decoded.ok) throw new Error(`line ${line}: ${decoded.detail}`);
      return decoded.event.type;
    });
    expect(types).toEqual(eventTypes);
  });

  it('says of every field what it means', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
  });
});
