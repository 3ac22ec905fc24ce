import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { detectFormat, formatNames, splitLines } from '@stepfold/formats';
import { recordedSuite } from './recorded-suite.js';

/** What the recordings are is said by their indexes and their names; see the README beside them. */
const folder = path.resolve(__dirname, '../../../shared/streams');

interface Indexed {
  readonly name: string;
  /** The name of a format, or of a vocabulary that nothing converts. */
  readonly expected: string;
  readonly lines: readonly string[];
}

const formatsOfIndexes: Readonly<Record<string, string>> = { 'anthropic-sse': 'anthropic' };
const unsupportedNames: readonly (readonly [RegExp, string])[] = [
  [/^amazon-bedrock/, 'Amazon Bedrock’s ConverseStream'],
  [/^cohere/, 'Cohere’s chat'],
  [/^google-interactions/, 'Google’s Interactions API'],
  [/-live-/, 'Google’s Live API'],
];

function indexed(): readonly Indexed[] {
  if (!fs.existsSync(folder)) {
    if (process.env['CI']) throw new Error(`there are no recorded streams in ${folder}`);
    console.warn(`SKIPPED: no recorded streams in ${folder}; nothing is detected in them`);
    return [];
  }
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return [];
    const inside = path.join(folder, entry.name);
    const ofIndex = formatsByFile(inside);
    return fs
      .readdirSync(inside)
      .filter((file) => file.endsWith('.jsonl'))
      .map((file) => ({
        name: `${entry.name}/${file}`,
        expected: expectedOf(file, ofIndex.get(file)),
        lines: fs.readFileSync(path.join(inside, file), 'utf8').trimEnd().split('\n'),
      }));
  });
}

function formatsByFile(inside: string): ReadonlyMap<string, string> {
  const file = path.join(inside, 'index.tsv');
  if (!fs.existsSync(file)) return new Map();
  const [head, ...rows] = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
  const columns = head!.split('\t');
  const [fileColumn, formatColumn] = [columns.indexOf('file'), columns.indexOf('format')];
  return new Map(rows.map((row) => row.split('\t')).map((row) => [row[fileColumn]!, row[formatColumn]!]));
}

function expectedOf(file: string, ofIndex: string | undefined): string {
  if (file.endsWith('.full.jsonl')) return 'ai-sdk';
  if (file.endsWith('.ui.jsonl')) return 'ui-message';
  if (file.endsWith('.lm.jsonl')) return 'language-model';
  const named = unsupportedNames.find(([pattern]) => pattern.test(file))?.[1];
  return named ?? formatsOfIndexes[ofIndex!] ?? ofIndex!;
}

/** The format, or what is not supported, or the whole problem. */
function told(lines: readonly string[]): string {
  const detection = detectFormat(lines);
  if (detection.ok) return detection.format;
  return detection.problem.split(' is not supported: ')[0]!;
}

const isUnsure = (answer: string): boolean => /^(may be|is in no format|is empty)/.test(answer);
const recordings = indexed();
const suite = recordedSuite(recordings);
const asSse = (lines: readonly string[]): string[] => lines.flatMap((line) => [`data: ${line}`, '']);

suite('the format of a recorded stream', () => {
  it('is one that is known, by its index or its name', () => {
    const names = new Set<string>([...formatNames, ...unsupportedNames.map(([, name]) => name)]);
    expect(recordings.filter(({ expected }) => !names.has(expected))).toEqual([]);
  });

  it('is told from the whole file, as lines of text and as bytes', () => {
    const wrong = recordings.flatMap(({ name, expected, lines }) => {
      const detection = detectFormat(splitLines(Buffer.from(lines.join('\n'))));
      const ofBytes = detection.ok ? detection.format : told(lines);
      return told(lines) === expected && ofBytes === expected ? [] : [{ name, expected, told: told(lines) }];
    });
    expect(wrong).toEqual([]);
  });

  it('is told or left open, and never told wrongly, wherever the file begins and ends', () => {
    const wrong = recordings.flatMap(({ name, expected, lines }) => {
      const cuts = [
        ...[0, 1, 2, 3, 5, 8, 13, 21].map((from) => lines.slice(from)),
        ...[1, 2, 3, 4, 6, 10, 17, 30].map((to) => lines.slice(0, to)),
        ...[4, 9, 40].map((from) => lines.slice(from, from + 2)),
      ];
      return cuts.flatMap((cut, index) => {
        const answer = told(cut);
        return answer === expected || isUnsure(answer) ? [] : [{ name, expected, index, told: answer }];
      });
    });
    expect(wrong).toEqual([]);
  });

  it('is told by each line alone, or left open', () => {
    const wrong = recordings.flatMap(({ name, expected, lines }) =>
      [...new Set(lines)].slice(0, 200).flatMap((line) => {
        const answer = told([line]);
        return answer === expected || isUnsure(answer)
          ? []
          : [{ name, expected, line: line.slice(0, 200), told: answer }];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('is the same for server-sent events, where the format is sent over HTTP', () => {
    const overHttp = ['anthropic', 'openai-chat', 'openai-responses', 'google', 'ui-message'];
    const wrong = recordings
      .filter(({ expected }) => overHttp.includes(expected))
      .filter(({ expected, lines }) => told(asSse(lines)) !== expected)
      .map(({ name }) => name);
    expect(wrong).toEqual([]);
  });
});

/** How many of the cuts are told and not left open: a detection that always says “cannot tell” must not pass. */
suite('a stream of which little is there', () => {
  it.each([
    ['the first five lines', (lines: readonly string[]) => lines.slice(0, 5), 0.95],
    ['all but the first three lines', (lines: readonly string[]) => lines.slice(3), 0.95],
  ] as const)('is nearly always told from %s', (_title, cut, share) => {
    const long = recordings.filter(({ lines }) => lines.length > 8);
    const open = long.filter(({ expected, lines }) => told(cut(lines)) !== expected);
    expect(open.length / long.length).toBeLessThanOrEqual(1 - share);
  });
});
