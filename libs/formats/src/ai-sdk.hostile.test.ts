import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import * as fc from 'fast-check';
import { foldAll } from '../../../test/support/fold-all.js';
import { aiSdk } from './ai-sdk.js';

/**
 * Whatever is fed in: nothing throws, every event is one that the codec takes, and the fold accepts them all, so
 * that steps are opened before their content and nothing follows their end.
 */

const START = 1_767_225_600_000_000;
const codec = createEventCodec();

const types = [
  'start',
  'start-step',
  'text-start',
  'text-delta',
  'text-end',
  'reasoning-start',
  'reasoning-delta',
  'reasoning-end',
  'tool-input-start',
  'tool-input-delta',
  'tool-input-end',
  'tool-call',
  'tool-result',
  'tool-error',
  'tool-approval-request',
  'tool-approval-response',
  'tool-output-denied',
  'source',
  'file',
  'reasoning-file',
  'custom',
  'steering-message',
  'finish-step',
  'finish',
  'abort',
  'error',
  'raw',
  'ping',
  'unheard-of',
];

const deep = fc
  .constantFrom(31, 32, 33, 62, 64, 500)
  .map((levels) => JSON.parse('[{"a":'.repeat(levels) + '1' + '}]'.repeat(levels)) as unknown);
const anything = fc.anything({
  maxDepth: 3,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withTypedArray: true,
  withSparseArray: true,
  withObjectString: true,
  withUnicodeString: true,
});
const id = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 2, arbitrary: fc.constantFrom('', '\0', 'x'.repeat(600), '\uD83D', '__proto__', 'constructor') },
  { weight: 1, arbitrary: anything },
);
const value = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 3, arbitrary: anything },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.constantFrom(true, false, 'url', 'interrupted', 'data:,x', 'x'.repeat(2_000)) },
);
const metadata = fc.oneof(value, fc.dictionary(fc.constantFrom('anthropic', '__proto__', 'ai-sdk'), value));

const part = fc.record(
  {
    type: fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...types) }, { weight: 1, arbitrary: anything }),
    id,
    toolCallId: id,
    approvalId: id,
    toolName: id,
    toolCall: fc.oneof(value, fc.record({ toolCallId: id })),
    text: value,
    delta: value,
    input: value,
    output: value,
    error: value,
    reason: value,
    finishReason: value,
    rawFinishReason: value,
    usage: fc.oneof(
      value,
      fc.record({ inputTokens: value, outputTokenDetails: value, reasoningTokens: fc.double() }),
    ),
    response: fc.oneof(value, fc.record({ id: value, modelId: value })),
    performance: value,
    warnings: fc.oneof(value, fc.array(value, { maxLength: 2 })),
    providerMetadata: metadata,
    toolMetadata: value,
    citations: value,
    inputEncoding: value,
    title: value,
    url: value,
    mediaType: value,
    filename: value,
    sourceType: value,
    file: fc.oneof(value, fc.record({ base64: value, uint8Array: value, data: value, mediaType: value })),
    data: value,
    kind: value,
    message: value,
    signature: value,
    approved: value,
    invalid: value,
    preliminary: value,
    providerExecuted: value,
    dynamic: value,
    isAutomatic: value,
  },
  { requiredKeys: ['type'] },
);
const parts = fc.array(fc.oneof({ weight: 20, arbitrary: part }, { weight: 1, arbitrary: anything }), {
  maxLength: 25,
  size: 'max',
});

function convertedAndDecoded(stream: readonly unknown[]): Event[] {
  const converter = aiSdk.createConverter({ chatId: 'chat', runId: 'run' });
  const events = stream.flatMap((given, index) => converter.convert(given, START + index));
  events.push(...converter.end(START + stream.length));
  expect(converter.end(START + stream.length)).toEqual([]);
  return events.map((event) => {
    const decoded = codec.decode(codec.encode(event));
    if (!decoded.ok) throw new Error(`${event.type}: ${decoded.detail}`);
    return decoded.event;
  });
}

describe('an AI SDK stream of hostile parts', () => {
  it('gives events that the codec takes and the fold accepts', () => {
    fc.assert(
      fc.property(parts, (stream) => {
        const events = convertedAndDecoded(stream);
        const { outcomes, messages } = foldAll(events);
        expect(new Set(outcomes).size).toBeLessThanOrEqual(1);
        expect(outcomes.every((outcome) => outcome === 'accepted')).toBe(true);
        expect(messages.map(({ status }) => status)).not.toContain('open');
        expect(messages.map(({ step_id, step_index }) => [step_id, step_index])).toEqual(
          messages.map((_message, index) => [`run.${index}`, index]),
        );
      }),
      { numRuns: 120 },
    );
  }, 60_000);

  it('may retry a step without end', () => {
    const events = convertedAndDecoded(Array.from({ length: 2_000 }, () => ({ type: 'start-step' })));
    expect(events.at(-1)).toMatchObject({ step_id: 'run.0', attempt: 1_999, type: 'interrupt' });
  });
});
