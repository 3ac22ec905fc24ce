import fs from 'node:fs';
import path from 'node:path';

/** Recorded streams lie beside the repository; they are test data and no part of it. */
const folder = path.resolve(__dirname, '../../../shared/streams');

export interface StreamRecording {
  /** Folder and file name, such as `ai-sdk-v6/groq-text.full.jsonl`. */
  readonly name: string;
  readonly lines: readonly string[];
  readonly parts: readonly Readonly<Record<string, unknown>>[];
}

/**
 * The recordings of some folders whose names have an ending. If a folder has none, says so loudly and answers
 * none at all; a build machine must have them.
 *
 * @param isWanted by the text of a file; all lines of a wanted one must be JSON objects
 */
export function readRecordings(
  folders: readonly string[],
  ending: string,
  isWanted: (text: string) => boolean = () => true,
): readonly StreamRecording[] {
  const read = folders.map((name) => readFolder(name, ending, isWanted));
  const absent = folders.filter((_name, index) => read[index]?.length === 0);
  if (absent.length === 0) return read.flat();
  const problem = `no recorded streams (*${ending}) of ${absent.join(', ')} in ${folder}`;
  if (process.env['CI']) throw new Error(`there are ${problem}`);
  console.warn(`SKIPPED: ${problem}; the converters are not tested on them`);
  return [];
}

function readFolder(name: string, ending: string, isWanted: (text: string) => boolean): StreamRecording[] {
  const inside = path.join(folder, name);
  if (!fs.existsSync(inside)) return [];
  return fs
    .readdirSync(inside)
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => ({ file, text: fs.readFileSync(path.join(inside, file), 'utf8') }))
    .filter(({ text }) => isWanted(text))
    .map(({ file, text }) => {
      const lines = text.trimEnd().split('\n');
      const parts = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
      return { name: `${name}/${file}`, lines, parts };
    });
}
