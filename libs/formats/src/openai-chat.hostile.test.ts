import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { convertParts } from '../../../test/support/convert-parts.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { openaiChat } from './openai-chat.js';

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
  { weight: 1, arbitrary: fc.constantFrom('\uD83D', '__proto__', '{}', '{"a":1}', '}', 'x'.repeat(600)) },
);
const id = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', '', '\0', 'call#0') },
  { weight: 1, arbitrary: value },
);
const index = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(0, 1, 2) }, { weight: 1, arbitrary: value });
/** A list of such things, or now and then something else. */
const list = (item: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.array(fc.oneof({ weight: 9, arbitrary: item }, value), { maxLength: 3 }) },
    { weight: 1, arbitrary: value },
  );
const some = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] });

const call = some({
  index,
  id,
  type: fc.constantFrom('function', 'custom'),
  function: some({ name: id, arguments: value }),
  custom: some({ name: id, input: value }),
  extra_content: some({ google: some({ thought_signature: value }) }),
});
const content = some({
  type: fc.constantFrom('text', 'thinking', 'reference', 'refusal', 'image_url', 'new'),
  text: value,
  thinking: list(some({ type: value, text: value })),
  reference_ids: list(value),
  image_url: value,
  refusal: value,
});
const detail = some({ type: value, text: value, summary: value, data: value, signature: value, id, index });
const delta = some({
  role: fc.constantFrom('assistant', ''),
  content: fc.oneof(value, list(content)),
  refusal: value,
  reasoning_content: value,
  reasoning: value,
  reasoning_details: list(detail),
  thinking_blocks: list(some({ thinking: value, signature: value, data: value })),
  tool_calls: list(call),
  function_call: some({ name: id, arguments: value }),
  executed_tools: list(some({ index, type: id, arguments: value, output: value })),
  audio: some({ id, data: value, transcript: value, expires_at: value }),
  images: list(
    some({ image_url: fc.oneof(value, some({ url: fc.constantFrom('data:,x', 'data:a;base64,AA') })) }),
  ),
  annotations: list(some({ type: value, url_citation: some({ url: value, title: value }), url: value })),
  provider_metadata: value,
  unheard_of: value,
});
const usage = some({
  prompt_tokens: fc.oneof(fc.nat(), fc.maxSafeInteger(), value),
  completion_tokens: fc.oneof(fc.nat(), fc.maxSafeInteger(), value),
  total_tokens: fc.oneof(fc.nat(), value),
  completion_tokens_details: some({ reasoning_tokens: fc.oneof(fc.nat(), fc.maxSafeInteger()) }),
  prompt_tokens_details: some({ cached_tokens: fc.oneof(fc.nat(), fc.maxSafeInteger()) }),
});
const choice = some({
  index: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, value),
  delta: fc.oneof({ weight: 9, arbitrary: delta }, value),
  message: delta,
  text: value,
  finish_reason: fc.oneof(fc.constant(null), fc.constantFrom('stop', 'tool_calls', 'error', ''), value),
  native_finish_reason: value,
  error: fc.option(value),
});
const chunk = some({
  id,
  object: fc.constantFrom('chat.completion.chunk', 'error'),
  model: value,
  provider: value,
  choices: list(choice),
  usage: fc.oneof(usage, value),
  x_groq: some({ usage, error: value }),
  citations: list(value),
  search_results: list(some({ url: value, title: value })),
  error: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    value,
    some({ message: value, code: value }),
  ),
});
const parts = fc.array(fc.oneof({ weight: 20, arbitrary: chunk }, anything), { maxLength: 12, size: 'max' });

describe('a stream of hostile chunks', () => {
  it('gives events that the codec takes and the fold accepts, and every step ends once', () => {
    fc.assert(
      fc.property(parts, (stream) => {
        const { outcomes, messages } = foldAll(convertParts(openaiChat, stream).events);
        expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
        expect(messages.map(({ step_id, status }) => [step_id, status === 'open'])).toEqual(
          messages.map((_message, number) => [`run.${number}`, false]),
        );
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
