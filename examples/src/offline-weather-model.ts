import { simulateReadableStream, type LanguageModel } from 'ai';
import { MockLanguageModelV3 } from 'ai/test';

/** A model of the AI SDK that needs no network: it calls `weather`, and then says what it was told. */
export function weatherModel(): LanguageModel {
  const usage = {
    inputTokens: { total: 12, noCache: 12, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 8, text: 8, reasoning: 0 },
  };
  const answers = [
    [
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: 'I should look.' },
      { type: 'reasoning-end', id: 'r' },
      { type: 'tool-call', toolCallId: 'call-1', toolName: 'weather', input: '{"city":"Vienna"}' },
      { type: 'finish', finishReason: { unified: 'tool-calls', raw: 'tool_use' }, usage },
    ],
    [
      { type: 'text-start', id: 't' },
      { type: 'text-delta', id: 't', delta: 'It is 21 degrees ' },
      { type: 'text-delta', id: 't', delta: 'in Vienna.' },
      { type: 'text-end', id: 't' },
      { type: 'finish', finishReason: { unified: 'stop', raw: 'end_turn' }, usage },
    ],
  ] as const;
  let calls = 0;
  return new MockLanguageModelV3({
    doStream: async () => {
      const parts = [{ type: 'stream-start', warnings: [] } as const, ...answers[Math.min(calls++, 1)]!];
      return { stream: simulateReadableStream({ chunks: parts, chunkDelayInMs: 5 }) as never };
    },
  });
}
