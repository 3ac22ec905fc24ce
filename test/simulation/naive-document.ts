import type { Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { attemptOf, gapsOf } from './naive-acceptance.js';
import { filled, flagNames, given, present, type Fields } from './naive-fields.js';
import { isMade, type Draft, type Snapshot } from './naive-snapshot.js';

/** The document of a snapshot and the accepted events that made it, `contract/message.md`. */
export function shown(snapshot: Snapshot, accepted: readonly Event[]): Message {
  const { message } = snapshot;
  const opening = accepted[0]!;
  const last = accepted.at(-1)!;
  const attempt = attemptOf(opening);
  const isOpen = message['ended_at'] === undefined;
  const notOutput: ReadonlySet<string> = new Set([
    ...['step-start', 'message', 'heartbeat', 'error', 'step-end', 'interrupt'],
  ]);
  return wellFormed(
    present({
      chat_id: opening.chat_id,
      step_id: opening.step_id,
      attempt,
      status: 'open',
      ...message,
      rev: attempt * 4_294_967_296 + (isOpen ? accepted.length : 4_294_967_295),
      events: accepted.length,
      usage: filled(message['usage']),
      pending_tool_call_ids: filled(message['pending_tool_call_ids']),
      parts: snapshot.drafts.map(shownPart),
      ...truncated('errors', 'error_count', snapshot.errors.map(withoutFalseFlags), 20),
      first_output_at: accepted.find((event) => !notOutput.has(event.type))?.at,
      last_event_at: lastMomentOf(last),
      ...truncated('gaps', 'gap_count', gapsOf(accepted), 100),
      ...truncated('anomalies', 'anomaly_count', snapshot.anomalies, 20),
      omitted_events: snapshot.omitted === 0 ? undefined : snapshot.omitted,
      fold_version: 1,
    }),
  ) as unknown as Message;
}

/** Of a delta that several were merged into, the moment of the last of them. */
function lastMomentOf(event: Event): number {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'tool-input-delta':
      return (event.enc === undefined ? event.until : undefined) ?? event.at;
    default:
      return event.at;
  }
}

function shownPart(draft: Draft): Fields {
  const { fields } = draft;
  const isInput =
    fields['type'] === 'tool-call' && !isMade(draft) && fields['partial'] !== true && draft.raw !== undefined;
  const approval = fields['approval'] as Fields | undefined;
  return withoutFalseFlags({
    ...fields,
    ...(approval === undefined ? {} : { approval: withoutFalseFlags(approval) }),
    ...(isInput ? { args_text: draft.raw, input_open: draft.isOpen } : {}),
  });
}

/** Booleans are stored only when true. */
function withoutFalseFlags(fields: Fields): Fields {
  const names = Object.keys(fields).filter((name) => !flagNames.has(name) || fields[name] === true);
  return given(fields, names);
}

function wellFormed(value: unknown): unknown {
  if (isWellFormed(value)) return value;
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name.toWellFormed(), wellFormed(inner)]),
  );
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isWellFormed);
  return Object.entries(value).every(([name, inner]) => name.isWellFormed() && isWellFormed(inner));
}

function truncated(name: string, countName: string, items: readonly unknown[], max: number): Fields {
  return {
    [name]: filled(items.slice(0, max)),
    [countName]: items.length > max ? items.length : undefined,
  };
}
