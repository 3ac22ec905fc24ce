import { charactersOf, columnsOf, headWithin } from './text-columns.js';

/**
 * Text of models and tools as it may stand in a terminal: line breaks stay, tabs become blanks, and every other
 * control character is shown as a symbol. Escape sequences in it must not move the cursor, set the
 * title of the window or write into the clipboard.
 */
export function plainText(text: string): string {
  return (
    text
      .replaceAll('\r\n', '\n')
      .replaceAll('\t', '  ')
      // eslint-disable-next-line no-control-regex -- these are the ones to be shown
      .replaceAll(/[\u0000-\u0009\u000b-\u001f]/g, (control) =>
        String.fromCharCode(control.charCodeAt(0) + 0x2400),
      )
      // The other controls, what breaks lines elsewhere, what turns the direction of writing around, and halves
      // of a character.
      .replaceAll(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu, '\u{fffd}')
  );
}

/** The same on one line. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll('\n', ' ');
}

/**
 * Lines of at most `width` columns, broken at blanks where that is possible. At most `linesMax` of them; the
 * rest is counted in the last line.
 */
export function wrapText(text: string, width: number, linesMax: number): readonly string[] {
  const lines: string[] = [];
  // More is never shown, unless it is nearly all blank: a text may have megabytes.
  const head = text.slice(0, 4 * width * (linesMax + 1));
  for (const paragraph of plainText(head)
    .trimEnd()
    .replace(/^[ \n]*\n/, '')
    .split('\n')) {
    let rest = charactersOf(paragraph.trimEnd());
    do {
      const end = breakAt(rest, width);
      lines.push(rest.slice(0, end).join('').trimEnd());
      rest = withoutBlanks(rest.slice(end));
    } while (rest.length > 0 && lines.length <= linesMax);
    if (lines.length > linesMax) break;
  }
  if (lines.length <= linesMax && head.length === text.length) return lines;
  return [...lines.slice(0, linesMax), cutText(`… (${text.length} characters in all)`, width)];
}

/** Where to break a line that begins with these characters: behind the last blank that fits, if there is one. */
export function breakAt(characters: readonly string[], width: number): number {
  const fitting = headWithin(characters, width).length;
  if (fitting === characters.length) return fitting;
  const blank = characters.lastIndexOf(' ', fitting);
  // A character that is wider than the line is taken all the same: there has to be an end.
  return blank > 0 ? blank : Math.max(1, fitting);
}

function withoutBlanks(characters: readonly string[]): readonly string[] {
  const begin = characters.findIndex((character) => character !== ' ');
  return begin < 0 ? [] : characters.slice(begin);
}

/** A text on one line, cut to `width` columns. */
export function cutText(text: string, width: number): string {
  // A character rarely has more units than this, and a text may have megabytes.
  const head = text.slice(0, 32 * width);
  const line = plainLine(head);
  if (head.length === text.length && columnsOf(line) <= width) return line;
  return width < 1 ? '' : `${headWithin(charactersOf(line), width - 1).join('')}…`;
}

/** A text on one line of exactly `width` columns: cut, or filled up with blanks behind it. */
export function padText(text: string, width: number): string {
  const cut = cutText(text, width);
  return cut + blanks(width - columnsOf(cut));
}

/** The same with the blanks before it. */
export function padTextStart(text: string, width: number): string {
  const cut = cutText(text, width);
  return blanks(width - columnsOf(cut)) + cut;
}

function blanks(count: number): string {
  return ' '.repeat(Math.max(0, count));
}
