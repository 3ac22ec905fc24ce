import { createEventCodec, EVENT_BYTES_MAX, type Event } from '@stepfold/events';
import type { RecordingLine } from './recording-lines.js';

const codec = createEventCodec();
const encoder = new TextEncoder();

/** A number such as `9e20` grows when it is written again, at most by this factor. */
const GROWTH_MAX = 6;

export type ReadEvent =
  | { readonly ok: true; readonly event: Event }
  /** `problem` names the field and never quotes the line, which may be anybody's words. */
  | { readonly ok: false; readonly problem: string };

/** Reads one line of a `stepfold` file: an event, taken as it is, unknown fields included. */
export function readEvent(line: RecordingLine): ReadEvent {
  const bytes = typeof line === 'string' ? encoder.encode(line) : line;
  const decoded = codec.decode(bytes);
  if (!decoded.ok) return { ok: false, problem: decoded.detail };
  // It is written again to be published, and a file is checked as a whole before its first event is sent.
  const rewritten =
    bytes.byteLength * GROWTH_MAX > EVENT_BYTES_MAX ? codec.encode(decoded.event).byteLength : 0;
  return rewritten <= EVENT_BYTES_MAX
    ? { ok: true, event: decoded.event }
    : { ok: false, problem: `the event has ${rewritten} bytes; at most ${EVENT_BYTES_MAX} are taken` };
}
