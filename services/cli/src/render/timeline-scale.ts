/** The time that a step covers, and where a moment of it stands. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  /** Cells of the chart. */
  readonly cells: number;
}

/** The cell of a moment; what lies before or behind the scale is in the first or last cell. */
export function cellOf(at: number, { from, to, cells }: Scale): number {
  const cell = Math.floor(((at - from) / (to - from)) * cells);
  return Math.max(0, Math.min(cells - 1, cell));
}

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Distances of ticks beyond a second, where people do not count in tens. */
const clockSteps = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  DAY,
];

/** The smallest round distance, in microseconds, that gives at most so many ticks. */
export function tickStep(lengthMicros: number, ticksMax: number): number {
  const least = lengthMicros / ticksMax;
  if (least > DAY) return DAY * decimalStep(least / DAY);
  return (least <= SECOND / 2 ? undefined : clockSteps.find((step) => step >= least)) ?? decimalStep(least);
}

/** 1, 2 or 5 times a power of ten: the first that is not below. */
function decimalStep(least: number): number {
  let power = 1;
  while (power * 10 < least) power *= 10;
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

/** A tick for a person, as short as it can be: `0`, `500 ms`, `1.5 s`, `1:30 min`, `2 h`. */
export function formatTick(micros: number): string {
  if (micros === 0) return '0';
  if (micros < 1_000) return `${micros} µs`;
  if (micros < SECOND) return `${micros / 1_000} ms`;
  if (micros < MINUTE) return `${micros / SECOND} s`;
  if (micros < HOUR) return ofTwoUnits(micros, MINUTE, SECOND, 'min');
  if (micros < DAY) return ofTwoUnits(micros, HOUR, MINUTE, 'h');
  return `${micros / DAY} d`;
}

function ofTwoUnits(micros: number, large: number, small: number, unit: string): string {
  const [whole, rest] = [Math.floor(micros / large), Math.round((micros % large) / small)];
  return rest === 0 ? `${whole} ${unit}` : `${whole}:${String(rest).padStart(2, '0')} ${unit}`;
}
