import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isBound, isShownAs, numbersOf, rowsOf } from './bounds.js';

const root = path.resolve(__dirname, '../..');
const page = fs.readFileSync(path.join(root, 'docs/limits.md'), 'utf8');
const numbers = numbersOf(root);

/** Its rows need no test: they are no bounds of memory. */
const NUMBERS_SECTION = 'Numbers that bound no memory';

/** What is wrong with a page, in sentences. */
function problemsOf(markdown: string): string[] {
  const rows = rowsOf(markdown);
  const missing = numbers
    .filter(isBound)
    .filter(({ name, file }) => !rows.some((row) => row.name === name && row.files.includes(file)))
    .map(({ name, file, value }) => `${name} of ${file} (${value}) is not there`);
  const wrong = rows.flatMap(({ name, files, value, tests, section }) => [
    ...files.flatMap((file) => {
      const found = numbers.filter((number) => number.name === name && number.file === file);
      if (found.length === 0) return [`${file} has no ${name}`];
      return found
        .filter((number) => !isShownAs(number.value, value))
        .map((number) => `${name} of ${file} is ${number.value}, not ${value}`);
    }),
    ...(tests.length === 0 && section !== NUMBERS_SECTION ? [`no test reaches ${name} (${section})`] : []),
    ...tests.flatMap(({ file, title }) => {
      const test = path.join(root, file);
      const isThere = fs.existsSync(test) && fs.readFileSync(test, 'utf8').includes(title);
      return isThere ? [] : [`${file} has no test “${title}” of ${name}`];
    }),
  ]);
  return [...missing, ...wrong];
}

describe('docs/limits.md', () => {
  it('has every bound of the sources with its value, and for each a test that there is', () => {
    expect(numbers.filter(isBound).length).toBeGreaterThan(100);
    expect(problemsOf(page)).toEqual([]);
  });

  it('says that a poll is what one chat may delay another by, with the numbers of a projector', () => {
    const isOf = (name: string, shown: string): boolean =>
      numbers.some(
        (each) => each.name === name && /projector/.test(each.file) && isShownAs(each.value, shown),
      );
    for (const name of ['limits.md', 'operating.md']) {
      const text = fs.readFileSync(path.join(root, 'docs', name), 'utf8').replaceAll(/\s+/g, ' ');
      const [, records, bytes] = /at most one poll, ([\d,]+ records) or (\d+ MiB),/.exec(text) ?? [];
      expect([isOf('batchEventsMax', records ?? ''), isOf('batchBytesMax', bytes ?? '')]).toEqual([
        true,
        true,
      ]);
    }
  });

  it.each([
    [
      'a default that is not that of the code',
      '| 10,000 events',
      '| 10,001 events',
      /queueEventsMax .* is 10000/,
    ],
    ['a bound that there is not', '[`queueEventsMax`]', '[`queueEventsMin`]', /has no queueEventsMin/],
    [
      'a bound that is left out',
      '[`ANSWER_BYTES_MAX`]',
      '`ANSWER_BYTES_MAX`',
      /^ANSWER_BYTES_MAX .* is not there/,
    ],
    ['a test that there is not', '“counts bytes too”', '“counts bits too”', /has no test “counts bits too”/],
    ['no test', '“counts bytes too”', '', /no test reaches queueBytesMax/],
  ])('is refused with %s', (_what, text, replacement, problem) => {
    expect(page).toContain(text);
    expect(problemsOf(page.replace(text, replacement))).toContainEqual(expect.stringMatching(problem));
  });
});
