import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { convertParts } from '../../../test/support/convert-parts.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { google } from './google.js';

/**
 * Whatever is fed in: nothing throws, every event is one that the codec takes, the fold accepts them all, and no step
 * stays open.
 */

const deep = fc
  .constantFrom(31, 63, 64, 500)
  .map((levels) => JSON.parse('[{"a":'.repeat(levels) + '1' + '}]'.repeat(levels)) as unknown);
const anything = fc.anything({ maxDepth: 2, withBigInt: true, withMap: true, withNullPrototype: true });
const value = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 4, arbitrary: anything },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.constantFrom('\uD83D', '__proto__', 'x'.repeat(600)) },
);
const id = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', '', '\0', 'call_0') },
  { weight: 1, arbitrary: value },
);
const flag = fc.oneof({ weight: 5, arbitrary: fc.boolean() }, value);
/** A list of such things, or now and then something else. */
const list = (item: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.array(fc.oneof({ weight: 9, arbitrary: item }, value), { maxLength: 3 }) },
    { weight: 1, arbitrary: value },
  );
const some = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] });

const path = fc.oneof(
  fc.constantFrom(
    '$.a',
    '$.a.b',
    '$.a[0]',
    '$.a[1].b',
    "$['a']",
    '$.__proto__.x',
    '$.c[999999999]',
    '$',
    '$..a',
  ),
  fc.integer({ min: 60, max: 66 }).map((levels) => `$${'.a'.repeat(levels)}`),
  value,
);
const partialArg = some({
  jsonPath: path,
  stringValue: value,
  numberValue: fc.oneof(fc.double(), value),
  boolValue: flag,
  nullValue: value,
  willContinue: flag,
});
const functionCall = some({ name: id, id, args: value, partialArgs: list(partialArg), willContinue: flag });
const part = some({
  text: value,
  thought: flag,
  thoughtSignature: value,
  functionCall: fc.oneof({ weight: 5, arbitrary: functionCall }, value),
  executableCode: some({ id, language: value, code: value }),
  codeExecutionResult: some({ id, outcome: value, output: value }),
  toolCall: some({ id, toolType: value, args: value }),
  toolResponse: some({ id, toolType: value, response: value }),
  inlineData: some({ mimeType: value, data: value }),
  fileData: some({ mimeType: value, fileUri: value }),
  unheardOf: value,
});
const page = some({ uri: value, title: value, text: value });
const candidate = some({
  index: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, value),
  content: fc.oneof({ weight: 9, arbitrary: some({ parts: list(part) }) }, value),
  finishReason: fc.oneof(fc.constant(undefined), fc.constantFrom('STOP', ''), value),
  finishMessage: value,
  groundingMetadata: some({ groundingChunks: list(some({ web: page, retrievedContext: page, maps: page })) }),
  citationMetadata: some({ citations: list(page), citationSources: list(page) }),
  safetyRatings: value,
});
const count = fc.oneof(fc.nat(), fc.maxSafeInteger(), value);
const chunk = some({
  responseId: id,
  modelVersion: value,
  candidates: list(candidate),
  promptFeedback: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    some({ blockReason: value }),
    value,
  ),
  usageMetadata: some({ promptTokenCount: count, candidatesTokenCount: count, thoughtsTokenCount: count }),
  error: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    value,
    some({ message: value, code: value }),
  ),
});
const parts = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: chunk },
    chunk.map((response) => ({ response })),
    anything,
  ),
  { maxLength: 12, size: 'max' },
);

describe('a Gemini stream of hostile chunks', () => {
  it('gives events that the codec takes and the fold accepts, and every step ends once', () => {
    fc.assert(
      fc.property(parts, (stream) => {
        const { outcomes, messages } = foldAll(convertParts(google, stream).events);
        expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
        expect(messages.map(({ step_id, status }) => [step_id, status === 'open'])).toEqual(
          messages.map((_message, number) => [`run.${number}`, false]),
        );
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
