import { cutText, padText, padTextStart } from './plain-text.js';
import type { Look, Screen } from './screen.js';
import { joined } from './step-head.js';
import { columnsOf } from './text-columns.js';
import type { Lane, MarkKind, Span } from './timeline-lanes.js';
import { cellOf, type Scale } from './timeline-scale.js';

/** What is drawn, and what a legend says that it means. */
export const glyphs = {
  writing: ['░', 'arguments are written'],
  waiting: ['▒', 'waits'],
  working: ['█', 'at work'],
  moment: ['▏', 'shorter than a column'],
  point: ['•', 'a moment'],
  before: ['◂', 'began before'],
  after: ['▸', 'goes on'],
  failed: ['✗', 'failed'],
  'cut off': ['┤', 'cut off'],
  backwards: ['?', 'ends before it begins, by its stamps'],
  interrupt: ['▲', 'interrupt'],
  error: ['!', 'error'],
} as const;

export type Glyph = keyof typeof glyphs;

const markGlyphs: { readonly [K in MarkKind]: Glyph } = {
  point: 'point',
  failed: 'failed',
  'cut off': 'cut off',
  'goes on': 'after',
  backwards: 'backwards',
  interrupt: 'interrupt',
  error: 'error',
};

/** Ends that have a colour of their own. */
const endLooks: { readonly [K in Glyph]?: Look } = {
  failed: 'failure',
  'cut off': 'warning',
  backwards: 'warning',
};

/** Fewer columns than these say nothing. */
const WORDS_COLUMNS_MIN = 10;

/** A lane as it is drawn: its bar, and beside it what it is about if there is room. */
export interface DrawnLane {
  /** `scale.cells + 1` columns. */
  readonly chart: string;
  /** What has to be said and had no room. */
  readonly below: string;
}

export function drawLane(lane: Lane, scale: Scale, { paint }: Screen, used: Set<Glyph>): DrawnLane {
  const columns = scale.cells + 1;
  const { note = '' } = lane;
  const words = joined([note, lane.words]);
  const cells = cellsOf(lane, scale);
  for (const glyph of cells) if (glyph !== undefined) used.add(glyph);
  const begin = cells.findIndex((glyph) => glyph !== undefined);
  if (begin < 0) return { chart: padText(words, columns), below: '' };
  const end = cells.findLastIndex((glyph) => glyph !== undefined) + 1;
  const drawn = (from: number, to: number): string =>
    cells
      .slice(from, to)
      .map((glyph) => (glyph === undefined ? ' ' : glyphs[glyph][0]))
      .join('');
  const lookOfEnd = endLooks[cells[end - 1]!] ?? lane.look;
  const bar = paint(lane.look, drawn(begin, end - 1)) + paint(lookOfEnd, drawn(end - 1, end));
  const [left, right] = [begin - 1, columns - end - 1];
  const enough = Math.min(
    columnsOf(cutText(words, columns)),
    Math.max(WORDS_COLUMNS_MIN, columnsOf(cutText(note, columns))),
  );
  if (right >= enough && right > 0) {
    return { chart: `${' '.repeat(begin)}${bar} ${padText(words, right)}`, below: '' };
  }
  if (left >= enough) {
    return { chart: `${padTextStart(words, left)} ${bar}${' '.repeat(columns - end)}`, below: '' };
  }
  return { chart: ' '.repeat(begin) + bar + ' '.repeat(columns - end), below: note === '' ? '' : words };
}

function cellsOf(lane: Lane, scale: Scale): (Glyph | undefined)[] {
  const cells: (Glyph | undefined)[] = Array.from({ length: scale.cells + 1 });
  let free = 0;
  for (const span of lane.spans) free = drawSpan(cells, span, free, scale);
  const { mark } = lane;
  if (mark === undefined) return cells;
  // Behind the bar that it ends; alone it stands where it belongs.
  const at = lane.spans.length === 0 ? cellOf(mark.at, scale) : Math.min(free, scale.cells);
  cells[at] = markGlyphs[mark.kind];
  return cells;
}

/** Draws from the first free cell on, and answers the next free one. */
function drawSpan(
  cells: (Glyph | undefined)[],
  { kind, from, to }: Span,
  free: number,
  scale: Scale,
): number {
  if (to < scale.from) {
    cells[0] = 'before';
    return 1;
  }
  const first = Math.min(scale.cells - 1, Math.max(free, cellOf(from, scale)));
  const exact = ((Math.min(to, scale.to) - scale.from) / (scale.to - scale.from)) * scale.cells;
  const end = Math.min(scale.cells, Math.max(first + 1, Math.round(exact)));
  const isMoment = (to - from) / (scale.to - scale.from) < 0.25 / scale.cells;
  cells.fill(isMoment ? 'moment' : kind, first, end);
  if (from < scale.from && first === 0) cells[0] = 'before';
  if (to > scale.to) cells[end - 1] = 'after';
  return end;
}
