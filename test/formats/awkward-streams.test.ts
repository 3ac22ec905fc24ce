import { describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import path from 'node:path';

const formats = path.resolve(__dirname, '../../libs/formats');

/** The numbers of the awkward streams that titles of tests cite, by file. */
function citedCases(): Map<string, Set<number>> {
  const source = path.join(formats, 'src');
  const files = fs.readdirSync(source).filter((file) => file.endsWith('.test.ts'));
  return new Map(
    files.map((file) => {
      const titles = fs
        .readFileSync(path.join(source, file), 'utf8')
        .matchAll(/['`].*\((cases? \d[^)]*)\).*['`], \(/g);
      const numbers = [...titles].flatMap(([, cited = '']) => [...cited.matchAll(/\d+/g)].map(Number));
      return [file.replace('.test.ts', ''), new Set(numbers)];
    }),
  );
}

/** The rows of the README: which tests hold each of them. */
function listedCases(): { readonly number: number; readonly tests: readonly string[] }[] {
  const readme = fs.readFileSync(path.join(formats, 'README.md'), 'utf8');
  const section = /^## Awkward streams$([^]*?)^## /m.exec(readme)?.[1] ?? '';
  return [...section.matchAll(/^\| +(\d+) +\|[^|]*\|([^|]*)\|$/gm)].map(([, number, tests = '']) => ({
    number: Number(number),
    tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  }));
}

describe('the awkward streams of the README', () => {
  it('are all 28', () => {
    expect(listedCases().map(({ number }) => number)).toEqual(
      Array.from({ length: 28 }, (_, index) => index + 1),
    );
  });

  it('are each held by the tests that the README names, in whose titles they are cited', () => {
    const cited = citedCases();
    for (const { number, tests } of listedCases()) {
      expect([number, tests.length > 0]).toEqual([number, true]);
      expect([number, tests.filter((name) => cited.get(name)?.has(number) !== true)]).toEqual([number, []]);
    }
  });
});
