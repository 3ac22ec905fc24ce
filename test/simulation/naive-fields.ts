import type { Message } from '@stepfold/fold';

/** Fields by the names that they have in events and documents. */
export type Fields = Readonly<Record<string, unknown>>;

export const callFlags = ['provider_executed', 'dynamic', 'title', 'parent_tool_call_id'];

export const approvalFields = ['approval_id', 'state', 'automatic', 'reason', 'requested_at', 'responded_at'];

export const flagNames: ReadonlySet<string> = new Set([
  ...['is_error', 'is_media', 'preliminary', 'synthetic', 'provider_executed', 'dynamic', 'invalid'],
  ...['partial', 'input_open', 'redacted', 'reasoning', 'automatic', 'retryable'],
]);

export const usageFields = [
  ...['input_tokens', 'output_tokens', 'total_tokens'],
  ...['reasoning_tokens', 'cache_creation_tokens', 'cache_read_tokens'],
];

const blockFields = ['type', 'id', 'text', 'created_at', 'last_delta_at', 'completed_at', 'end_reason'];

/** What the table of parts lists, besides `metadata` and the numbers of events. */
export const fieldsOfParts: Readonly<Record<Message['parts'][number]['type'], readonly string[]>> = {
  text: blockFields,
  reasoning: [...blockFields, 'redacted'],
  'tool-call': [
    ...['type', 'tool_call_id', 'tool_name', 'args', 'args_text', 'partial', 'invalid', 'error'],
    ...['input_started_at', 'created_at', 'execution_started_at', 'approval', ...callFlags],
  ],
  'tool-result': [
    ...['type', 'tool_call_id', 'tool_name', 'result', 'is_error', 'is_media', 'preliminary'],
    ...['synthetic', 'provider_executed', 'execution_started_at', 'created_at'],
  ],
  'tool-approval': ['type', 'tool_call_id', 'approval_id', 'state', 'automatic', 'reason', 'created_at'],
  source: ['type', 'source_type', 'source_id', 'url', 'title', 'media_type', 'filename', 'created_at'],
  file: ['type', 'media_type', 'url', 'file_id', 'data', 'name', 'reasoning', 'created_at'],
  data: ['type', 'name', 'data_id', 'data', 'created_at', 'updated_at'],
};

/** Those of the named fields that are there. */
export function given(fields: object, names: readonly string[]): Fields {
  const found: Record<string, unknown> = {};
  for (const name of names) {
    const value = (fields as Fields)[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** Absent means absent. */
export function present(fields: Fields): Fields {
  return given(fields, Object.keys(fields));
}

export function filled<T>(value: T): T | undefined {
  return value === undefined || Object.keys(value as object).length === 0 ? undefined : value;
}

/** Metadata merges key by key below the provider; what is empty changes nothing, and nothing is no metadata. */
export function merged(before: unknown, added: unknown): Fields | undefined {
  if (before === undefined && added === undefined) return undefined;
  const all = [...entriesOf(before), ...entriesOf(added)];
  const providers = [...new Set(all.map(([provider]) => provider))];
  const result = providers
    .map((provider): [string, [string, unknown][]] => [
      provider,
      all.filter(([name]) => name === provider).flatMap(([, fields]) => entriesOf(fields)),
    ])
    .filter(([, fields]) => fields.length > 0)
    .map(([provider, fields]): [string, Fields] => [provider, Object.fromEntries(fields)]);
  return filled(Object.fromEntries(result));
}

const entriesOf = (value: unknown): [string, unknown][] => Object.entries((value ?? {}) as Fields);
