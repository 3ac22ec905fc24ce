import { setOwn, type EventOf, type EventType, type JsonValue, type Usage } from '@stepfold/events';

/**
 * The own fields of an event type as an application writes them: camelCase names made from the wire's, so
 * a field that is added to the schema is here at once. Values that may be any JSON are `unknown`: whatever
 * `JSON.stringify` can write, an interface of the application's own too.
 */
export type EventFields<T extends EventType> = {
  [K in keyof EventOf<T> as K extends EnvelopeField ? never : CamelCase<K & string>]: FieldInput<
    K,
    EventOf<T>[K]
  >;
} & StampOption;

/** What most methods take last. */
export interface StampOption {
  /** When it happened, in microseconds since the Unix epoch. Default: now, on the publisher's clock. */
  at?: number | undefined;
}

type EnvelopeField = 'v' | 'chat_id' | 'step_id' | 'attempt' | 'producer' | 'seq' | 'at' | 'enc' | 'type';

type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

type FieldInput<K, V> = K extends 'usage' ? UsageFields | undefined : [JsonValue] extends [V] ? unknown : V;

/** Token counts as an application writes them. */
export type UsageFields = { [K in keyof Usage as CamelCase<K & string>]: Usage[K] };

/** What the step and the method say, and no field may say otherwise. */
const fixedFields = new Set(['v', 'chat_id', 'step_id', 'attempt', 'producer', 'seq', 'type']);

/**
 * The fields under their names on the wire. Only names of fields change, never what a value holds. A part of
 * an SDK that is spread into the fields brings its own `type` along; that is passed over.
 */
export function wireFields(fields: object): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields) as [string, unknown][]) {
    const field = wireName(name);
    if (value === undefined || fixedFields.has(field)) continue;
    const isRenamedInside = name === 'usage' && typeof value === 'object' && value !== null;
    setOwn(wire, field, isRenamedInside ? wireFields(value) : value);
  }
  return wire;
}

function wireName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
