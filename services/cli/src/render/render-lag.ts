import type { LagReading, PartitionLag } from '@stepfold/audit';
import { formatDuration } from './format-duration.js';
import type { Screen } from './screen.js';

const columns = ['partition', 'end', 'folded to', 'low water', 'stored to', 'oldest open'];

/** How far behind folding and storing are, for a person: a line for each partition, and one sentence. */
export function renderLag(reading: LagReading, screen: Screen): string {
  const rows = reading.lag.partitions.map(cellsOf);
  const widths = columns.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padStart(widths[i]!))
      .join('  ')
      .slice(0, screen.width);
  const isCaughtUp = reading.lag.events === 0;
  return [
    screen.paint('heading', line(columns)),
    ...rows.map(line),
    screen.paint(isCaughtUp ? 'good' : 'warning', sentenceOf(reading)),
    '',
  ].join('\n');
}

function cellsOf(partition: PartitionLag): readonly string[] {
  const { end, folded_to, low_water, stored_to, oldest_open_ms } = partition;
  const isOpen = low_water < folded_to;
  return [
    ...[partition.partition, end, folded_to, low_water, stored_to].map(String),
    isOpen ? formatDuration(oldest_open_ms * 1_000) : '-',
  ];
}

function sentenceOf({ lag, wasEverFolded, wasEverStored }: LagReading): string {
  const { events, seconds } = lag;
  if (events === 0) return 'caught up: every event of the log is stored';
  const behind = `${events === 1 ? '1 event' : `${events} events`} and ${seconds.toFixed(1)} s behind`;
  if (!wasEverFolded) return `${behind}: no projector has ever run here, start \`stepfold projector\``;
  if (!wasEverStored) return `${behind}: no writer has ever run here, start \`stepfold writer\``;
  return behind;
}
