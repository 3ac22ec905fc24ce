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
  let pending: string[] = [];

  function readData(line: string): ReadLine {
    const text = line.trim();
    if (pending.length === 0 && (text === '[DONE]' || text === '')) return FRAMING;
    const part = parsedObject(line);
    if (part === undefined) {
      pending.push(line);
      return FRAMING;
    }
    const hasUnreadable = pending.length > 0;
    pending = [];
    return { kind: 'part', part, ...(hasUnreadable ? { hasUnreadable } : {}) };
  }

  function endEvent(): ReadLine {
    if (pending.length === 0) return FRAMING;
    const part = parsedObject(pending.join('\n'));
    pending = [];
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
