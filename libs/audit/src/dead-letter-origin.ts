import { DEAD_LETTER_BYTES_KEPT, type EventLog, type LogRecord } from '@stepfold/event-log';
import type { DeadLetter } from '@stepfold/message-store';

/** The place of the record that a dead letter was made of. */
export interface LetterOrigin {
  readonly topic: 'events' | 'steps';
  readonly partition: number;
  readonly offset: number;
}

/** The place that the id of a letter names, or undefined if this log has no such topic or partition. */
export function originOf(
  log: Pick<EventLog, 'topicPrefix' | 'partitionCount'>,
  letter: Pick<DeadLetter, 'id' | 'stage'>,
): LetterOrigin | undefined {
  // From the end, because a prefix may hold anything.
  const match = /^(.*):(\d{1,9}):(\d{1,16})$/s.exec(letter.id);
  if (match === null) return undefined;
  const topic = letter.stage === 'writer' ? 'steps' : 'events';
  const [partition, offset] = [Number(match[2]), Number(match[3])];
  if (match[1] !== `${log.topicPrefix}${topic}` || partition >= log.partitionCount) return undefined;
  return Number.isSafeInteger(offset) ? { topic, partition, offset } : undefined;
}

/** Whether the value of a letter may be only the beginning of what the record had. */
export function mayBeCut({ value }: Pick<DeadLetter, 'value'>): boolean {
  if (value?.byteLength !== DEAD_LETTER_BYTES_KEPT) return false;
  // The beginning of a JSON object is no JSON.
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
    return false;
  } catch {
    return true;
  }
}

/**
 * The record that a letter was made of. `gone`: retention has deleted it. `other`: another record lies there, or
 * none has yet, so the letter is of another log: of an earlier generation, say.
 * @throws TransientError if the log is away
 */
export async function readOrigin(
  log: EventLog,
  origin: LetterOrigin,
  letter: DeadLetter,
): Promise<LogRecord | 'gone' | 'other'> {
  const { topic, partition, offset } = origin;
  const { end } = await log.bounds(topic, partition);
  if (offset >= end) return 'other';
  const { records } = await log.read(topic, partition, offset, { recordsMax: 1 });
  const record = records.find((each) => each.offset === offset);
  // Asked for after the reading, so that what is not there was not deleted only since.
  if (record !== undefined) return isOf(letter, record) ? record : 'other';
  const { begin } = await log.bounds(topic, partition);
  return offset < begin ? 'gone' : 'other';
}

function isOf(letter: DeadLetter, record: LogRecord): boolean {
  const isCut = mayBeCut(letter) && (record.value?.byteLength ?? 0) > DEAD_LETTER_BYTES_KEPT;
  const value = isCut ? record.value!.subarray(0, DEAD_LETTER_BYTES_KEPT) : record.value;
  return equal(letter.key, record.key) && equal(letter.value, value);
}

function equal(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
