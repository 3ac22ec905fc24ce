import { type Event, type EventCodec, utf8Length } from '@stepfold/events';
import { UsageError } from '@stepfold/runtime';
import { elideEvent, oversizeError, reservedBytes, type Sha256 } from './elide-event.js';

/** An event as it goes over the wire, but for the `producer` and `seq` that it may still get. */
export interface WireEvent {
  /** What `text` says; shares nothing with what the caller gave. */
  readonly event: Event;
  readonly text: string;
  /** Of `text` in UTF-8. */
  readonly bytes: number;
}

export interface WireEventOptions {
  readonly codec: EventCodec;
  readonly eventBytesMax: number;
  /** Given if values of events that are too large are to give way. */
  readonly sha256?: Sha256 | undefined;
}

/**
 * Writes an event as `JSON.stringify` does (properties that are undefined are left out, dates are text), and
 * checks what it wrote: so what is valid is what is sent, and what the caller does to its objects later
 * changes nothing.
 * @throws UsageError `event-invalid` with the sentence of the codec, `event-oversize`
 */
export function writeEvent(given: object, options: WireEventOptions): WireEvent {
  const text = writeJson(given);
  return fitted(checked(JSON.parse(text), options.codec), text, options);
}

/** The same for an event of strings and numbers alone, which is read as it is written. */
export function writePlainEvent(given: object, options: WireEventOptions): WireEvent {
  const event = checked(given, options.codec);
  return fitted(event, JSON.stringify(event), options);
}

/**
 * The same for an event that is sent as it was given, whatever the publisher may do to others: what is too
 * large is refused, and nothing will be added to it.
 */
export function writeEventAsIs(given: object, options: WireEventOptions): WireEvent {
  const text = writeJson(given);
  const event = checked(JSON.parse(text), options.codec);
  const bytes = utf8Length(text);
  if (bytes > options.eventBytesMax) throw oversizeError(event, bytes, options.eventBytesMax);
  return { event, text, bytes };
}

function writeJson(given: object): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(given) as string | undefined;
  } catch (cause) {
    // A cycle, a bigint, or nested beyond the stack. The engine's message may quote keys.
    throw new UsageError('event-invalid', 'the event cannot be written as JSON', { cause });
  }
  if (text === undefined) throw new UsageError('event-invalid', 'the event is not a JSON object');
  return text;
}

function checked(raw: unknown, codec: EventCodec): Event {
  const decoded = codec.check(raw);
  if (!decoded.ok) throw new UsageError('event-invalid', decoded.detail);
  return decoded.event;
}

function fitted(event: Event, text: string, { eventBytesMax, sha256 }: WireEventOptions): WireEvent {
  const bytes = utf8Length(text);
  const measuredBytes = bytes + reservedBytes(event);
  if (measuredBytes <= eventBytesMax) return { event, text, bytes };
  if (sha256 === undefined) throw oversizeError(event, measuredBytes, eventBytesMax);
  const elided = elideEvent(event, { sha256, eventBytesMax });
  const elidedText = JSON.stringify(elided);
  return { event: elided, text: elidedText, bytes: utf8Length(elidedText) };
}
