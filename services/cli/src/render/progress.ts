import type { Host } from '../host.js';
import { formatAge } from './format-duration.js';
import { cutText } from './plain-text.js';
import { screenOf, type Screen } from './screen.js';

/** The line at the foot of a terminal that says how far some long work has got. */
export interface Progress extends Disposable {
  /** May be called as often as something was done. `total` may change; 0 is not known yet. */
  readonly report: (done: number, total: number) => void;
}

/** Work that ends sooner needs no line. */
const PATIENCE_MS = 500;
/** More often than this nobody reads it. */
const REDRAW_MS = 100;
const BAR_CELLS_MAX = 24;
const BAR_CELLS_MIN = 6;

const CLEAR_LINE = '\r\u001b[K';

/** What the line is made of. */
interface State {
  readonly label: string;
  readonly unit: string;
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
}

/**
 * Shows progress on standard error if that is a terminal; nothing anywhere else. Disposing removes the line.
 * It is drawn by `report` alone: work that stands still has a line that stands still.
 * @param label what is being done, such as `verifying`
 * @param unit what is counted, in the plural
 */
export function openProgress(host: Host, label: string, unit: string): Progress {
  const { runtime, stderr, environment } = host;
  const begunMs = runtime.monotonicMs();
  let nextMs = begunMs + PATIENCE_MS;
  let isShown = false;
  return {
    report(done, total) {
      const nowMs = runtime.monotonicMs();
      const columns = host.stderrColumns;
      // A terminal that cannot clear a line would be filled with them.
      if (nowMs < nextMs || columns === undefined || environment['TERM'] === 'dumb') return;
      nextMs = nowMs + REDRAW_MS;
      isShown = true;
      // The last column stays free: some terminals go on to the next line when it is taken.
      const screen = { ...screenOf({ stdoutColumns: columns, environment }), width: columns - 1 };
      stderr.write(CLEAR_LINE + lineOf({ label, unit, done, total, elapsedMs: nowMs - begunMs }, screen));
    },
    [Symbol.dispose]() {
      if (isShown) stderr.write(CLEAR_LINE);
      isShown = false;
    },
  };
}

function lineOf({ label, unit, done, total, elapsedMs }: State, { width, paint }: Screen): string {
  const perSecond = (done / elapsedMs) * 1_000;
  const rate = `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`;
  // More than all is no part of all: what was told of the total has turned out wrong.
  if (total <= 0 || done > total) return cutText(`${label}  ${done} ${unit}  ${rate}`, width);
  const left = perSecond > 0 ? `  ${formatAge(((total - done) / perSecond) * 1_000_000)} left` : '';
  const percent = `${String(Math.floor((done / total) * 100)).padStart(3)} %`;
  const text = cutText(`${percent}  ${done}/${total} ${unit}  ${rate}${left}`, width);
  const room = Math.min(BAR_CELLS_MAX, width - label.length - text.length - 3);
  if (room < BAR_CELLS_MIN) return cutText(`${label} ${text}`, width);
  const cells = Math.floor((done / total) * room);
  const bar = paint('good', '█'.repeat(cells)) + paint('faint', '░'.repeat(room - cells));
  return `${label}  ${bar} ${text}`;
}
