import type { ArmName } from './arm.js';
import type { Place } from './bench-places.js';
import { benchedFormats } from './format-lines.js';

/** Arms that do the same work, one after the other in every round, and how much of it. */
export interface Group {
  readonly name: GroupName;
  readonly title: string;
  /** What a record is here. */
  readonly records: string;
  readonly arms: readonly { readonly arm: ArmName; readonly quick: number; readonly full: number }[];
}

export type GroupName = Place | 'formats' | 'recorder' | 'recovery';

/** Whether the arms of a group work on servers; the others make what they read, in memory or in a folder. */
export function needsServers(name: GroupName): name is Place {
  return name !== 'formats' && name !== 'recorder' && name !== 'recovery';
}

export const QUICK_ROUNDS = 3;
export const FULL_ROUNDS = 5;

/** Of a partition, in the group `recovery`: a step that is open for an hour has an hour of them behind it. */
const EVENTS_PER_SECOND = 100;

const sized = (quick: number, full: number, ...arms: ArmName[]) => arms.map((arm) => ({ arm, quick, full }));

export const groups: readonly Group[] = [
  {
    name: 'consume',
    title: 'reading the events of one topic',
    records: 'event',
    arms: sized(200_000, 600_000, 'drain', 'drain-parse', 'drain-parse-zod', 'projector'),
  },
  {
    name: 'publish',
    title: 'bringing events to the log',
    records: 'event',
    arms: sized(60_000, 200_000, 'raw-send', 'raw-send-tuned', 'publisher'),
  },
  {
    name: 'write',
    title: 'storing the versions of one topic',
    records: 'version',
    arms: sized(150_000, 600_000, 'raw-bulk-write', 'writer'),
  },
  {
    name: 'flow',
    title: 'from the model to the store',
    records: 'event',
    arms: [
      ...sized(500, 2_000, 'naive-updates'),
      ...sized(1_500, 6_000, 'naive-updates-concurrent'),
      ...sized(40_000, 150_000, 'end-to-end'),
    ],
  },
  {
    name: 'formats',
    title: 'making events of recorded streams',
    records: 'line',
    arms: benchedFormats.flatMap((format) => sized(60_000, 200_000, `parse-${format}`, `convert-${format}`)),
  },
  {
    name: 'recorder',
    title: 'reading the streams of a model',
    records: 'part',
    arms: sized(
      20_000,
      100_000,
      'read-bare',
      'read-recorded',
      'read-recorded-outbox',
      'read-bare-stream',
      'read-recorded-stream',
    ),
  },
  {
    name: 'recovery',
    title: 'starting again behind an open step',
    records: 'event',
    arms: [
      ...sized(EVENTS_PER_SECOND, EVENTS_PER_SECOND, 'recover-second'),
      ...sized(60 * EVENTS_PER_SECOND, 60 * EVENTS_PER_SECOND, 'recover-minute'),
      ...sized(600 * EVENTS_PER_SECOND, 3_600 * EVENTS_PER_SECOND, 'reread', 'recover-hour'),
    ],
  },
];

export interface RatioDefinition {
  readonly name: string;
  readonly ours: ArmName;
  readonly other: ArmName;
  /** What is aimed at; nothing fails below it. */
  readonly aim?: number;
  readonly meaning: string;
}

/**
 * Each ratio is the rate of ours by the rate of the other, in records per second, within one round; the median of the
 * rounds is reported. Above 1, ours is faster. What an arm does is described where it is made, in `arms/`.
 */
export const ratios: readonly RatioDefinition[] = [
  {
    name: 'projector_vs_drain',
    ours: 'projector',
    other: 'drain',
    meaning: 'the projector against a kafkajs consumer that only counts',
  },
  {
    name: 'projector_vs_parse',
    ours: 'projector',
    other: 'drain-parse',
    meaning: 'the projector against a consumer that parses the JSON',
  },
  {
    name: 'projector_vs_parse_zod',
    ours: 'projector',
    other: 'drain-parse-zod',
    aim: 1,
    meaning: 'the projector against a consumer that parses, and checks with zod',
  },
  {
    name: 'publisher_vs_raw',
    ours: 'publisher',
    other: 'raw-send',
    meaning: 'the publisher against kafkajs sends in batches',
  },
  {
    name: 'publisher_vs_raw_tuned',
    ours: 'publisher',
    other: 'raw-send-tuned',
    meaning: 'the publisher against the same with TCP_NODELAY',
  },
  {
    name: 'writer_vs_raw',
    ours: 'writer',
    other: 'raw-bulk-write',
    meaning: 'the writer against the bulk writes alone that it makes',
  },
  {
    name: 'end_to_end_vs_naive',
    ours: 'end-to-end',
    other: 'naive-updates',
    aim: 50,
    meaning: 'the whole path against one awaited update for each event',
  },
  {
    name: 'end_to_end_vs_naive_concurrent',
    ours: 'end-to-end',
    other: 'naive-updates-concurrent',
    meaning: 'the whole path against the same for 16 chats side by side',
  },
  {
    name: 'recorded_vs_bare',
    ours: 'read-recorded',
    other: 'read-bare',
    meaning: 'reading a stream through a recorder against reading it bare',
  },
  {
    name: 'recorded_outbox_vs_bare',
    ours: 'read-recorded-outbox',
    other: 'read-bare',
    meaning: 'the same with an outbox on disk',
  },
  {
    name: 'recorded_stream_vs_bare',
    ours: 'read-recorded-stream',
    other: 'read-bare-stream',
    meaning: 'reading a web stream through a recorder against reading it bare',
  },
  {
    name: 'recovery_vs_reread',
    ours: 'recover-hour',
    other: 'reread',
    meaning: 'a projector that starts again against reading and parsing the same events',
  },
  ...benchedFormats.map((format): RatioDefinition => ({
    name: `${format.replaceAll('-', '_')}_vs_parse`,
    ours: `convert-${format}`,
    other: `parse-${format}`,
    meaning: `the converter of ${format} against JSON.parse of its lines`,
  })),
];
