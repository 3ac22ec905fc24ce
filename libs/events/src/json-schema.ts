import { z } from 'zod';
import { alternatives, encryptedEventSchemas, eventSchemas, eventTypes } from './event.js';

/**
 * The JSON Schema (draft 2020-12) of an event, made from the same schemas that the decoder uses. It says all
 * that the decoder asks but for the depth of JSON values and the size of the whole.
 */
export function eventJsonSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'stepfold event, version 1',
    dependentRequired: { producer: ['seq'], seq: ['producer'] },
    anyOf: [
      ...eventTypes.map((type) => {
        const names = alternatives[type];
        return {
          ...typeJsonSchema(eventSchemas[type], type),
          ...(names === undefined ? {} : { oneOf: names.map((name) => ({ required: [name] })) }),
        };
      }),
      ...eventTypes.map((type) => typeJsonSchema(encryptedEventSchemas[type], `${type}, encrypted`)),
    ],
  };
}

function typeJsonSchema(schema: z.ZodType, title: string): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return { title, ...rest };
}
