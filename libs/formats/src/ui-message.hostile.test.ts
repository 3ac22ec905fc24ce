import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { convertParts } from '../../../test/support/convert-parts.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { hostileId, hostileParts, hostileValue, mutated } from '../../../test/support/hostile-parts.js';
import { uiMessage } from './ui-message.js';

/**
 * Whatever is fed in: nothing throws, every event is one that the codec takes, and the fold accepts them all, so
 * that steps are opened before their content, nothing follows their end, and each has one.
 */

const types = [
  ...['start', 'start-step', 'finish-step', 'reset-step', 'finish', 'abort', 'error', 'message-metadata'],
  ...['text-start', 'text-delta', 'text-end', 'reasoning-start', 'reasoning-delta', 'reasoning-end'],
  ...['tool-input-start', 'tool-input-delta', 'tool-input-available', 'tool-input-error'],
  ...['tool-output-available', 'tool-output-error', 'tool-output-denied'],
  ...['tool-approval-request', 'tool-approval-response'],
  ...['source-url', 'source-document', 'file', 'reasoning-file', 'custom', 'steering-message'],
  ...['data-', 'data-x', `data-${'y'.repeat(2_000)}`, 'data-__proto__', 'unheard-of'],
];

const part = fc.record(
  {
    type: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom<unknown>(...types) },
      { weight: 1, arbitrary: hostileValue },
    ),
    id: hostileId,
    messageId: hostileId,
    toolCallId: hostileId,
    approvalId: hostileId,
    sourceId: hostileId,
    toolName: hostileId,
    messageMetadata: fc.oneof(
      hostileValue,
      fc.dictionary(fc.constantFrom('a', '__proto__', 'constructor'), hostileValue),
    ),
    delta: hostileValue,
    inputTextDelta: hostileValue,
    input: hostileValue,
    output: hostileValue,
    errorText: hostileValue,
    reason: hostileValue,
    finishReason: hostileValue,
    providerMetadata: fc.oneof(
      hostileValue,
      fc.dictionary(fc.constantFrom('a', '__proto__', 'ai-sdk'), hostileValue),
    ),
    toolMetadata: hostileValue,
    citations: hostileValue,
    title: hostileValue,
    url: hostileValue,
    mediaType: hostileValue,
    filename: hostileValue,
    data: hostileValue,
    kind: hostileValue,
    signature: hostileValue,
    approved: hostileValue,
    preliminary: hostileValue,
    transient: hostileValue,
    providerExecuted: hostileValue,
    dynamic: hostileValue,
    isAutomatic: hostileValue,
  },
  { requiredKeys: ['type'] },
);

function expectEnded(stream: readonly unknown[]): void {
  const { outcomes, messages } = foldAll(convertParts(uiMessage, stream).events);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  expect(messages.map(({ status }) => status)).not.toContain('open');
  expect(messages.map(({ step_id, step_index }) => [step_id, step_index])).toEqual(
    messages.map((_message, index) => [`run.${index}`, index]),
  );
}

describe('a UI message stream of hostile chunks', () => {
  it('gives events that the codec takes and the fold accepts', () => {
    fc.assert(fc.property(hostileParts(part), expectEnded), { numRuns: 120 });
  }, 60_000);

  it('ends every step however a sound stream is dropped, doubled and moved', () => {
    const sound = ['m1', 'm2'].flatMap((messageId) => [
      { type: 'start', messageId, messageMetadata: { messageId } },
      ...[0, 1].flatMap((step) => [
        { type: 'start-step' },
        { type: 'reasoning-start', id: '0' },
        { type: 'reasoning-delta', id: '0', delta: 'hm' },
        { type: 'reasoning-end', id: '0', providerMetadata: { anthropic: { signature: 's' } } },
        { type: 'tool-input-start', toolCallId: `c${step}`, toolName: 'look' },
        { type: 'tool-input-delta', toolCallId: `c${step}`, inputTextDelta: '{}' },
        { type: 'tool-input-available', toolCallId: `c${step}`, toolName: 'look', input: {} },
        { type: 'tool-approval-request', toolCallId: `c${step}`, approvalId: 'p' },
        { type: 'tool-output-available', toolCallId: `c${step}`, output: 1 },
        { type: 'data-x', data: step },
        { type: 'message-metadata', messageMetadata: { step } },
        { type: 'error', errorText: 'oh' },
        { type: 'finish-step' },
      ]),
      { type: 'reset-step' },
      { type: 'finish', finishReason: 'stop', messageMetadata: { done: true } },
    ]);
    fc.assert(fc.property(mutated(sound), expectEnded), { numRuns: 150 });
  }, 60_000);

  it('takes time in proportion to its length: retries, metadata and late results without end', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_each, index) => [
        { type: 'start-step' },
        { type: 'message-metadata', messageMetadata: { [`key${index}`]: index } },
        { type: 'data-x', data: index },
        { type: 'tool-approval-request', toolCallId: `c${index}`, approvalId: `p${index}` },
      ]).flat();
    const converter = uiMessage.createConverter({ chatId: 'chat', runId: 'run' });
    const bytes = many(3_000).map((given, index) =>
      converter
        .convert(given, 1_767_225_600_000_000 + index)
        .reduce((sum, event) => sum + JSON.stringify(event).length, 0),
    );
    // No event carries what earlier ones already said.
    expect(Math.max(...bytes)).toBeLessThan(1_000);
  });
});
