import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { convertParts, messagesOfParts } from '../../../test/support/convert-parts.js';
import { hostileId, hostileParts, hostileValue, mutated } from '../../../test/support/hostile-parts.js';
import { languageModel } from './language-model.js';

/**
 * Whatever is fed in: nothing throws, every event is one that the codec takes, the fold accepts them all, and every
 * step has ended when the stream has.
 */

const types = [
  'stream-start',
  'response-metadata',
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
  'tool-approval-request',
  'source',
  'file',
  'reasoning-file',
  'custom',
  'finish',
  'error',
  'raw',
  'ping',
  'hologram',
];
const counts = fc.oneof(hostileValue, fc.record({ total: fc.oneof(fc.nat(), hostileValue) }));
const part = fc.record(
  {
    type: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...types) },
      { weight: 1, arbitrary: hostileValue },
    ),
    id: hostileId,
    modelId: hostileValue,
    toolCallId: hostileId,
    approvalId: hostileId,
    toolName: hostileId,
    delta: hostileValue,
    input: fc.oneof(hostileValue, fc.constantFrom('', '{}', '{"a":', '1e999', '['.repeat(70))),
    result: hostileValue,
    isError: hostileValue,
    preliminary: hostileValue,
    providerExecuted: hostileValue,
    dynamic: hostileValue,
    error: hostileValue,
    finishReason: fc.oneof(hostileValue, fc.record({ unified: hostileValue, raw: hostileValue })),
    usage: fc.oneof(hostileValue, fc.record({ inputTokens: counts, outputTokens: counts })),
    warnings: fc.oneof(hostileValue, fc.array(hostileValue, { maxLength: 2 })),
    providerMetadata: fc.oneof(
      hostileValue,
      fc.dictionary(fc.constantFrom('anthropic', '__proto__', 'ai-sdk'), hostileValue),
    ),
    citations: hostileValue,
    title: hostileValue,
    url: hostileValue,
    sourceType: hostileValue,
    mediaType: hostileValue,
    data: fc.oneof(
      hostileValue,
      fc.record({ type: fc.constantFrom('data', 'url'), data: hostileValue, url: hostileValue }),
    ),
    kind: hostileValue,
  },
  { requiredKeys: ['type'] },
);

const wholeStream = [
  { type: 'stream-start', warnings: [] },
  { type: 'response-metadata', id: 'r', modelId: 'm' },
  { type: 'reasoning-start', id: '0' },
  { type: 'reasoning-delta', id: '0', delta: 'Hm' },
  { type: 'reasoning-end', id: '0' },
  { type: 'tool-input-start', id: 't', toolName: 'search', providerExecuted: true },
  { type: 'tool-input-delta', id: 't', delta: '{}' },
  { type: 'tool-input-end', id: 't' },
  { type: 'tool-call', toolCallId: 't', toolName: 'search', input: '{}', providerExecuted: true },
  { type: 'tool-result', toolCallId: 't', toolName: 'search', result: [], preliminary: true },
  { type: 'error', error: 'hiccup' },
  { type: 'tool-result', toolCallId: 't', toolName: 'search', result: [] },
  { type: 'text-start', id: '0' },
  { type: 'text-delta', id: '0', delta: 'Hi' },
  { type: 'text-end', id: '0' },
  { type: 'finish', finishReason: 'stop', usage: { inputTokens: 1 } },
];

describe('a stream of a language model', () => {
  it('of hostile parts ends every step, with events that the codec takes and the fold accepts', () => {
    fc.assert(
      fc.property(hostileParts(part), (stream) => {
        const messages = messagesOfParts(languageModel, stream);
        expect(messages.map(({ status }) => status)).not.toContain('open');
        expect(messages.map(({ step_id }) => step_id)).toEqual(messages.map((_message, n) => `run.${n}`));
      }),
      { numRuns: 120 },
    );
  }, 60_000);

  it('with parts dropped, doubled and moved ends every step', () => {
    fc.assert(
      fc.property(mutated([...wholeStream, ...wholeStream]), (stream) => {
        expect(messagesOfParts(languageModel, stream).map(({ status }) => status)).not.toContain('open');
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('may retry a step without end', () => {
    const { events } = convertParts(
      languageModel,
      Array.from({ length: 2_000 }, () => ({ type: 'stream-start' })),
    );
    expect(events.at(-1)).toMatchObject({ step_id: 'run.0', attempt: 1_999, type: 'interrupt' });
  });
});
