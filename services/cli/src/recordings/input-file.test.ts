import fs from 'node:fs';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { temporaryFolder, type TemporaryFolder } from '../testing/temporary-folder.js';
import { openInputFile, readingError } from './input-file.js';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const noInput = Readable.from([]);

async function linesOf(content: string | Uint8Array, lineBytesMax?: number): Promise<string[]> {
  using file = await openInputFile(folder.write('file', content), noInput);
  return Array.from(file.lines(lineBytesMax), (line) => Buffer.from(line).toString('latin1'));
}

describe('lines of a file', () => {
  it('are what stands between line feeds; one at the very end begins no further line', async () => {
    expect(await linesOf('a\nb\n\nc')).toEqual(['a', 'b', '', 'c']);
    expect(await linesOf('a\nb\n')).toEqual(['a', 'b']);
    expect(await linesOf('\n')).toEqual(['']);
  });

  it('are whole wherever the chunks of the file end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 5 }),
        async (lengths) => {
          const lines = lengths.map((length, index) => String(index).repeat(length));
          expect(await linesOf(`${lines.join('\n')}\n`)).toEqual(lines);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('come without a byte order mark, which is one only at the beginning', async () => {
    const marked = await linesOf('\uFEFFa\n\uFEFFb\n');
    expect(marked).toEqual(['a', '\u00ef\u00bb\u00bfb']);
  });

  it('are named with their length if they are too long, wherever they end', async () => {
    await expect(linesOf('ok\n12345\n', 4)).rejects.toThrow(/file, line 2: the line has 5 bytes; at most 4/);
    await expect(linesOf('ok\n12345', 4)).rejects.toThrow(/file, line 2: the line has 5 bytes; at most 4/);
    await expect(linesOf(`${'x'.repeat(600_000)}\nok`, 300_000)).rejects.toThrow(
      /line 1: the line has 600000 b/,
    );
    expect(await linesOf('ok\n1234\n', 4)).toEqual(['ok', '1234']);
  });

  it('are the same when read again, and when more is appended meanwhile', async () => {
    // More than one chunk, the last of which is not full.
    const long = 'x'.repeat(300_000);
    const path = folder.write('file', `${long}\nb`);
    using file = await openInputFile(path, noInput);
    const read = (): string[] => Array.from(file.lines(), (line) => Buffer.from(line).toString());
    expect(read()).toEqual([long, 'b']);
    fs.appendFileSync(path, 'c\nd\n');
    expect(read()).toEqual([long, 'b']);
  });

  it('cannot be read of a file that became shorter', async () => {
    const path = folder.write('file', 'a\nb\n');
    using file = await openInputFile(path, noInput);
    fs.truncateSync(path, 1);
    expect(() => [...file.lines()]).toThrow(/was shortened while it was read/);
  });
});

describe('standard input', () => {
  it('is copied, so that it can be read twice', async () => {
    using file = await openInputFile('-', Readable.from([Buffer.from('a\nb'), Buffer.from('c\n')]));
    const read = (): string[] => Array.from(file.lines(), (line) => Buffer.from(line).toString());
    expect(file.label).toBe('standard input');
    expect(read()).toEqual(['a', 'bc']);
    expect(read()).toEqual(['a', 'bc']);
  });

  it('is refused when it is empty', async () => {
    await expect(openInputFile('-', Readable.from([]))).rejects.toThrow('standard input is empty');
  });
});

describe('a file that cannot be read', () => {
  it('is named with the reason in words', async () => {
    await expect(openInputFile(folder.file('none'), noInput)).rejects.toThrow(/none is not there$/);
    await expect(openInputFile(folder.path, noInput)).rejects.toThrow(/is a directory, not a file$/);
    await expect(openInputFile(folder.write('void', ''), noInput)).rejects.toThrow(/void is empty$/);
    await expect(openInputFile('nul\0', noInput)).rejects.toThrow(/NUL/);
    await expect(openInputFile('line\nbreak', noInput)).rejects.toThrow(/^"line\\nbreak" is not there$/);
    const denied = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open' });
    expect(readingError('f', denied)).toMatchObject({ message: 'f cannot be read: permission denied' });
  });
});
