import { eastAsianWidth } from 'get-east-asian-width';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const plainAscii = /^[\u0020-\u007e]*$/;
// No literal: the compiler knows this flag for later targets only; every Node that is supported has it.
const emoji = new RegExp('^\\p{RGI_Emoji}$', 'v');
/**
 * What takes no column: accents, joiners, what cannot be seen, and vowels and finals of Hangul behind their head.
 * Soft hyphens and the signs before Arabic numbers are seen in some terminals.
 */
const ofNoWidth =
  /(?![\u00ad\u0600-\u0605\u06dd])[\p{Mn}\p{Me}\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}\u1160-\u11ff\ud7b0-\ud7ff]/gu;

/** Characters as a person counts them: an accent or a family of emoji is never taken apart. */
export function charactersOf(text: string): readonly string[] {
  if (plainAscii.test(text)) return text.split('');
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/**
 * Columns of a terminal that a text of one line takes: Chinese and emoji take two for each character. Where
 * terminals differ this is the most that one takes, so that no line is ever broken by the terminal.
 */
export function columnsOf(text: string): number {
  if (plainAscii.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of segmenter.segment(text)) columns += columnsOfCharacter(segment);
  return columns;
}

function columnsOfCharacter(character: string): number {
  if (plainAscii.test(character)) return character.length;
  if (emoji.test(character)) return 2;
  let columns = 0;
  for (const visible of character.replaceAll(ofNoWidth, ''))
    columns += eastAsianWidth(visible.codePointAt(0)!);
  return columns;
}

/** The characters that fit into `columns`, from the first one on. */
export function headWithin(characters: readonly string[], columns: number): readonly string[] {
  let taken = 0;
  const end = characters.findIndex((character) => (taken += columnsOf(character)) > columns);
  return end < 0 ? characters : characters.slice(0, end);
}
