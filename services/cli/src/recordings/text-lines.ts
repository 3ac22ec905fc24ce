import { UsageError } from '@stepfold/runtime';
import type { InputFile } from './input-file.js';

/** Bytes that are no text are refused and not passed over: nobody could tell what was lost. */
export function* textLines(file: InputFile): Generator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let lineNumber = 0;
  for (const line of file.lines()) {
    lineNumber++;
    let text: string;
    try {
      text = decoder.decode(line);
    } catch (cause) {
      const sentence = `${file.label}, line ${lineNumber}: the line is not valid UTF-8`;
      throw new UsageError('bad-input', sentence, { cause });
    }
    yield text;
  }
}
