import type { Message, Part } from '@stepfold/fold';

type Given = { readonly type: Part['type'] } & Readonly<Record<string, unknown>>;

/** A stored step with these parts, complete and a model's unless `fields` say otherwise. */
export function storedStep(parts: readonly Given[], fields: Partial<Message> = {}): Message {
  return {
    chat_id: 'c',
    step_id: 's',
    attempt: 0,
    role: 'assistant',
    status: 'complete',
    parts: parts.map((part) => ({ first_event: 1, last_event: 1, created_at: 1e15, ...part })),
    ...fields,
  } as unknown as Message;
}

export const userStep = (text: string): Message => storedStep([{ type: 'text', text }], { role: 'user' });

export const callPart = (id: string, more: object = {}) => ({
  type: 'tool-call' as const,
  tool_call_id: id,
  tool_name: 'look',
  args: { at: id },
  ...more,
});

export const resultPart = (id: string, more: object = {}) => ({
  type: 'tool-result' as const,
  tool_call_id: id,
  result: `seen ${id}`,
  ...more,
});
