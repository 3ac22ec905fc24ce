import { createHash } from 'node:crypto';
import { partitionOf } from '@stepfold/event-log';
import { between, oneIn, pick, type Chance } from './chance.js';
import { generateEvents } from './generate-events.js';
import { allVersions, type MadeVersion } from '../../libs/audit/src/testing/all-versions.js';
import { InMemoryLog } from '../../libs/audit/src/testing/in-memory-log.js';
import { InMemoryStore } from '../../libs/audit/src/testing/in-memory-store.js';

const createSha256 = () => createHash('sha256');

/** Random events on a log of two partitions, with bad records and holes between them. */
export function someLog(chance: Chance): InMemoryLog {
  const log = new InMemoryLog(2);
  for (const event of generateEvents(chance, { eventsMax: 60, stepsMax: 4 })) {
    log.appendEvent(event, oneIn(chance, 15) ? between(chance, 1, 3) : 0);
    if (!oneIn(chance, 15)) continue;
    const key = Buffer.from(event.chat_id);
    const partition = partitionOf(key, 2);
    const { value } = log.records(partition).at(-1)!;
    log.appendRecord(
      pick(chance, [
        { key, value: Buffer.from('{"v": 1') },
        { key, value: null },
        { key: null, value },
        { key: Buffer.from('chat-x'), value },
      ]),
      partition,
    );
  }
  return log;
}

/** What a projector and a writer can have stored, partition by partition. */
export class System {
  readonly store = new InMemoryStore();
  readonly #partitions: {
    readonly versions: readonly MadeVersion[];
    stored: Map<string, number>;
    progress: number;
    visibleEnd: number;
  }[];

  constructor(
    readonly chance: Chance,
    readonly log: InMemoryLog,
  ) {
    this.#partitions = [0, 1].map((partition) => ({
      versions: allVersions(log, createSha256, partition),
      stored: new Map<string, number>(),
      progress: 0,
      visibleEnd: 0,
    }));
  }

  /** The projector has folded up to here, and the writer has stored some of what it made. */
  moveTo(end: number, partition: number): void {
    const { chance, log, store } = this;
    const state = this.#partitions[partition]!;
    state.visibleEnd = Math.max(state.visibleEnd, Math.min(end, log.nextOffset(partition)));
    const progress = oneIn(chance, 4) ? state.progress : between(chance, 0, state.visibleEnd);
    state.progress = Math.max(state.progress, progress);
    // All that ended before the progress is stored; of the rest some, and of open steps some version.
    for (const [index, { offset, message }] of state.versions.entries()) {
      if (offset >= state.visibleEnd) break;
      const key = `${message.chat_id}:${message.step_id}`;
      if (index <= (state.stored.get(key) ?? -1)) continue;
      const isDemanded = message.status !== 'open' && offset < state.progress;
      if (!isDemanded && !oneIn(chance, 3)) continue;
      store.put(message);
      state.stored.set(key, index);
    }
    store.setProgress(state.progress, partition);
  }

  /** Deletes from the beginning, never inside of an attempt, as a retention that is long enough does. */
  deleteSome(partition: number): void {
    const { chance, log } = this;
    const { versions, stored, progress } = this.#partitions[partition]!;
    const cut = between(chance, 0, progress);
    const isInside = versions.some(({ message: { log: range } }) => {
      return range !== undefined && range.first_offset < cut && cut <= range.last_offset;
    });
    const leavesOpen = versions.some(({ message, offset }, index) => {
      const latest = stored.get(`${message.chat_id}:${message.step_id}`) ?? -1;
      return offset < cut && index >= latest && message.status === 'open';
    });
    if (!isInside && !leavesOpen) log.deleteBefore(cut, partition);
  }
}
