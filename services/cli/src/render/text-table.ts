import { cutText, padText, padTextStart } from './plain-text.js';
import type { Look, Screen } from './screen.js';
import { columnsOf } from './text-columns.js';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** For rows that are not known yet. */
  readonly columnsMin?: number;
  /** What is longer is cut. */
  readonly columnsMax: number;
  /** Takes what the others leave; one column of a table does. */
  readonly isFlexible?: true;
}

export interface Cell {
  readonly text: string;
  readonly look?: Look;
}

/** A table of which all lines stand in the same columns, also if other lines stand between them. */
export interface TextTable {
  readonly head: string;
  readonly line: (cells: readonly Cell[]) => string;
}

const GAP = '  ';
const FLEXIBLE_COLUMNS_MIN = 8;
/** No cell is measured further. */
const MEASURED_MAX = 200;

/** @param rows what the table will hold: its columns are as wide as that needs */
export function createTextTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  screen: Screen,
  indent = '',
): TextTable {
  const widths = widthsOf(columns, rows, screen.width - indent.length);
  const line = (cells: readonly Cell[]): string => {
    const texts = columns.map(({ align }, index) => {
      const { text, look } = cells[index] ?? { text: '' };
      const width = widths[index]!;
      const padded =
        align === 'right'
          ? padTextStart(text, width)
          : index === columns.length - 1
            ? cutText(text, width)
            : padText(text, width);
      return look === undefined || padded.trim() === '' ? padded : screen.paint(look, padded);
    });
    return `${indent}${texts.join(GAP)}`.trimEnd();
  };
  return { head: line(columns.map(({ title }) => ({ text: title, look: 'faint' }))), line };
}

function widthsOf(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
): readonly number[] {
  const widths = columns.map(({ title, columnsMin = 0, columnsMax, isFlexible }, index) =>
    isFlexible === true
      ? FLEXIBLE_COLUMNS_MIN
      : rows.reduce(
          (most, row) =>
            Math.max(most, columnsOf(cutText(row[index]?.text ?? '', Math.min(columnsMax, MEASURED_MAX)))),
          Math.max(columnsMin, columnsOf(title)),
        ),
  );
  const free = (): number =>
    width - GAP.length * (columns.length - 1) - widths.reduce((sum, columnWidth) => sum + columnWidth, 0);
  // A narrow screen takes from the widest.
  while (free() < 0) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = widths[widest]! - 1;
  }
  const flexible = columns.findIndex(({ isFlexible }) => isFlexible === true);
  if (flexible >= 0) widths[flexible] = Math.min(columns[flexible]!.columnsMax, widths[flexible]! + free());
  return widths;
}
