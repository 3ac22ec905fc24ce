import type { InspectedRead } from '../recordings/inspected-reads.js';
import { cutText, padText, padTextStart } from './plain-text.js';
import { lookOf, ownFieldsOf } from './render-event.js';
import type { Screen } from './screen.js';
import { shortPart } from './short-part.js';

/** Lines of JSON: `{line, source, events}`, with the names of what was `passed_over`. `source` is null at the end. */
export function* inspectionJson(reads: readonly InspectedRead[]): Generator<string, void, undefined> {
  for (const read of reads) {
    if (isNothing(read)) continue;
    const { lineIndex, source, kind, passedOver, events } = read;
    yield JSON.stringify({
      line: lineIndex + 1,
      source: source ?? null,
      ...(kind === 'unreadable' ? { unreadable: true } : {}),
      ...(passedOver.length === 0 ? {} : { passed_over: passedOver }),
      events: events.map(({ event }) => event),
    });
  }
}

const GAP = '  ';
/** They are long, and there is little room. */
const ids = new Set(['id', 'tool_call_id', 'run_id', 'response_id']);

/**
 * The parts of a stream on the left, by the line where they end, and on the right the events that were known there. An
 * event that had waited names the line that it tells of, and there stands which line it waited for.
 */
export function* renderInspection(
  reads: readonly InspectedRead[],
  screen: Screen,
): Generator<string, void, undefined> {
  const { width, paint } = screen;
  const numberWidth = Math.max(4, String((reads.at(-1)?.lineIndex ?? 0) + 1).length);
  const partWidth = Math.floor((width - numberWidth - 2 * GAP.length) * 0.45);
  const eventWidth = width - numberWidth - partWidth - 2 * GAP.length;
  const row = (number: string, part: string): string =>
    `${padTextStart(number, numberWidth)}${GAP}${padText(part, partWidth)}${GAP}`;
  const awaited = awaitedLines(reads);

  yield paint('heading', `${row('line', 'part')}events`);
  for (const read of reads) {
    if (isNothing(read)) continue;
    const rows = [
      ...read.events.map(({ event, lineIndex }) => {
        const origin = lineIndex === read.lineIndex ? '' : `↑ ${lineIndex + 1} `;
        const place = event.type === 'step-start' ? ` ${event.step_id}` : '';
        const line = cutText(
          `${origin}${event.type}${place} ${ownFieldsOf(event, ids)}`.trimEnd(),
          eventWidth,
        );
        const look = lookOf(event);
        return look === undefined ? line : paint(look, line);
      }),
      ...remarksOf(read, awaited).map((remark) => paint('faint', cutText(remark, eventWidth))),
    ];
    const [first = '', ...others] = rows;
    yield `${row(String(read.lineIndex + 1), partOf(read))}${first}`.trimEnd();
    for (const other of others) yield `${row('', '')}${other}`;
  }
}

function partOf({ source, kind }: InspectedRead): string {
  if (kind === 'end') return '(end of the stream)';
  return typeof source === 'object' ? shortPart(source) : (source ?? '(no text)');
}

/** What is to be said of a part besides its events. */
function remarksOf(read: InspectedRead, awaited: ReadonlyMap<number, number>): readonly string[] {
  if (read.kind === 'unreadable') return ['(unreadable, passed over)'];
  const remarks = read.passedOver.map((name) => `(passed over: ${name})`);
  const later = read.kind === 'part' ? awaited.get(read.lineIndex) : undefined;
  if (later !== undefined) remarks.push(`(↓ ${later + 1} waits for that line)`);
  return remarks.length === 0 && read.events.length === 0 ? ['–'] : remarks;
}

/** By the lines that events tell of: the last line at which one of them was known. */
function awaitedLines(reads: readonly InspectedRead[]): ReadonlyMap<number, number> {
  const awaited = new Map<number, number>();
  for (const read of reads) {
    for (const { lineIndex } of read.events)
      if (lineIndex < read.lineIndex) awaited.set(lineIndex, read.lineIndex);
  }
  return awaited;
}

function isNothing({ kind, events, passedOver }: InspectedRead): boolean {
  return kind === 'end' && events.length === 0 && passedOver.length === 0;
}
