import type { JsonObject, JsonValue } from '@stepfold/events';
import type { Message, Part } from '@stepfold/fold';

/** What a model wrote, as `gen_ai.output.messages` has it: JSON of the conventions' own schema, as text. */
export function outputMessages(message: Message): string {
  const parts = message.parts.flatMap(shown);
  const { finish_reason } = message;
  return JSON.stringify([
    { role: 'assistant', parts, ...(finish_reason === undefined ? {} : { finish_reason }) },
  ]);
}

function shown(part: Part): readonly JsonObject[] {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return [{ type: part.type, content: part.text }];
    case 'tool-call':
      return [
        {
          type: 'tool_call',
          id: part.tool_call_id,
          name: part.tool_name ?? '',
          ...present('arguments', part.args ?? part.args_text),
        },
      ];
    case 'tool-result':
      return [{ type: 'tool_call_response', id: part.tool_call_id, ...present('response', part.result) }];
    default:
      return [];
  }
}

function present(name: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}
