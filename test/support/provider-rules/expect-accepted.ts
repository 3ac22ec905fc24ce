import { expect } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import {
  aiSdkRequest,
  anthropicRequest,
  openaiChatRequest,
  openaiResponsesRequest,
} from '@stepfold/requests';
import { generateText as generateText5, modelMessageSchema as modelMessageSchema5 } from 'ai-5';
import { MockLanguageModelV2 } from 'ai-5/test';
import { generateText as generateText6, modelMessageSchema as modelMessageSchema6 } from 'ai-6';
import { MockLanguageModelV3 } from 'ai-6/test';
import { aiSdkProblems } from './ai-sdk-rules.js';
import { anthropicProblems } from './anthropic-rules.js';
import { chatProblems } from './chat-rules.js';
import { responsesProblems } from './responses-rules.js';

/** A request is JSON on its way: what is undefined in it does not arrive. */
function asSent<T>(request: T): T {
  return JSON.parse(JSON.stringify(request)) as T;
}

/** Every provider takes the request that is made from a chat, whatever its options. */
export function expectAccepted(chat: readonly Message[]): void {
  const sdk = asSent(aiSdkRequest(chat));
  expect(aiSdkProblems(sdk)).toEqual([]);
  for (const message of sdk.messages) {
    expect(modelMessageSchema5.safeParse(message).error).toBeUndefined();
    expect(modelMessageSchema6.safeParse(message).error).toBeUndefined();
  }
  expect(anthropicProblems(asSent(anthropicRequest(chat)))).toEqual([]);
  expect(anthropicProblems(asSent(anthropicRequest(chat, { beta: true })))).toEqual([]);
  for (const isStored of [true, false]) {
    const request = asSent(openaiResponsesRequest(chat, { store: isStored }));
    expect(responsesProblems(request, { isStored })).toEqual([]);
  }
  for (const dialect of ['openai', 'deepseek', 'openrouter', 'google'] as const) {
    expect(chatProblems(asSent(openaiChatRequest(chat, { dialect })))).toEqual([]);
  }
}

const answer = {
  content: [{ type: 'text' as const, text: 'Yes.' }],
  warnings: [],
};

/** The AI SDK itself hands the request on to a model; version 7 does not run on all Node versions that we do. */
export async function expectAiSdkTakes(chat: readonly Message[]): Promise<void> {
  const { system, messages } = aiSdkRequest(chat);
  if (messages.length === 0) return;
  const request = { messages, ...(system === undefined ? {} : { system }) };
  const model5 = new MockLanguageModelV2({
    supportedUrls: { '*/*': [/.*/] },
    doGenerate: {
      ...answer,
      finishReason: 'stop',
      usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
    },
  });
  const tokens = { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0, text: 1, reasoning: 0 };
  const model6 = new MockLanguageModelV3({
    supportedUrls: { '*/*': [/.*/] },
    doGenerate: {
      ...answer,
      finishReason: { unified: 'stop', raw: 'stop' },
      usage: { inputTokens: tokens, outputTokens: tokens },
    },
  });
  expect((await generateText5({ model: model5, ...request })).text).toBe('Yes.');
  expect((await generateText6({ model: model6, ...request })).text).toBe('Yes.');
}
