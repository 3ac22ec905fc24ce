import { z } from 'zod';

/**
 * The check that an engineer would write for the events of the log with zod alone: one strict object for each type,
 * in a union that is told apart by `type`. What the projector is compared with.
 */
export function createEventUnion() {
  const id = z.string().min(1).max(200);
  const count = z.number().int().nonnegative();
  const metadata = z.record(z.string(), z.record(z.string(), z.unknown())).optional();
  const envelope = {
    v: z.literal(1),
    chat_id: id,
    step_id: id,
    attempt: count.optional(),
    producer: id.optional(),
    seq: count.optional(),
    at: count,
  };
  const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
    z.strictObject({ ...envelope, type: z.literal(type), ...shape });
  const block = { id: z.string().min(1), metadata };
  const delta = { text: z.string(), until: count.optional(), merged: count.optional() };
  const call = { tool_call_id: z.string().min(1) };
  const flags = {
    provider_executed: z.boolean().optional(),
    dynamic: z.boolean().optional(),
    title: z.string().optional(),
    parent_tool_call_id: z.string().optional(),
    metadata,
  };
  const role = z.enum(['user', 'system', 'assistant', 'tool']);
  return z.discriminatedUnion('type', [
    event('step-start', {
      role: role.optional(),
      provider: z.string().optional(),
      model: z.string().optional(),
      step_index: count.optional(),
      run_id: z.string().optional(),
      metadata,
    }),
    event('text-start', block),
    event('text-delta', { ...block, ...delta }),
    event('text-end', block),
    event('reasoning-start', { ...block, redacted: z.boolean().optional() }),
    event('reasoning-delta', { ...block, ...delta }),
    event('reasoning-end', { ...block, redacted: z.boolean().optional() }),
    event('tool-input-start', { ...call, tool_name: z.string().optional(), ...flags }),
    event('tool-input-delta', { ...call, ...delta }),
    event('tool-input-end', { ...call, metadata }),
    event('tool-call', {
      ...call,
      tool_name: z.string(),
      args: z.unknown(),
      args_text: z.string().optional(),
      invalid: z.boolean().optional(),
      error: z.string().optional(),
      ...flags,
    }),
    event('tool-execution-start', call),
    event('tool-approval', {
      ...call,
      approval_id: z.string(),
      state: z.enum(['requested', 'granted', 'denied']),
      automatic: z.boolean().optional(),
      reason: z.string().optional(),
    }),
    event('tool-result', {
      ...call,
      tool_name: z.string().optional(),
      result: z.unknown(),
      is_error: z.boolean().optional(),
      is_media: z.boolean().optional(),
      preliminary: z.boolean().optional(),
      provider_executed: z.boolean().optional(),
      execution_started_at: count.optional(),
      metadata,
    }),
    event('finish', {
      finish_reason: z.string().optional(),
      raw_finish_reason: z.string().optional(),
      usage: z.record(z.string(), count).optional(),
      response_id: z.string().optional(),
      model: z.string().optional(),
      metadata,
    }),
    event('step-end', {}),
    event('heartbeat', {}),
    event('interrupt', {
      reason: z.enum(['user', 'disconnect', 'timeout', 'shutdown', 'crash', 'eof']),
      message: z.string().optional(),
      detected_at: count.optional(),
      if_events: count.optional(),
    }),
    event('error', {
      message: z.string(),
      code: z.string().optional(),
      retryable: z.boolean().optional(),
      fatal: z.boolean(),
    }),
    event('message', { role, parts: z.array(z.looseObject({ type: z.string() })) }),
  ]);
}
