import type { Host } from '../host.js';

/** What output for a person is made for. */
export interface Screen {
  /** Columns of a line. */
  readonly width: number;
  /** Gives a text the look of what it stands for; the text itself where there are no colours. */
  readonly paint: (look: Look, text: string) => string;
}

/** What a piece of text stands for. Colour only repeats what the words say. */
export type Look = keyof typeof looks;

/** Codes that begin and end each look (ECMA-48, SGR). */
const looks = {
  heading: [1, 22],
  reasoning: [35, 39],
  text: [36, 39],
  tool: [34, 39],
  good: [32, 39],
  warning: [33, 39],
  failure: [31, 39],
  /** What may be overlooked. */
  faint: [2, 22],
} as const;

const WIDTH = 80;
const WIDTH_MIN = 60;
const WIDTH_MAX = 120;

/** A screen of 80 columns without colour: what a file or another program gets. */
export const plainScreen: Screen = { width: WIDTH, paint: (_look, text) => text };

/** The screen that standard output of this host is. */
export function screenOf({
  stdoutColumns,
  environment,
}: Pick<Host, 'stdoutColumns' | 'environment'>): Screen {
  const width = stdoutColumns === undefined ? WIDTH : Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, stdoutColumns));
  if (!hasColour(stdoutColumns !== undefined, environment)) return { ...plainScreen, width };
  return { width, paint };
}

function paint(look: Look, text: string): string {
  const [begin, end] = looks[look];
  return text === '' ? '' : `\u001b[${begin}m${text}\u001b[${end}m`;
}

/** Colour on a terminal, unless `NO_COLOR` is set; elsewhere only with `FORCE_COLOR`. See no-color.org. */
function hasColour(isTerminal: boolean, environment: Host['environment']): boolean {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = environment;
  if (NO_COLOR !== '') return false;
  if (FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
