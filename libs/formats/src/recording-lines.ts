/**
 * A line of a recorded file without its line break: text, or the bytes of it. Give bytes where a line may not
 * be valid UTF-8: whoever decodes a file first can no longer see that.
 */
export type RecordingLine = string | Uint8Array;

const LINE_FEED = 0x0a;

/** The lines of a file, as views of its bytes. A line feed at the very end begins no further line. */
export function* splitLines(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(LINE_FEED, from);
    yield bytes.subarray(from, end < 0 ? bytes.length : end);
    if (end < 0) return;
    from = end + 1;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a line, without the byte order mark that may begin a file. Undefined if it is not UTF-8. */
export function textOfLine(line: RecordingLine, lineIndex: number): string | undefined {
  let text: string;
  try {
    text = typeof line === 'string' ? line : decoder.decode(line);
  } catch {
    return undefined;
  }
  return lineIndex === 0 && text.startsWith('\uFEFF') ? text.slice(1) : text;
}
