import { describe, expect, it } from '@jest/globals';
import { aiSdkFinishReasonOf } from './ai-sdk-finish-reason.js';

describe('a finish reason of the AI SDK', () => {
  it.each<[unknown, unknown, object]>([
    ['stop', undefined, { finishReason: 'stop' }],
    ['tool-calls', 'tool_use', { finishReason: 'tool-calls', rawFinishReason: 'tool_use' }],
    ['unknown', undefined, { finishReason: 'other', rawFinishReason: 'unknown' }],
    ['paused', 'pause_turn', { finishReason: 'other', rawFinishReason: 'pause_turn' }],
    [
      { unified: 'length', raw: 'max_tokens' },
      undefined,
      { finishReason: 'length', rawFinishReason: 'max_tokens' },
    ],
    [{ raw: 'odd' }, undefined, { rawFinishReason: 'odd' }],
    [undefined, undefined, {}],
    [null, null, {}],
  ])('%j (raw %j) is %j', (given, raw, expected) => {
    expect(aiSdkFinishReasonOf(given, raw)).toEqual(expected);
  });
});
