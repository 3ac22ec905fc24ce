import { z } from 'zod';
import {
  attemptField,
  choiceField,
  countField,
  flagField,
  idField,
  jsonField,
  metadataField,
  objectError,
  providerIdField,
  stampField,
  textField,
} from './fields.js';
import { fieldMeaning, typeMeanings } from './meanings.js';
import { givenPartsSchema } from './part.js';

/**
 * The events of the log, `contract/events.md`. Events keep their wire names (snake_case) in code: they
 * are read millions of times and a renamed copy of each would cost more than the fold itself.
 *
 * Schemas check and never transform; unknown fields are left where they are.
 */

const encryption = z.object({ key_id: textField, iv: textField, data: textField }, { error: objectError });

const envelope = {
  v: z.literal(1),
  chat_id: idField,
  step_id: idField,
  attempt: attemptField.optional(),
  producer: idField.optional(),
  seq: countField.optional(),
  at: stampField,
  enc: encryption.optional(),
};

const metadata = { metadata: metadataField.optional() };
const blockBoundary = { id: providerIdField, ...metadata };
const reasoningBoundary = { ...blockBoundary, redacted: flagField.optional() };
const blockDelta = {
  id: providerIdField,
  text: textField,
  ...metadata,
  until: stampField.optional(),
  merged: countField.optional(),
};
const callFlags = {
  provider_executed: flagField.optional(),
  dynamic: flagField.optional(),
  title: textField.optional(),
  parent_tool_call_id: providerIdField.optional(),
  ...metadata,
};

const roles = ['user', 'system', 'assistant', 'tool'] as const;

export const usageSchema = z.object(
  {
    input_tokens: countField.optional(),
    output_tokens: countField.optional(),
    total_tokens: countField.optional(),
    reasoning_tokens: countField.optional(),
    cache_creation_tokens: countField.optional(),
    cache_read_tokens: countField.optional(),
  },
  { error: objectError },
);

/** The own fields of each type. The one source of the types, the schemas and the published JSON Schema. */
const ownFields = {
  'step-start': {
    role: choiceField(...roles).optional(),
    provider: textField.optional(),
    model: textField.optional(),
    step_index: countField.optional(),
    run_id: providerIdField.optional(),
    ...metadata,
  },
  'text-start': blockBoundary,
  'text-delta': blockDelta,
  'text-end': blockBoundary,
  'reasoning-start': reasoningBoundary,
  'reasoning-delta': blockDelta,
  'reasoning-end': reasoningBoundary,
  'tool-input-start': { tool_call_id: providerIdField, tool_name: providerIdField.optional(), ...callFlags },
  'tool-input-delta': {
    tool_call_id: providerIdField,
    text: textField,
    until: stampField.optional(),
    merged: countField.optional(),
  },
  'tool-input-end': { tool_call_id: providerIdField, ...metadata },
  'tool-call': {
    tool_call_id: providerIdField,
    tool_name: providerIdField,
    args: jsonField.optional(),
    args_text: textField.optional(),
    invalid: flagField.optional(),
    error: textField.optional(),
    ...callFlags,
  },
  'tool-execution-start': { tool_call_id: providerIdField },
  'tool-approval': {
    tool_call_id: providerIdField,
    approval_id: providerIdField,
    state: choiceField('requested', 'granted', 'denied'),
    automatic: flagField.optional(),
    reason: textField.optional(),
  },
  'tool-result': {
    tool_call_id: providerIdField,
    tool_name: providerIdField.optional(),
    result: jsonField,
    is_error: flagField.optional(),
    is_media: flagField.optional(),
    preliminary: flagField.optional(),
    provider_executed: flagField.optional(),
    execution_started_at: stampField.optional(),
    ...metadata,
  },
  source: {
    source_type: choiceField('url', 'document'),
    source_id: textField.optional(),
    url: textField.optional(),
    title: textField.optional(),
    media_type: textField.optional(),
    filename: textField.optional(),
    ...metadata,
  },
  file: {
    media_type: textField,
    url: textField.optional(),
    file_id: textField.optional(),
    data: textField.optional(),
    name: textField.optional(),
    reasoning: flagField.optional(),
    ...metadata,
  },
  data: {
    name: textField,
    data_id: providerIdField.optional(),
    data: jsonField,
    transient: flagField.optional(),
  },
  heartbeat: {},
  finish: {
    finish_reason: choiceField(
      'stop',
      'length',
      'tool-calls',
      'content-filter',
      'error',
      'interrupted',
      'other',
    ).optional(),
    raw_finish_reason: textField.optional(),
    usage: usageSchema.optional(),
    response_id: textField.optional(),
    model: textField.optional(),
    ...metadata,
  },
  'step-end': {},
  interrupt: {
    reason: choiceField('user', 'disconnect', 'timeout', 'shutdown', 'crash', 'eof'),
    message: textField.optional(),
    detected_at: stampField.optional(),
    if_events: countField.optional(),
  },
  error: {
    message: textField,
    code: textField.optional(),
    retryable: flagField.optional(),
    fatal: flagField,
  },
  message: { role: choiceField(...roles), parts: givenPartsSchema },
} as const;

