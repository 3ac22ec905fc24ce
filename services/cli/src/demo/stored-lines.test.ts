import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { foldEvents } from '../recordings/fold-events.js';
import { columnsOf } from '../render/text-columns.js';
import { plainScreen } from '../render/screen.js';
import { playSessionAtOnce } from '../testing/session-events.js';
import { createStoredLines, renderStoredLine, type StoredLine } from './stored-lines.js';

let events: readonly Event[];
/** The lines of somebody who looks after every event. */
let often: readonly StoredLine[];
beforeAll(async () => {
  ({ events } = await playSessionAtOnce());
  often = linesOf(1);
});

/** The lines of somebody who looks after every `every` events. */
function linesOf(every: number): StoredLine[] {
  const lines = createStoredLines();
  const seen: StoredLine[] = [];
  for (let end = every; end < events.length + every; end += every) {
    seen.push(...lines.newIn([...foldEvents(events.slice(0, end))]));
  }
  return seen;
}

const withoutBegun = (lines: readonly StoredLine[]): string[] =>
  lines
    .filter(({ what, rev }) => !what.endsWith('…') && rev !== '')
    .map(({ step, what, took, words }) => `${step}|${what}|${took}|${words}`)
    .sort();

describe('the lines of the live display', () => {
  it('tell of everything once, however often somebody looks', () => {
    const names = often.map(({ step, rev, what }) => `${step} ${rev.split('.')[0]} ${what}`);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
    expect(often.length).toBeLessThan(60);
    // Whoever looks once sees the same, but for what came and went in between.
    const once = withoutBegun(linesOf(events.length));
    expect(withoutBegun(often)).toEqual(expect.arrayContaining(once));
  });

  it('tell the situations of a chat in words', () => {
    const told = often.map(
      ({ step, rev, what, words }) => `${step} ${rev.replace(/\d+$/, 'n')} ${what}: ${words}`,
    );
    expect(told).toEqual(
      expect.arrayContaining([
        'user.1 0.end user: Yes, please. By the window!',
        'agent.0 0.n result find_buses: failed: the bus company did not answer in time',
        'agent.1 0.end step failed: the model is overloaded',
        'agent.1 1.n attempt 1: replaces all of the one before',
        'agent.1 1.end step waits: for the result of book_seat',
        'agent.2 0.n approval granted: book_seat',
        'agent.3 0.end step interrupted: by user: the stop button was pressed',
      ]),
    );
    expect(told.some((line) => line.startsWith('agent.3 0.end reasoning cut off: While'))).toBe(true);
    expect(told.some((line) => line.startsWith('agent.3 0.end result read_calendar: cut off: '))).toBe(true);
  });

  it('say how long a part took as soon as that is known', () => {
    const result = often.find(({ what }) => what === 'result find_trains');
    expect(result).toMatchObject({ took: '1.40 s' });
    for (const line of often) if (line.what.endsWith('…')) expect(line.took).toBeUndefined();
  });

  it('fit the screen, and leave the terminal alone', () => {
    const hostile: StoredLine = {
      step: 'a-step-with-a-long-name.17',
      rev: '12.end',
      look: 'text',
      what: `call \u001b[2J${'x'.repeat(90)}`,
      took: '1 h 02 min',
      words: `\u001b]52;c;x\u0007 two\nlines 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字`,
    };
    for (const line of [...often, hostile]) {
      const shown = renderStoredLine(line, 1_234.5, plainScreen);
      expect(columnsOf(shown)).toBeLessThanOrEqual(80);
      // eslint-disable-next-line no-control-regex -- these are what must not be there
      expect(shown).not.toMatch(/[\u0000-\u001f\u007f]/);
    }
    expect(renderStoredLine(hostile, 1, plainScreen)).toContain('…name.17');
  });
});
