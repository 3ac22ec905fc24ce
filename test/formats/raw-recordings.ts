import fs from 'node:fs';
import path from 'node:path';

/** Recorded streams lie beside the repository; they are test data and no part of it. */
const folder = path.resolve(__dirname, '../../../shared/streams');

export type RawPart = Readonly<Record<string, unknown>>;

export interface RawRecording {
  /** Folder and file name, such as `vercel-ai/groq-text.jsonl`. */
  readonly name: string;
  readonly lines: readonly string[];
  /** The lines that are JSON objects, each with the number of its line. */
  readonly parts: readonly { readonly lineIndex: number; readonly part: RawPart }[];
}

/**
 * The raw provider streams of which some line is a part of one vocabulary, told by content. If there is none, says so
 * loudly and answers none at all; a build machine must have them.
 */
export function readRawRecordings(vocabulary: string, isPart: (part: RawPart) => boolean): RawRecording[] {
  const read = ['vercel-ai', 'fantasy'].flatMap(readFolder);
  const found = read.filter(({ parts }) => parts.some(({ part }) => isPart(part)));
  if (found.length > 0) return found;
  const problem = `no recorded ${vocabulary} streams in ${folder}`;
  if (process.env['CI']) throw new Error(`there are ${problem}`);
  console.warn(`SKIPPED: ${problem}; the converter is not tested on them`);
  return [];
}

function readFolder(name: string): RawRecording[] {
  const inside = path.join(folder, name);
  if (!fs.existsSync(inside)) return [];
  return fs
    .readdirSync(inside)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .map((file) => {
      const lines = fs.readFileSync(path.join(inside, file), 'utf8').split('\n');
      if (lines.at(-1) === '') lines.pop();
      return { name: `${name}/${file}`, lines, parts: lines.flatMap(partOf) };
    });
}

function partOf(line: string, lineIndex: number): { lineIndex: number; part: RawPart }[] {
  try {
    const part: unknown = JSON.parse(line.replace(/^data: ?/, ''));
    return typeof part === 'object' && part !== null ? [{ lineIndex, part: part as RawPart }] : [];
  } catch {
    return [];
  }
}

/** What the AI SDK 7 made of a recording, as language model parts; undefined if it was not given it. */
export function readLanguageModelParts(name: string): RawPart[] | undefined {
  const file = path.join(folder, 'ai-sdk-v7', path.basename(name).replace(/\.jsonl$/, '.lm.jsonl'));
  if (!name.startsWith('vercel-ai/') || !fs.existsSync(file)) return undefined;
  return fs
    .readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RawPart);
}

/** Numbers in [0, 1) that a seed repeats. */
export function seededNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}
