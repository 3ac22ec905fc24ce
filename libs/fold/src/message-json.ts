import { formatStamp, parseStamp, setOwn } from '@stepfold/events';
import type { Message } from './message.js';

/**
 * The JSON form of a message, as the command line and HTTP show it: the same fields, stamps as
 * `2026-04-10T12:00:00.000000Z`.
 */
export type MessageJson = WithTextStamps<Message>;

type StampName =
  | 'at'
  | 'created_at'
  | 'last_delta_at'
  | 'completed_at'
  | 'input_started_at'
  | 'execution_started_at'
  | 'updated_at'
  | 'requested_at'
  | 'responded_at'
  | 'started_at'
  | 'first_output_at'
  | 'finished_at'
  | 'ended_at'
  | 'last_event_at'
  | 'detected_at';

type Opaque = 'args' | 'result' | 'data' | 'metadata' | 'usage';

type WithTextStamps<T> = T extends readonly (infer Item)[]
  ? readonly WithTextStamps<Item>[]
  : T extends object
    ? {
        readonly [K in keyof T]: K extends StampName
          ? string
          : K extends Opaque
            ? T[K]
            : WithTextStamps<T[K]>;
      }
    : T;

const stampNames: ReadonlySet<string> = new Set<StampName>([
  'at',
  'created_at',
  'last_delta_at',
  'completed_at',
  'input_started_at',
  'execution_started_at',
  'updated_at',
  'requested_at',
  'responded_at',
  'started_at',
  'first_output_at',
  'finished_at',
  'ended_at',
  'last_event_at',
  'detected_at',
]);

/** Fields whose values are the application's own JSON: a key `at` in them is no stamp. */
const opaqueNames: ReadonlySet<string> = new Set<Opaque>(['args', 'result', 'data', 'metadata', 'usage']);

export function messageToJson(message: Message): MessageJson {
  return convert(message, (value) => formatStamp(value as number)) as MessageJson;
}

/** @throws RangeError if a stamp is not a time */
export function messageFromJson(json: MessageJson): Message {
  return convert(json, (value) => parseStamp(value as string)) as Message;
}

function convert(value: unknown, stamp: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => convert(item, stamp));
  if (typeof value !== 'object' || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    if (stampNames.has(name)) result[name] = stamp(field);
    else setOwn(result, name, opaqueNames.has(name) ? field : convert(field, stamp));
  }
  return result;
}
