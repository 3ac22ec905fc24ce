import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { convertParts } from '../../../test/support/convert-parts.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { hostileId, hostileParts, hostileValue, mutated } from '../../../test/support/hostile-parts.js';
import { fantasy } from './fantasy.js';

/** Whatever is fed in: nothing throws, the codec takes every event, the fold accepts them all, and every step ends. */

const types = [
  ...[
    'warnings',
    'text_start',
    'text_delta',
    'text_end',
    'reasoning_start',
    'reasoning_delta',
    'reasoning_end',
  ],
  ...['tool_input_start', 'tool_input_delta', 'tool_input_end', 'tool_call', 'tool_result'],
  ...['source', 'finish', 'error', 'keepalive', 'unheard_of'],
];
const wrapped = fc.record({
  type: hostileValue,
  data: fc.oneof(hostileValue, fc.dictionary(fc.string(), hostileValue)),
});
const part = fc.record(
  {
    type: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom<unknown>(...types) },
      { weight: 1, arbitrary: hostileValue },
    ),
    id: hostileId,
    tool_call_name: hostileId,
    tool_call_input: hostileValue,
    delta: hostileValue,
    provider_executed: hostileValue,
    usage: fc.oneof(
      hostileValue,
      fc.dictionary(
        fc.constantFrom(
          'input_tokens',
          'output_tokens',
          'total_tokens',
          'reasoning_tokens',
          'cache_read_tokens',
        ),
        fc.oneof(hostileValue, fc.maxSafeNat(), fc.double()),
      ),
    ),
    finish_reason: hostileValue,
    error: hostileValue,
    warnings: hostileValue,
    source_type: hostileValue,
    url: hostileValue,
    title: hostileValue,
    provider_metadata: fc.oneof(
      hostileValue,
      fc.dictionary(
        fc.constantFrom('anthropic', 'openai', '__proto__', 'fantasy'),
        fc.oneof(hostileValue, wrapped),
      ),
    ),
  },
  { requiredKeys: ['type'] },
);

function expectEnded(stream: readonly unknown[]): void {
  const { outcomes, messages } = foldAll(convertParts(fantasy, stream).events);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  expect(messages.map(({ status }) => status)).not.toContain('open');
  expect(messages.map(({ step_id }) => step_id)).toEqual(messages.map((_message, index) => `run.${index}`));
}

describe('a fantasy stream of hostile parts', () => {
  it('gives events that the codec takes and the fold accepts', () => {
    fc.assert(fc.property(hostileParts(part), expectEnded), { numRuns: 120 });
  }, 60_000);

  it('ends every step however a sound stream is dropped, doubled and moved', () => {
    const sound = [0, 1].flatMap((step) => [
      { type: 'warnings', warnings: [{ type: 'other' }] },
      { type: 'reasoning_start', id: '0' },
      { type: 'reasoning_delta', id: '0', delta: 'hm' },
      { type: 'reasoning_end', id: '0' },
      { type: 'tool_input_start', id: `c${step}`, tool_call_name: 'look' },
      { type: 'tool_input_delta', id: `c${step}`, delta: '{}' },
      { type: 'tool_input_end', id: `c${step}` },
      { type: 'tool_call', id: `c${step}`, tool_call_name: 'look', tool_call_input: '{}' },
      { type: 'error', error: 'oh' },
      { type: 'finish', finish_reason: 'stop', usage: { input_tokens: 1 } },
    ]);
    fc.assert(fc.property(mutated(sound), expectEnded), { numRuns: 150 });
  }, 60_000);
});
