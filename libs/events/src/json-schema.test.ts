import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventTypes } from './event.js';
import { eventJsonSchema } from './json-schema.js';

const file = path.resolve(__dirname, '../event.schema.json');

describe('the published JSON Schema', () => {
  it('is the one that the code makes (else run: npm run build && node scripts/write-event-schema.mjs)', () => {
    const published: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    expect(published).toEqual(JSON.parse(JSON.stringify(eventJsonSchema())));
  });

  it('has every type, in the clear and encrypted', () => {
    const { anyOf } = eventJsonSchema() as { anyOf: { title: string; required: string[] }[] };
    expect(anyOf.map(({ title }) => title)).toEqual([
      ...eventTypes,
      ...eventTypes.map((type) => `${type}, encrypted`),
    ]);
    for (const { title, required } of anyOf) {
      expect(required).toEqual(expect.arrayContaining(['v', 'chat_id', 'step_id', 'at', 'type']));
      expect(required.includes('enc')).toBe(title.endsWith(', encrypted'));
    }
  });
});
