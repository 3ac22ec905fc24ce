import type { Part } from './message.js';

const ends = ['metadata', 'first_event', 'last_event'] as const;

/** The fields of every type of part, in the order in which a document shows them. */
export const partFields: { readonly [T in Part['type']]: readonly string[] } = {
  text: ['id', 'text', 'created_at', 'last_delta_at', 'completed_at', 'end_reason', ...ends],
  reasoning: ['id', 'text', 'redacted', 'created_at', 'last_delta_at', 'completed_at', 'end_reason', ...ends],
  'tool-call': [
    'tool_call_id',
    'tool_name',
    'args',
    'args_text',
    'input_open',
    'partial',
    'invalid',
    'error',
    'input_started_at',
    'created_at',
    'execution_started_at',
    'approval',
    'provider_executed',
    'dynamic',
    'title',
    'parent_tool_call_id',
    ...ends,
  ],
  'tool-result': [
    'tool_call_id',
    'tool_name',
    'result',
    'is_error',
    'is_media',
    'preliminary',
    'synthetic',
    'provider_executed',
    'execution_started_at',
    'created_at',
    ...ends,
  ],
  'tool-approval': ['tool_call_id', 'approval_id', 'state', 'automatic', 'reason', 'created_at', ...ends],
  source: ['source_type', 'source_id', 'url', 'title', 'media_type', 'filename', 'created_at', ...ends],
  file: ['media_type', 'url', 'file_id', 'data', 'name', 'reasoning', 'created_at', ...ends],
  data: ['name', 'data_id', 'data', 'created_at', 'updated_at', ...ends],
};
