import { describe, expect, it } from '@jest/globals';
import { createEventCodec, type Event } from '@stepfold/events';
import * as fc from 'fast-check';
import { foldAll } from '../../../test/support/fold-all.js';
import { hostileId, hostileParts, hostileValue } from '../../../test/support/hostile-parts.js';
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

const metadata = fc.oneof(
  hostileValue,
  fc.dictionary(fc.constantFrom('anthropic', '__proto__', 'ai-sdk'), hostileValue),
);

const part = fc.record(
  {
    type: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...types) },
      { weight: 1, arbitrary: hostileValue },
    ),
    id: hostileId,
    toolCallId: hostileId,
    approvalId: hostileId,
    toolName: hostileId,
    toolCall: fc.oneof(hostileValue, fc.record({ toolCallId: hostileId })),
    text: hostileValue,
    delta: hostileValue,
    input: hostileValue,
    output: hostileValue,
    error: hostileValue,
    reason: hostileValue,
    finishReason: hostileValue,
    rawFinishReason: hostileValue,
    usage: fc.oneof(
      hostileValue,
      fc.record({
        inputTokens: hostileValue,
        outputTokenDetails: hostileValue,
        reasoningTokens: fc.double(),
      }),
    ),
    response: fc.oneof(hostileValue, fc.record({ id: hostileValue, modelId: hostileValue })),
    performance: hostileValue,
    warnings: fc.oneof(hostileValue, fc.array(hostileValue, { maxLength: 2 })),
    providerMetadata: metadata,
    toolMetadata: hostileValue,
    citations: hostileValue,
    inputEncoding: hostileValue,
    title: hostileValue,
    url: hostileValue,
    mediaType: hostileValue,
    filename: hostileValue,
    sourceType: hostileValue,
    file: fc.oneof(
      hostileValue,
      fc.record({
        base64: hostileValue,
        uint8Array: hostileValue,
        data: hostileValue,
        mediaType: hostileValue,
      }),
    ),
    data: hostileValue,
    kind: hostileValue,
    message: hostileValue,
    signature: hostileValue,
    approved: hostileValue,
    invalid: hostileValue,
    preliminary: hostileValue,
    providerExecuted: hostileValue,
    dynamic: hostileValue,
    isAutomatic: hostileValue,
  },
  { requiredKeys: ['type'] },
);
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
      fc.property(hostileParts(part), (stream) => {
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
