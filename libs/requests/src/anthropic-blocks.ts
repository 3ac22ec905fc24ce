import type { JsonValue } from '@stepfold/events';

/** Content of the Messages API, as far as stored chats have what it can say. */
export interface AnthropicTextBlock {
  type: 'text';
  text: string;
  citations?: AnthropicCitation[];
}

/** What a search found, which the text cites. Without it the model cites nothing of that search again. */
export interface AnthropicCitation {
  type: 'web_search_result_location';
  url: string;
  title: string | null;
  cited_text: string;
  encrypted_index: string;
}

export type AnthropicImageBlock = {
  type: 'image';
  source:
    | { type: 'base64'; media_type: AnthropicImageType; data: string }
    | { type: 'url'; url: string }
    | { type: 'file'; file_id: string };
};
export const anthropicImageTypes = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'] as const;
export type AnthropicImageType = (typeof anthropicImageTypes)[number];

export type AnthropicDocumentBlock = {
  type: 'document';
  source:
    | { type: 'base64'; media_type: 'application/pdf'; data: string }
    | { type: 'text'; media_type: 'text/plain'; data: string }
    | { type: 'url'; url: string }
    | { type: 'file'; file_id: string };
  title?: string;
};

export type AnthropicThinkingBlock =
  { type: 'thinking'; thinking: string; signature: string } | { type: 'redacted_thinking'; data: string };

export interface AnthropicToolUseBlock {
  type: 'tool_use';
  id: string;
  name: string;
  input: { readonly [key: string]: JsonValue };
  caller?: AnthropicCaller;
}

export type AnthropicCaller =
  | { type: 'direct' }
  | { type: 'code_execution_20250825'; tool_id: string }
  | { type: 'code_execution_20260120'; tool_id: string };

export interface AnthropicToolResultBlock {
  type: 'tool_result';
  tool_use_id: string;
  content: string;
  is_error?: true;
}

/** The length of the name of a tool, in characters. */
export const ANTHROPIC_NAME_LENGTH_MAX = 128;

/** Tools that Anthropic runs itself. */
export const anthropicServerTools = [
  'web_search',
  'web_fetch',
  'code_execution',
  'bash_code_execution',
  'text_editor_code_execution',
  'tool_search_tool_regex',
  'tool_search_tool_bm25',
] as const;
export type AnthropicServerTool = (typeof anthropicServerTools)[number];

export interface AnthropicServerToolUseBlock {
  type: 'server_tool_use';
  id: string;
  name: AnthropicServerTool;
  input: { readonly [key: string]: JsonValue };
}

/**
 * The result of such a tool, as the API gave it: only its `type` has been looked at, so `content` has no type here that
 * would be more than a claim.
 */
export interface AnthropicServerResultBlock {
  type:
    | 'web_search_tool_result'
    | 'web_fetch_tool_result'
    | 'code_execution_tool_result'
    | 'bash_code_execution_tool_result'
    | 'text_editor_code_execution_tool_result'
    | 'tool_search_tool_result';
  tool_use_id: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- see above
  content: any;
}

/** Blocks that the API knows in its betas only. */
export type AnthropicBetaBlock =
  | {
      type: 'mcp_tool_use';
      id: string;
      name: string;
      server_name: string;
      input: { readonly [key: string]: JsonValue };
    }
  | {
      type: 'mcp_tool_result';
      tool_use_id: string;
      content: string | { type: 'text'; text: string }[];
      is_error: boolean;
    }
  | { type: 'compaction'; content: string | null; encrypted_content?: string; signature?: string }
  /** Where the API went on with another model. */
  | { type: 'fallback'; from: { model: string }; to: { model: string } }
  | {
      type: 'server_tool_use';
      id: string;
      name: 'advisor';
      input: { readonly [key: string]: JsonValue };
    }
  // oxlint-disable-next-line typescript/no-explicit-any -- as of other results
  | { type: 'advisor_tool_result'; tool_use_id: string; content: any };

export type AnthropicBlock =
  | AnthropicTextBlock
  | AnthropicImageBlock
  | AnthropicDocumentBlock
  | AnthropicThinkingBlock
  | AnthropicToolUseBlock
  | AnthropicToolResultBlock
  | AnthropicServerToolUseBlock
  | AnthropicServerResultBlock;
