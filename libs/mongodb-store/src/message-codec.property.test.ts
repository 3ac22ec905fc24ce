import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { BSON } from 'mongodb';
import type { JsonValue } from '@stepfold/events';
import { messageToJson, type Message } from '@stepfold/fold';
import { isExactInBson } from './bson-exactness.js';
import { decodeMessage } from './decode-message.js';
import { encodeMessage } from './encode-message.js';
import { jsonArbitrary, messageArbitrary } from './testing/arbitrary-message.js';

function throughBson(message: Message): Message {
  return decodeMessage(BSON.deserialize(BSON.serialize(encodeMessage(message).document)));
}

describe('the documents of messages', () => {
  it('give any message back equal to its JSON form, in the same order of fields', () => {
    fc.assert(
      fc.property(messageArbitrary, (message) => {
        const read = throughBson(message);
        expect(JSON.stringify(messageToJson(read))).toBe(JSON.stringify(messageToJson(message)));
        expect(JSON.stringify(read)).toBe(JSON.stringify(message));
      }),
      { numRuns: 500 },
    );
  });

  it('are as large as they say', () => {
    fc.assert(
      fc.property(messageArbitrary, (message) => {
        const { document, bytes } = encodeMessage(message);
        expect(BSON.serialize(document).length).toBe(bytes);
      }),
    );
  });

  it('have every stamp as a Date and as microseconds that agree to the millisecond', () => {
    fc.assert(
      fc.property(messageArbitrary, (message) => {
        const { document } = encodeMessage(message);
        expect(document['started_us']).toBe(BigInt(message.started_at));
        for (const holder of [document, ...(document['parts'] as Record<string, unknown>[])]) {
          for (const [name, value] of Object.entries(holder)) {
            if (!(value instanceof Date)) continue;
            const micros = holder[name === 'at' ? 'at_us' : name.replace(/_at$/, '_us')] as bigint;
            expect(value.getTime()).toBe(Number(micros / 1_000n));
          }
        }
      }),
    );
  });
});

describe('isExactInBson', () => {
  it('says yes only to what BSON gives back to the letter', () => {
    fc.assert(
      fc.property(jsonArbitrary, (value) => {
        fc.pre(isExactInBson(value));
        const { value: read } = BSON.deserialize(BSON.serialize({ value })) as unknown as {
          value: JsonValue;
        };
        expect(JSON.stringify(read)).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });
});
