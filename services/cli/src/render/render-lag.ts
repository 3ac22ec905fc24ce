import type { LagReading, PartitionLag } from '@stepfold/audit';
import { counted } from './counted.js';
import { formatDuration } from './format-duration.js';
import type { Screen } from './screen.js';
import { createTextTable, type Cell, type Column } from './text-table.js';

/** Digits of the largest offset. */
const OFFSET_COLUMNS_MAX = 16;

const columns: readonly Column[] = [
  'partition',
  'end',
  'folded to',
  'low water',
  'stored to',
  'oldest open',
].map((title) => ({ title, align: 'right', columnsMax: OFFSET_COLUMNS_MAX }));

/** How far behind folding and storing are, for a person: a line for each partition, and one sentence. */
export function renderLag(reading: LagReading, screen: Screen): string {
  const rows = reading.lag.partitions.map(cellsOf);
  const table = createTextTable(columns, rows, screen);
  const isCaughtUp = reading.lag.events === 0;
  return [
    table.head,
    ...rows.map(table.line),
    screen.paint(isCaughtUp ? 'good' : 'warning', sentenceOf(reading)),
    '',
  ].join('\n');
}

function cellsOf(partition: PartitionLag): readonly Cell[] {
  const { end, folded_to, low_water, stored_to, oldest_open_ms } = partition;
  const isOpen = low_water < folded_to;
  return [
    ...[partition.partition, end, folded_to, low_water, stored_to].map((count) => ({ text: String(count) })),
    { text: isOpen ? formatDuration(oldest_open_ms * 1_000) : '-' },
  ];
}

function sentenceOf({ lag, wasEverFolded, wasEverStored }: LagReading): string {
  const { events, seconds } = lag;
  if (events === 0) return 'caught up: every event of the log is stored';
  const behind = `${counted(events, 'event')} and ${seconds.toFixed(1)} s behind`;
  if (!wasEverFolded) return `${behind}: no projector has ever run here, start \`stepfold projector\``;
  if (!wasEverStored) return `${behind}: no writer has ever run here, start \`stepfold writer\``;
  return behind;
}
