import { EVENT_BYTES_MAX, setOwn, type Event, type JsonValue, utf8Length } from '@stepfold/events';
import { UsageError } from '@stepfold/runtime';

/** Answers the SHA-256 of the UTF-8 form of a text, in hex. */
export type Sha256 = (text: string) => string;

/**
 * What an event without a producer is measured with besides its JSON: `producer` and `seq` come to it when it
 * leaves. Fixed, so that whoever elides before publishing decides as the publisher does.
 */
const PRODUCER_RESERVE_BYTES = 256;

/** Room for the producer that an event may lack. It counts against the limit. */
export function reservedBytes(event: Event): number {
  return event.producer === undefined ? PRODUCER_RESERVE_BYTES : 0;
}

/**
 * The event itself if it fits, else a copy whose largest values give way, largest first, of equal ones the
 * earliest, until it fits. In the place of each stands `{"$elided": {"bytes", "sha256"}}`: of a value that may
 * be any JSON (`args`, `result`, `data`, one value of `metadata`) this object, of a string (`text`, `args_text`,
 * the base64 of a file, …) the object as JSON text, because the field must stay a string. `bytes` and `sha256`
 * are those of the string itself, or of `JSON.stringify(value)`. Ids, names and what is encrypted stay.
 * @throws UsageError `event-oversize` if it does not fit even so
 */
export function elideEvent(
  event: Event,
  options: { readonly sha256: Sha256; readonly eventBytesMax?: number },
): Event {
  const { sha256, eventBytesMax = EVENT_BYTES_MAX } = options;
  const text = JSON.stringify(event);
  let bytes = utf8Length(text) + reservedBytes(event);
  if (bytes <= eventBytesMax) return event;
  const copy = JSON.parse(text) as JsonRecord;
  const candidates = event.enc === undefined ? candidatesOf(copy) : [];
  candidates.sort((a, b) => b.bytes - a.bytes);
  for (const candidate of candidates) {
    if (bytes <= eventBytesMax) break;
    bytes -= elide(candidate, sha256);
  }
  if (bytes > eventBytesMax) throw oversizeError(event, bytes, eventBytesMax);
  return copy as unknown as Event;
}

export function oversizeError(event: Event, bytes: number, eventBytesMax: number): UsageError {
  return new UsageError(
    'event-oversize',
    `the ${event.type} event of step ${event.step_id} has ${bytes} bytes; at most ${eventBytesMax} are taken`,
  );
}

type JsonRecord = Record<string, JsonValue>;

/** A value that may give way. */
interface Candidate {
  readonly holder: JsonRecord;
  readonly name: string;
  /** The field must stay a string. */
  readonly isText: boolean;
  /** Within the event's JSON. */
  readonly bytes: number;
}

/** Strings that people and models write. Not ids and names, which other events refer to. */
const textFields = new Set([
  'text',
  'args_text',
  'error',
  'message',
  'title',
  'reason',
  'url',
  'filename',
  'raw_finish_reason',
]);
const jsonFields = new Set(['args', 'result', 'data']);

/** In the order in which they stand in the event. */
function candidatesOf(holder: JsonRecord, isPart = false): Candidate[] {
  const isFile = holder['type'] === 'file';
  const candidates: Candidate[] = [];
  for (const [name, value] of Object.entries(holder)) {
    if (name === 'metadata') {
      for (const entries of Object.values(value as Record<string, JsonRecord>)) {
        for (const key of Object.keys(entries)) candidates.push(candidateAt(entries, key, false));
      }
    } else if (name === 'parts' && !isPart && holder['type'] === 'message') {
      for (const part of value as readonly JsonRecord[]) candidates.push(...candidatesOf(part, true));
    } else if (jsonFields.has(name) && !(isFile && name === 'data')) {
      candidates.push(candidateAt(holder, name, false));
    } else if (typeof value === 'string' && (textFields.has(name) || (isFile && name === 'data'))) {
      candidates.push(candidateAt(holder, name, true));
    }
  }
  return candidates;
}

function candidateAt(holder: JsonRecord, name: string, isText: boolean): Candidate {
  return { holder, name, isText, bytes: utf8Length(JSON.stringify(holder[name])) };
}

/** Puts the note in the place of a value, and answers by how many bytes the event shrinks. */
function elide({ holder, name, isText, bytes }: Candidate, sha256: Sha256): number {
  const value = holder[name] as JsonValue;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const note = { $elided: { bytes: utf8Length(text), sha256: sha256(text) } };
  const replacement = isText ? JSON.stringify(note) : note;
  const saved = bytes - utf8Length(JSON.stringify(replacement));
  // A value that is smaller than its note stays.
  if (saved <= 0) return 0;
  setOwn<JsonValue>(holder, name, replacement);
  return saved;
}
