import type { FormatName } from '@stepfold/formats';
import fs from 'node:fs';
import path from 'node:path';

/** Recorded streams lie beside the repository; they are test data and no part of it. */
const shared = path.resolve(__dirname, '../../../shared/streams');

/** Raw recordings, and what AI SDK 6 and 7 made of them or of streams that were cut short. */
const folders = ['vercel-ai', 'fantasy', 'ai-sdk-v6', 'ai-sdk-v7', 'ai-sdk-aborted'];

/**
 * Which format a recording has: by its name where the AI SDK wrote it, else by what stands in it. The first that fits
 * counts. What none of them fits is of a vocabulary that is not read here (Bedrock, Cohere, Gemini Interactions).
 */
const vocabularies: readonly (readonly [FormatName, RegExp, RegExp?])[] = [
  ['ai-sdk', /\.full\.jsonl$/],
  ['language-model', /\.lm\.jsonl$/],
  ['ui-message', /\.ui\.jsonl$/],
  ['anthropic', /^(?:vercel-ai|fantasy)\//, /^(?:data: ?)?\{"type": ?"message_start"/m],
  ['openai-responses', /^(?:vercel-ai|fantasy)\//, /"type": ?"response\.\w/],
  ['google', /^(?:vercel-ai|fantasy)\//, /"candidates": ?\[/],
  ['openai-chat', /^(?:vercel-ai|fantasy)\//, /"choices": ?\[/],
];

export interface KnownRecording {
  /** Folder and file name, such as `vercel-ai/groq-text.jsonl`. */
  readonly name: string;
  /** The file name without its endings: the same for all that was made of one recording. */
  readonly baseName: string;
  readonly format: FormatName;
  readonly text: string;
  readonly lines: readonly string[];
}

/** Every recording whose format is known. Without recordings there are none, which a build machine does not accept. */
export function readAllRecordings(): readonly KnownRecording[] {
  const found = folders.flatMap((folder) => {
    const inside = path.join(shared, folder);
    if (!fs.existsSync(inside)) return [];
    return fs
      .readdirSync(inside)
      .filter((file) => file.endsWith('.jsonl'))
      .sort()
      .flatMap((file) => known(`${folder}/${file}`, fs.readFileSync(path.join(inside, file), 'utf8')));
  });
  if (found.length > 0) return found;
  if (process.env['CI']) throw new Error(`there are no recorded streams in ${shared}`);
  console.warn(`SKIPPED: no recorded streams in ${shared}; the converters are not tested on them`);
  return [];
}

function known(name: string, text: string): KnownRecording[] {
  const format = vocabularies.find(
    ([, ofName, ofText]) => ofName.test(name) && (ofText === undefined || ofText.test(text)),
  )?.[0];
  if (format === undefined) return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const baseName = path.basename(name).replace(/(?:\.(?:full|lm|ui))?\.jsonl$/, '');
  return [{ name, baseName, format, text, lines }];
}
