import { createHeldLines, parsedObject, type PartReader, type ReadLine } from './part-reader.js';

/** True if a file that begins with this line is one JSON array of objects, and no JSON lines. */
export function beginsArray(line: string): boolean {
  return /^\s*\[\s*(?:\{|$)/.test(line);
}

export interface ArrayReader extends Omit<PartReader, 'read'> {
  /** The elements that end in this line. */
  read(line: string): readonly ReadLine[];
}

/**
 * Reads parts from a file that is one JSON array, over however many lines: what Gemini answers where nobody asked for
 * server-sent events, and what `JSON.stringify` makes of the chunks of any stream. An element is read where its last
 * bracket stands, so an array that was cut off gives all that is whole; one of too many lines is none. What stands between elements is nothing.
 */
export function createArrayReader(): ArrayReader {
  /** The lines of the present element before this one. */
  const held = createHeldLines();
  let depth = 0;
  let isInString = false;
  let isEscaped = false;

  return {
    read(line) {
      const reads: ReadLine[] = [];
      let from = 0;
      for (let index = 0; index < line.length; index++) {
        const char = line[index];
        if (depth === 0) {
          if (char !== '{') continue;
          from = index;
          depth = 1;
        } else if (isInString) {
          if (isEscaped) isEscaped = false;
          else if (char === '\\') isEscaped = true;
          else if (char === '"') isInString = false;
        } else if (char === '"') isInString = true;
        else if (char === '{' || char === '[') depth++;
        else if (char === '}' || char === ']') {
          depth--;
          if (depth > 0) continue;
          reads.push(readElement(held.endWith(line.slice(from, index + 1))));
        }
      }
      if (depth > 0) held.hold(line.slice(from));
      return reads;
    },
    end() {
      const isCutOff = depth > 0;
      held.endWith();
      depth = 0;
      return { kind: isCutOff ? 'unreadable' : 'framing' };
    },
  };
}

function readElement(text: string | undefined): ReadLine {
  const part = text === undefined ? undefined : parsedObject(text);
  return part === undefined ? { kind: 'unreadable' } : { kind: 'part', part };
}
