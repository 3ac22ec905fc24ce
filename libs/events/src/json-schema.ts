import { z } from 'zod';
import { eventSchemas, eventTypes } from './event.js';

/** The JSON Schema (draft 2020-12) of an event, made from the same schemas that the decoder uses. */
export function eventJsonSchema(): Record<string, unknown> {
  const union = z.union(eventTypes.map((type) => eventSchemas[type]));
  return {
    title: 'stepfold event, version 1',
    ...z.toJSONSchema(union, { unrepresentable: 'any', io: 'input' }),
  };
}
