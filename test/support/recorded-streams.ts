import fs from 'node:fs';
import path from 'node:path';

const folder = path.resolve(__dirname, '../../../shared/streams');

export interface RecordedStream {
  /** Folder and file name without its endings, as a chat id: `v6-anthropic-text`. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

/** The recorded streams of some folders, or none where the recordings are not at hand. */
export function recordedStreams(folders: readonly string[], ending: string): readonly RecordedStream[] {
  if (!fs.existsSync(folder)) {
    if (process.env['CI'] !== undefined) throw new Error(`the recorded streams are required here: ${folder}`);
    return [];
  }
  return folders.flatMap((name) =>
    fs
      .readdirSync(path.join(folder, name))
      .filter((file) => file.endsWith(ending))
      .sort()
      .map((base) => {
        const file = path.join(folder, name, base);
        return {
          name: `${name.replace('ai-sdk-', '')}-${base.slice(0, -ending.length)}`,
          file,
          text: fs.readFileSync(file, 'utf8'),
        };
      }),
  );
}
