import { breakAt, plainLine } from '../render/plain-text.js';
import { charactersOf, columnsOf } from '../render/text-columns.js';

/**
 * Text that comes in small pieces and is shown in lines: a line is given when it is full or ended by a break,
 * and the rest when somebody asks for it.
 */
export interface GatheredText {
  readonly isEmpty: boolean;
  /** Takes a piece and answers the lines that it completes. */
  add(piece: string): readonly string[];
  /** The line that was begun, if any. Half a pair of surrogates waits for the other half. */
  take(): readonly string[];
}

/** UTF-16 units for each column of a line: a family of emoji of two columns has some twenty. */
const UNITS_MAX = 32;

export function createGatheredText(width: number): GatheredText {
  let rest = '';
  return {
    get isEmpty() {
      return rest === '';
    },
    add(piece) {
      rest += piece;
      const lines: string[] = [];
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        lines.push(...wrapped(rest.slice(0, end), width));
        rest = rest.slice(end + 1);
      }
      if (columnsOf(rest) > width || rest.length > UNITS_MAX * width) {
        const [half, whole] = halfPair(rest);
        const full = wrapped(whole, width);
        const begun = full.pop() ?? '';
        lines.push(...full);
        // A line that never fills up, because nothing in it takes a column, must not grow for ever.
        if (begun.length > UNITS_MAX * width) lines.push(begun);
        rest = `${begun.length > UNITS_MAX * width ? '' : begun}${half}`;
      }
      return lines;
    },
    take() {
      const [half, whole] = halfPair(rest);
      rest = half;
      return whole.trim() === '' ? [] : wrapped(whole.trimEnd(), width);
    },
  };
}

/** A high surrogate at the very end, and what stands before it. */
function halfPair(text: string): readonly [half: string, whole: string] {
  const hasHalf = /[\ud800-\udbff]$/.test(text);
  return hasHalf ? [text.slice(-1), text.slice(0, -1)] : ['', text];
}

/** Lines of at most `width` columns, broken at blanks where that is possible; the last keeps its end. */
function wrapped(text: string, width: number): string[] {
  let rest = charactersOf(plainLine(text.replace(/\r$/, '').toWellFormed()));
  const lines: string[] = [];
  for (let end = breakAt(rest, width); end < rest.length; end = breakAt(rest, width)) {
    lines.push(rest.slice(0, end).join('').trimEnd());
    rest = rest.slice(rest[end] === ' ' ? end + 1 : end);
  }
  return [...lines, rest.join('')];
}
