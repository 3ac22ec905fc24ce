import { describe, expect, it } from '@jest/globals';
import type Anthropic from '@anthropic-ai/sdk';
import type { ModelMessage as ModelMessage5 } from 'ai-5';
import type { ModelMessage as ModelMessage6 } from 'ai-6';
import type { ModelMessage as ModelMessage7 } from 'ai-7';
import type OpenAI from 'openai';
import {
  aiSdkRequest,
  anthropicRequest,
  openaiChatRequest,
  openaiResponsesRequest,
  type AiSdkRequest,
  type AnthropicBetaBlock,
  type AnthropicBlock,
  type AnthropicRequest,
  type ChatRequest,
  type ResponsesRequest,
} from './index.js';

/**
 * Compiled with the rest of the tests: each line holds only while the SDK's own type of a request takes ours.
 */
const aiSdk = {
  5: (request: AiSdkRequest): ModelMessage5[] => request.messages,
  6: (request: AiSdkRequest): ModelMessage6[] => request.messages,
  7: (request: AiSdkRequest): ModelMessage7[] => request.messages,
};
const anthropic = {
  stable: (
    request: AnthropicRequest,
  ): Pick<Anthropic.MessageCreateParams, 'messages'> & { system?: Anthropic.TextBlockParam[] } => request,
  beta: (
    request: AnthropicRequest<AnthropicBlock | AnthropicBetaBlock>,
  ): Pick<Anthropic.Beta.MessageCreateParams, 'messages'> & {
    system?: Anthropic.Beta.BetaTextBlockParam[];
  } => request,
};
const openai = {
  responses: (request: ResponsesRequest): { input: OpenAI.Responses.ResponseInput } => request,
  chat: (request: ChatRequest): Pick<OpenAI.ChatCompletionCreateParams, 'messages'> => request,
};

describe('a request has the type of its SDK', () => {
  it('of the AI SDK, Anthropic and OpenAI', () => {
    for (const typed of Object.values(aiSdk)) expect(typed(aiSdkRequest([]))).toEqual([]);
    expect(anthropic.stable(anthropicRequest([]))).toEqual({ messages: [] });
    expect(anthropic.beta(anthropicRequest([], { beta: true }))).toEqual({ messages: [] });
    expect(openai.responses(openaiResponsesRequest([]))).toEqual({ input: [] });
    expect(openai.chat(openaiChatRequest([]))).toEqual({ messages: [] });
  });
});
