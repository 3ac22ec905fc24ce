import { createHash } from 'node:crypto';
import { partitionOf } from '@stepfold/event-log';
import { createEventCodec, type Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import type { LogServer, StoredRecord } from './log-server.js';
import {
  acceptedAfter,
  attemptOf,
  hasEnded,
  isTerminal,
  naiveOutcome,
  type NaiveOutcome,
} from './naive-acceptance.js';
import { naiveVersions } from './naive-fold.js';

/** One attempt of one step, as the naive fold of the whole log sees it. */
export interface Life {
  /** `chat_id:step_id` */
  readonly id: string;
  readonly partition: number;
  readonly attempt: number;
  readonly firstOffset: number;
  /** The accepted events, and the records that hold them. */
  readonly events: readonly Event[];
  readonly records: readonly StoredRecord[];
  /** Offset of the event that ended it. */
  readonly endedAt: number | undefined;
  /** Offset of the event that began the next attempt. */
  readonly supersededAt: number | undefined;
  /** `rev` of its message now. */
  readonly rev: number;
  /** Its message after so many accepted events, log range and digest included. */
  message(events: number): Message;
}

/** What must become of one record of the topic of events. */
export interface Verdict {
  readonly record: StoredRecord;
  readonly partition: number;
  /** An outcome of the fold, or why the record holds no event of its step. */
  readonly outcome: NaiveOutcome | 'poison';
  readonly event: Event | undefined;
  /** `chat_id:step_id` of the event. */
  readonly id: string | undefined;
  /**
   * `must`: its content is nowhere else. `may`: it depends on what a projector still remembers of a step
   * that has ended. `never`: it is in its message, or nothing that anybody would miss.
   */
  readonly deadLetter: 'must' | 'may' | 'never';
}

/** The naive fold of one partition of the log. */
export interface PartitionExpectation {
  readonly partition: number;
  readonly verdicts: readonly Verdict[];
  /** In order of `firstOffset`. */
  readonly lives: readonly Life[];
}

const contentTypes: ReadonlySet<string> = new Set([
  ...['step-start', 'message', 'tool-call', 'source', 'file'],
]);

/** True for an event whose content nobody else has, `contract/topology.md` § The projector. */
function carriesContent(event: Event): boolean {
  if (event.type === 'tool-result') return event.preliminary !== true;
  if (event.type === 'data') return event.transient !== true;
  return contentTypes.has(event.type);
}

export interface ExpectationOptions {
  readonly eventBytesMax: number;
}

export function expectPartition(
  log: LogServer,
  partition: number,
  { eventBytesMax }: ExpectationOptions,
): PartitionExpectation {
  const codec = createEventCodec({ eventBytesMax });
  const decoder = new TextDecoder();
  const verdicts: Verdict[] = [];
  const lives: GrowingLife[] = [];
  const present = new Map<string, GrowingLife>();
  /** Copies of events that were accepted, told by what names an event. */
  const acceptedNames = new Set<string>();
  /**
   * Steps that were opened once more: after their end, with a lower attempt, or by a late copy of their start. Whoever begins to
   * read behind the true beginning takes that for a step, and what comes of it after its end for its content.
   */
  const reopened = new Set<string>();

  for (const record of log.records('events', partition)) {
    const decoded = codec.decode(record.value ?? new Uint8Array());
    if (
      !decoded.ok ||
      decoder.decode(record.key ?? new Uint8Array()) !== decoded.event.chat_id ||
      partitionOf(record.key ?? new Uint8Array(), log.partitionCount) !== partition
    ) {
      verdicts.push({
        ...{ record, partition, outcome: 'poison', event: undefined, id: undefined },
        deadLetter: 'must',
      });
      continue;
    }
    const { event } = decoded;
    const id = `${event.chat_id}:${event.step_id}`;
    const life = present.get(id);
    const outcome = naiveOutcome(life?.events ?? [], event);
    const isOpening = event.type === 'step-start' || event.type === 'message';
    const name = JSON.stringify([id, event.attempt ?? 0, event.producer, event.seq]);
    if (outcome === 'accepted') {
      if (event.producer !== undefined) acceptedNames.add(name);
      if (life === undefined || isOpening) {
        if (life !== undefined) life.supersededAt = record.offset;
        const begun = new GrowingLife(log, id, partition, event, record);
        lives.push(begun);
        present.set(id, begun);
      } else {
        life.grow(event, record);
      }
      verdicts.push({ record, partition, outcome, event, id, deadLetter: 'never' });
      continue;
    }
    if (isOpening && life !== undefined) reopened.add(id);
    verdicts.push({
      ...{ record, partition, outcome, event, id },
      deadLetter: deadLetterOf(event, outcome, life, {
        isCopy: event.producer !== undefined && acceptedNames.has(name),
        isReopened: reopened.has(id),
      }),
    });
  }
  return { partition, verdicts, lives };
}

function deadLetterOf(
  event: Event,
  outcome: NaiveOutcome,
  life: Life | undefined,
  { isCopy, isReopened }: { readonly isCopy: boolean; readonly isReopened: boolean },
): Verdict['deadLetter'] {
  if (!carriesContent(event)) return 'never';
  if (outcome !== 'not-open' && outcome !== 'conflict' && outcome !== 'out-of-order') return 'never';
  // While a step is open, everything about it is known.
  if (life === undefined) return 'must';
  if (!hasEnded(life.events) && attemptOf(event) === life.attempt) return 'must';
  return isCopy || isReopened ? 'may' : 'must';
}

class GrowingLife implements Life {
  readonly attempt: number;
  readonly firstOffset: number;
  events: readonly Event[];
  records: readonly StoredRecord[];
  endedAt: number | undefined;
  supersededAt: number | undefined;
  #versions: readonly (() => Message)[] | undefined;
  readonly #messages = new Map<number, Message>();

  constructor(
    readonly log: LogServer,
    readonly id: string,
    readonly partition: number,
    event: Event,
    record: StoredRecord,
  ) {
    this.attempt = attemptOf(event);
    this.firstOffset = record.offset;
    this.events = [event];
    this.records = [record];
    if (event.type === 'message') this.endedAt = record.offset;
  }

  grow(event: Event, record: StoredRecord): void {
    this.events = acceptedAfter(this.events, event);
    this.records = [...this.records, record];
    if (isTerminal(event)) this.endedAt = record.offset;
  }

  get rev(): number {
    return this.attempt * 2 ** 32 + (this.endedAt === undefined ? this.events.length : 2 ** 32 - 1);
  }

  message(events: number): Message {
    const known = this.#messages.get(events);
    if (known !== undefined) return known;
    const made = this.#make(events);
    this.#messages.set(events, made);
    return made;
  }

  #make(events: number): Message {
    this.#versions ??= naiveVersions(this.events);
    const version = this.#versions[events - 1];
    if (version === undefined) throw new Error(`${this.id} has no ${events} events`);
    const isEnded = this.endedAt !== undefined && events === this.events.length;
    return {
      ...version(),
      log: {
        generation: this.log.generation,
        topic: `${this.log.topicPrefix}events`,
        partition: this.partition,
        first_offset: this.firstOffset,
        last_offset: this.records[events - 1]!.offset,
      },
      ...(isEnded ? { digest: digestOf(this.records) } : {}),
    };
  }
}

/** As `contract/message.md` says: each value after its length as four bytes, most significant first. */
function digestOf(records: readonly StoredRecord[]): string {
  const all = records.flatMap(({ value }) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value?.byteLength ?? 0);
    return [length, value ?? new Uint8Array()];
  });
  return `sha256:${createHash('sha256').update(Buffer.concat(all)).digest('hex')}`;
}

/** The lives that are the present ones of their steps when everything below an offset has been folded. */
export function livesAt(expectation: PartitionExpectation, offset: number): readonly Life[] {
  return expectation.lives.filter(
    (life) => life.firstOffset < offset && (life.supersededAt ?? Infinity) >= offset,
  );
}

export const isEndedAt = (life: Life, offset: number): boolean => (life.endedAt ?? Infinity) < offset;

/** The first event of the oldest step that is open when everything below `offset` has been folded. */
export function lowWaterMarkAt(expectation: PartitionExpectation, offset: number): number {
  const open = livesAt(expectation, offset).filter((life) => !isEndedAt(life, offset));
  return Math.min(offset, ...open.map((life) => life.firstOffset));
}