export type EventType = keyof typeof ownFields;

/** All event types of version 1. */
export const eventTypes = Object.keys(ownFields) as readonly EventType[];

/** Fields that stay readable in an encrypted event, because acceptance or order depends on them. */
const clearWhenEncrypted = new Set([
  'id',
  'tool_call_id',
  'approval_id',
  'data_id',
  'reason',
  'preliminary',
  'transient',
  'fatal',
  'if_events',
]);
/** Those of them without which nothing can be decided. */
const requiredWhenEncrypted = new Set(['interrupt.reason', 'error.fatal']);

type SchemaOf<T extends EventType> = typeof envelope & {
  type: z.ZodLiteral<T>;
} & (typeof ownFields)[T] extends infer Shape extends z.ZodRawShape
  ? z.ZodObject<Shape>
  : never;

/** Every field with the sentence that says what it means. It checks the same. */
function described(type: EventType, shape: Readonly<Record<string, z.ZodType>>): z.ZodType {
  const fields = Object.entries(shape).map(([name, field]) => [
    name,
    field.describe(fieldMeaning(type, name)),
  ]);
  return z.object(Object.fromEntries(fields) as z.ZodRawShape).describe(typeMeanings[type]);
}

function typeSchema(type: EventType): z.ZodType {
  return described(type, { ...envelope, type: z.literal(type), ...ownFields[type] });
}

function encryptedSchema(type: EventType): z.ZodType {
  const clear = Object.entries(ownFields[type] as Record<string, z.ZodType>)
    .filter(([name]) => clearWhenEncrypted.has(name))
    .map(([name, field]) => [name, requiredWhenEncrypted.has(`${type}.${name}`) ? field : field.optional()]);
  return described(type, {
    ...envelope,
    enc: encryption,
    type: z.literal(type),
    ...Object.fromEntries(clear),
  });
}

/** One schema per type, keyed by it: the decoder picks one instead of trying a union. */
export const eventSchemas: { readonly [T in EventType]: SchemaOf<T> } = Object.fromEntries(
  eventTypes.map((type) => [type, typeSchema(type)]),
) as never;

/** The same for events whose own fields are encrypted (`enc`). */
export const encryptedEventSchemas: Readonly<Record<EventType, z.ZodType>> = Object.fromEntries(
  eventTypes.map((type) => [type, encryptedSchema(type)]),
) as never;

/** An event of one type. */
export type EventOf<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;

/**
 * One fact on the log. An event with `enc` has only its clear fields: look at `enc` before any other
 * field of the type.
 */
export type Event = { [T in EventType]: EventOf<T> }[EventType];

export type Usage = z.infer<typeof usageSchema>;
export type Role = (typeof roles)[number];
export type InterruptReason = EventOf<'interrupt'>['reason'];
export type FinishReason = NonNullable<EventOf<'finish'>['finish_reason']>;

/** Fields of which an event has exactly one. */
export const alternatives: { readonly [T in EventType]?: readonly [string, ...string[]] } = {
  'tool-call': ['args', 'args_text'],
  file: ['url', 'file_id', 'data'],
};

/** Rules that span fields of one event, which its schema cannot say. Answers `[field, problem]`. */
export function crossFieldProblem(
  event: Readonly<Record<string, unknown>>,
): readonly [string, string] | undefined {
  if ((event['producer'] === undefined) !== (event['seq'] === undefined)) {
    return event['producer'] === undefined
      ? ['producer', 'is missing, though there is a seq: both or neither']
      : ['seq', 'is missing, though there is a producer: both or neither'];
  }
  if (event['enc'] !== undefined) return undefined;
  const names = alternatives[event['type'] as EventType];
  if (names === undefined) return undefined;
  const given = names.filter((name) => event[name] !== undefined).length;
  return given === 1
    ? undefined
    : [names[0], `exactly one of ${names.join(', ')} is needed, not ${given === 0 ? 'none' : given}`];
}
