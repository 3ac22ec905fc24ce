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
      // The other controls, and what turns the direction of writing around.
      .replaceAll(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\u{fffd}')
  );
}

/** The same on one line. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll('\n', ' ');
}

/**
 * Lines of at most `width` characters, broken at blanks where that is possible. At most `linesMax` of them; the
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
      rest = rest.slice(end);
      while (rest[0] === ' ') rest.shift();
    } while (rest.length > 0 && lines.length <= linesMax);
    if (lines.length > linesMax) break;
  }
  if (lines.length <= linesMax && head.length === text.length) return lines;
  return [...lines.slice(0, linesMax), `… (${text.length} characters in all)`];
}

/** Where to break a line that begins with these characters: behind the last blank that fits, if there is one. */
function breakAt(characters: readonly string[], width: number): number {
  if (characters.length <= width) return characters.length;
  const blank = characters.lastIndexOf(' ', width);
  return blank > 0 ? blank : width;
}

/** A text cut to `width` characters. */
export function cutText(text: string, width: number): string {
  // A character rarely has more units than this, and a text may have megabytes.
  const head = text.slice(0, 32 * width);
  const characters = charactersOf(plainLine(head));
  if (characters.length <= width && head.length === text.length) return characters.join('');
  return `${characters.slice(0, width - 1).join('')}…`;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Characters as a person counts them: an accent or a family of emoji is never taken apart. */
function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
