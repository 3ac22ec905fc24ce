import { z } from 'zod';
import {
  choiceField,
  flagField,
  jsonField,
  metadataField,
  objectError,
  providerIdField,
  stampField,
  textField,
} from './fields.js';
import { PARTS_MAX } from './limits.js';

/**
 * Parts as a `message` event brings them: the stored parts of `contract/message.md` without
 * `first_event` and `last_event`. Stamps are microseconds and may be left out, as may the id of a block.
 */

const block = {
  id: providerIdField.optional(),
  text: textField,
  created_at: stampField.optional(),
  last_delta_at: stampField.optional(),
  completed_at: stampField.optional(),
  end_reason: choiceField('implied', 'interrupt', 'error').optional(),
  metadata: metadataField.optional(),
};

const approval = z.object(
  {
    approval_id: providerIdField,
    state: choiceField('requested', 'granted', 'denied'),
    automatic: flagField.optional(),
    reason: textField.optional(),
    requested_at: stampField.optional(),
    responded_at: stampField.optional(),
  },
  { error: objectError },
);

const partSchemas = [
  z.object({ type: z.literal('text'), ...block }),
  z.object({ type: z.literal('reasoning'), ...block, redacted: flagField.optional() }),
  z.object({
    type: z.literal('tool-call'),
    tool_call_id: providerIdField,
    tool_name: providerIdField.optional(),
    args: jsonField.optional(),
    args_text: textField.optional(),
    partial: flagField.optional(),
    invalid: flagField.optional(),
    error: textField.optional(),
    input_started_at: stampField.optional(),
    created_at: stampField.optional(),
    execution_started_at: stampField.optional(),
    approval: approval.optional(),
    provider_executed: flagField.optional(),
    dynamic: flagField.optional(),
    title: textField.optional(),
    parent_tool_call_id: providerIdField.optional(),
    metadata: metadataField.optional(),
  }),
  z.object({
    type: z.literal('tool-result'),
    tool_call_id: providerIdField,
    tool_name: providerIdField.optional(),
    result: jsonField,
    is_error: flagField.optional(),
    is_media: flagField.optional(),
    preliminary: flagField.optional(),
    synthetic: flagField.optional(),
    provider_executed: flagField.optional(),
    execution_started_at: stampField.optional(),
    created_at: stampField.optional(),
    metadata: metadataField.optional(),
  }),
  z.object({
    type: z.literal('tool-approval'),
    tool_call_id: providerIdField,
    approval_id: providerIdField,
    state: choiceField('requested', 'granted', 'denied'),
    automatic: flagField.optional(),
    reason: textField.optional(),
    created_at: stampField.optional(),
    metadata: metadataField.optional(),
  }),
  z.object({
    type: z.literal('source'),
    source_type: choiceField('url', 'document'),
    source_id: textField.optional(),
    url: textField.optional(),
    title: textField.optional(),
    media_type: textField.optional(),
    filename: textField.optional(),
    created_at: stampField.optional(),
    metadata: metadataField.optional(),
  }),
  z.object({
    type: z.literal('file'),
    media_type: textField,
    url: textField.optional(),
    file_id: textField.optional(),
    data: textField.optional(),
    name: textField.optional(),
    reasoning: flagField.optional(),
    created_at: stampField.optional(),
    metadata: metadataField.optional(),
  }),
  z.object({
    type: z.literal('data'),
    name: textField,
    data_id: providerIdField.optional(),
    data: jsonField,
    created_at: stampField.optional(),
    updated_at: stampField.optional(),
    metadata: metadataField.optional(),
  }),
] as const;

const partTypes = partSchemas.map((schema) => schema.shape.type.value).join(', ');

const givenPartSchema = z.discriminatedUnion('type', partSchemas, {
  error: (issue) => (issue.code === 'invalid_union' ? `must be one of ${partTypes}` : objectError(issue)),
});

export const givenPartsSchema = z
  .array(givenPartSchema, {
    error: (issue) => (issue.input === undefined ? 'is missing' : 'must be a list of parts'),
  })
  .max(PARTS_MAX, { error: `must hold at most ${PARTS_MAX} parts` });

export type GivenPart = z.infer<typeof givenPartSchema>;
