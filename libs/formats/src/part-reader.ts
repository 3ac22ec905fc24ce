import { isObject } from './fields-of.js';

type Part = Readonly<Record<string, unknown>>;

/** What a line of a recording of parts is. */
export type ReadLine =
  /** `hasUnreadable`: what came just before it and was waiting for more turned out to be no part. */
  | { readonly kind: 'part'; readonly part: Part; readonly hasUnreadable?: true }
  /** Nothing of its own: blank, or what frames server-sent events. */
  | { readonly kind: 'framing' }
  /** Neither a JSON object nor framing. */
  | { readonly kind: 'unreadable' };

/** Characters that are held of a part over several lines, line breaks counted. A longer one is no part. */
export const PART_LENGTH_MAX = 32 * 1024 * 1024;

/** The lines of a part that has not ended: those of one without end must not fill the memory. */
export interface HeldLines {
  readonly isEmpty: boolean;
  hold(line: string): void;
  /** The held lines and this one as one text; undefined if there were too many. Nothing is held then. */
  endWith(line?: string): string | undefined;
}

export function createHeldLines(): HeldLines {
  let lines: string[] = [];
  let length = 0;
  return {
    get isEmpty() {
      return length === 0;
    },
    hold(line) {
      length += line.length + 1;
      if (length > PART_LENGTH_MAX) lines = [];
      else lines.push(line);
    },
    endWith(line) {
      const isWhole = length <= PART_LENGTH_MAX;
      const text = isWhole ? [...lines, ...(line === undefined ? [] : [line])].join('\n') : undefined;
      lines = [];
      length = 0;
      return text;
    },
  };
}

export interface PartReader {
  read(line: string): ReadLine;
  /** What is left at the end of the file. */
  end(): ReadLine;
}

/**
 * Reads parts from JSON lines: each line that is not blank is one JSON object.
 *
 * With `isSentOverHttp` also from raw server-sent events, told apart line by line. A data line that is a JSON object
 * is a part, whether or not a blank line follows (some recorders drop those); data on several lines are a part
 * where a blank line ends them. `event:`, `id:`, `retry:`, comments and `data: [DONE]` are framing: what kind of
 * event it is, the data says too.
 */
export function createPartReader({ isSentOverHttp = false }: { isSentOverHttp?: boolean } = {}): PartReader {
  /** Data lines of the present event, none of which is an object alone. */
  const pending = createHeldLines();

  function readData(line: string): ReadLine {
    const text = line.trim();
    if (pending.isEmpty && (text === '[DONE]' || text === '')) return FRAMING;
    const part = parsedObject(line);
    if (part === undefined) {
      pending.hold(line);
      return FRAMING;
    }
    const hasUnreadable = !pending.isEmpty;
    pending.endWith();
    return { kind: 'part', part, ...(hasUnreadable ? { hasUnreadable } : {}) };
  }

  function endEvent(): ReadLine {
    if (pending.isEmpty) return FRAMING;
    const text = pending.endWith();
    const part = text === undefined ? undefined : parsedObject(text);
    return part === undefined ? UNREADABLE : { kind: 'part', part };
  }

  return {
    read(line) {
      if (line.trim() === '') return endEvent();
      if (isSentOverHttp) {
        const [, name, value = ''] = /^(data|event|id|retry|)(?::(.*))?$/s.exec(line) ?? [];
        if (name === 'data') return readData(value);
        if (name === 'event') return endEvent();
        if (name !== undefined) return FRAMING;
      }
      const part = parsedObject(line);
      return part === undefined ? UNREADABLE : { kind: 'part', part };
    },
    end: endEvent,
  };
}

const FRAMING: ReadLine = { kind: 'framing' };
const UNREADABLE: ReadLine = { kind: 'unreadable' };

/** The object that a JSON text is; undefined for everything else. */
export function parsedObject(text: string): Part | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
