import { withoutUnknownTimes, type Message } from '@stepfold/fold';
import { chatTools } from './durations.js';
import { formatDuration } from './format-duration.js';
import { cutText, padText, padTextStart, wrapText } from './plain-text.js';
import type { Screen } from './screen.js';
import { chatHead, joined, stepHead } from './step-head.js';
import { columnsOf } from './text-columns.js';
import { drawLane, glyphs, type Glyph } from './timeline-glyphs.js';
import { lanesOf, type Lane } from './timeline-lanes.js';
import { cellOf, formatTick, tickStep, type Scale } from './timeline-scale.js';

/** More lanes of a step are counted only. */
const LANES_MAX = 40;
const LABEL_COLUMNS_MAX = 18;
const TEXT_LINES_MAX = 3;
/** Columns that a tick and its label have, on average. */
const TICK_COLUMNS = 11;
const INDENT = '  ';

/** Columns of a line, from left to right: name, chart, duration. */
interface Layout {
  readonly label: number;
  /** One more than the scale has cells, for what marks an end. */
  readonly chart: number;
  readonly duration: number;
}

/**
 * A chat as a picture of its times: each step with a scale of its own, and a lane for every block and tool,
 * so that what happened at the same time stands one above the other. What has no times has no bar.
 */
export function renderTimeline(chatId: string, stored: readonly Message[], screen: Screen): string {
  const messages = stored.map(withoutUnknownTimes);
  if (messages.length === 0) return `${chatHead(chatId, messages, screen)}\n`;
  const tools = chatTools(messages);
  const steps = messages.map((message) => ({ message, lanes: lanesOf(message, tools) }));
  const layout = layoutOf(
    steps.flatMap(({ lanes }) => lanes),
    screen,
  );
  const used = new Set<Glyph>();
  return [
    chatHead(chatId, messages, screen),
    ...steps.flatMap(({ message, lanes }) => [
      '',
      ...stepHead(message, screen),
      ...(isSpoken(message)
        ? spokenLines(message, lanes, screen)
        : chartLines(message, lanes, layout, screen, used)),
    ]),
    ...legendLines(used, screen),
    '',
  ].join('\n');
}

/** A message that was given as a whole: it was said, and there is nothing to measure. */
function isSpoken(message: Message): boolean {
  return message.started_at === message.ended_at && message.first_output_at === undefined;
}

function spokenLines(message: Message, lanes: readonly Lane[], { width }: Screen): readonly string[] {
  const columns = width - INDENT.length;
  const texts = message.parts.flatMap((part) =>
    part.type === 'text' && part.text.trim() !== '' ? [part.text] : [],
  );
  const others = lanes.filter(({ label }) => label !== 'text');
  return [
    ...texts.flatMap((text) => wrapText(text, columns, TEXT_LINES_MAX)),
    ...others
      .slice(0, LANES_MAX)
      .map(({ label, note, words }) => cutText(`${label}: ${joined([note, words])}`, columns)),
    ...moreLines(others.length),
  ].map((line) => INDENT + line);
}

function layoutOf(lanes: readonly Lane[], { width }: Screen): Layout {
  const label = Math.min(
    LABEL_COLUMNS_MAX,
    lanes.reduce((most, lane) => Math.max(most, columnsOf(cutText(lane.label, LABEL_COLUMNS_MAX))), 8),
  );
  const duration = lanes.reduce((most, lane) => Math.max(most, shownDuration(lane).length), 6);
  return { label, duration, chart: width - INDENT.length - label - duration - 3 };
}

function chartLines(
  message: Message,
  lanes: readonly Lane[],
  layout: Layout,
  screen: Screen,
  used: Set<Glyph>,
): readonly string[] {
  const shown = lanes.slice(0, LANES_MAX);
  const scale = { ...timesOf(message, shown), cells: layout.chart - 1 };
  const hasScale = scale.from < scale.to;
  return [
    ...(hasScale ? [scaleLine(scale, layout, screen)] : []),
    ...shown.flatMap((lane) => {
      const { chart, below } = hasScale
        ? drawLane(lane, scale, screen, used)
        : { chart: padText(joined([lane.note, lane.words]), layout.chart), below: '' };
      const label = screen.paint(lane.look, padText(lane.label, layout.label));
      const line = `${INDENT}${label} ${chart} ${padTextStart(shownDuration(lane), layout.duration)}`;
      return below === '' ? [line.trimEnd()] : [line.trimEnd(), belowLine(below, layout, screen)];
    }),
    ...moreLines(lanes.length).map((line) => INDENT + line),
  ];
}

/** What had no room beside its bar. */
function belowLine(words: string, layout: Layout, { width }: Screen): string {
  const indent = ' '.repeat(INDENT.length + layout.label + 1);
  return `${indent}└ ${cutText(words, width - indent.length - 2)}`;
}

/** The time of a step; of one without length that of its parts, which may have been stamped by others. */
function timesOf(message: Message, lanes: readonly Lane[]): Pick<Scale, 'from' | 'to'> {
  const { started_at: from, ended_at, last_event_at } = message;
  const to = ended_at ?? last_event_at;
  if (from < to) return { from, to };
  const stamps = lanes.flatMap(({ spans }) => spans.flatMap((span) => [span.from, span.to]));
  return stamps.reduce(
    (times, stamp) => ({ from: Math.min(times.from, stamp), to: Math.max(times.to, stamp) }),
    { from: Math.min(from, to), to: from },
  );
}

function scaleLine(scale: Scale, layout: Layout, { paint }: Screen): string {
  const length = scale.to - scale.from;
  const step = tickStep(length, Math.max(1, Math.floor(scale.cells / TICK_COLUMNS)));
  const room = layout.chart + 1 + layout.duration;
  let line = '';
  for (let tick = 0; tick <= length; tick += step) {
    const cell = tick === length ? scale.cells : cellOf(scale.from + tick, scale);
    const label = `│${formatTick(tick)}`;
    if (cell + label.length > room) break;
    line = line.padEnd(cell) + label;
  }
  return `${' '.repeat(INDENT.length + layout.label + 1)}${paint('faint', line)}`;
}

function moreLines(lanes: number): readonly string[] {
  return lanes > LANES_MAX ? [`… and ${lanes - LANES_MAX} more, which --as table shows`] : [];
}

function shownDuration({ micros }: Lane): string {
  return micros === undefined ? '' : formatDuration(micros);
}

function legendLines(used: ReadonlySet<Glyph>, { width, paint }: Screen): readonly string[] {
  const meanings = (Object.keys(glyphs) as Glyph[])
    .filter((glyph) => used.has(glyph))
    .map((glyph) => `${glyphs[glyph][0]} ${glyphs[glyph][1]}`);
  const lines: string[] = [];
  for (const meaning of meanings) {
    const longer = `${lines.at(-1) ?? ''}   ${meaning}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(meaning);
  }
  return lines.length === 0 ? [] : ['', ...lines.map((line) => paint('faint', line))];
}
