export { aiSdkRequest, type AiSdkMessage, type AiSdkRequest } from './ai-sdk-request.js';
export type { AnthropicBetaBlock, AnthropicBlock } from './anthropic-blocks.js';
export {
  anthropicRequest,
  type AnthropicMessage,
  type AnthropicRequest,
  type AnthropicRequestOptions,
} from './anthropic-request.js';
export type { AnswerOptions } from './call-answer.js';
export {
  openaiChatRequest,
  type ChatMessage,
  type ChatRequest,
  type ChatRequestOptions,
} from './openai-chat-request.js';
export {
  openaiResponsesRequest,
  type ResponsesRequest,
  type ResponsesRequestOptions,
} from './openai-responses-request.js';
export type { ResponsesInputItem } from './responses-items.js';
