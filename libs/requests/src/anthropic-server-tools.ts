import { setOwn, type JsonObject, type JsonValue } from '@stepfold/events';
import {
  ANTHROPIC_NAME_LENGTH_MAX,
  anthropicServerTools,
  type AnthropicBetaBlock,
  type AnthropicBlock,
  type AnthropicCaller,
  type AnthropicServerResultBlock,
  type AnthropicServerTool,
} from './anthropic-blocks.js';
import { argumentsObject } from './call-answer.js';
import { plainName } from './call-ids.js';
import type { Call } from './chat-turns.js';
import { isObject, metadataEntry, metadataText } from './metadata-entry.js';

/** A call of a tool that Anthropic ran, and its result, in the API's own words. */
export interface ServerToolBlocks {
  readonly use: AnthropicBlock | AnthropicBetaBlock;
  /** Undefined if the API paused before there was one. */
  readonly result: AnthropicServerResultBlock | AnthropicBetaBlock | undefined;
}

/** Whether the API knows the tool in its betas only. */
export function isBetaTool({ use }: ServerToolBlocks): boolean {
  return use.type === 'mcp_tool_use' || (use.type === 'server_tool_use' && use.name === 'advisor');
}

/**
 * What the API wants to see again of a tool that it ran. Undefined if another provider ran it, or if call and result do
 * not fit together: the API refuses one without the other. Streams of the API itself and of the AI SDK's adapter for it
 * are understood, which names some things differently.
 */
export function serverToolBlocks(call: Call): ServerToolBlocks | undefined {
  const { part, result } = call;
  const serverName = metadataText(part, 'anthropic', 'serverName');
  if (serverName !== undefined) return mcpBlocks(call, serverName);
  if (!/^srvtoolu_\w+$/.test(part.tool_call_id)) return undefined;
  const { name, input } = toolOf(call);
  if (name === 'advisor') return advisorBlocks(call, input);
  if (!isServerTool(name)) return undefined;
  const use: AnthropicBlock = { type: 'server_tool_use', id: part.tool_call_id, name, input };
  if (result === undefined) return { use, result: undefined };
  const kind = name.startsWith('tool_search_tool') ? 'tool_search_tool' : name;
  const content = contentOf(kind, result.result);
  if (content === undefined) return undefined;
  const type = kind === 'tool_search_tool' ? 'tool_search_tool_result' : (`${kind}_tool_result` as const);
  return {
    use,
    result: { type: type as AnthropicServerResultBlock['type'], tool_use_id: part.tool_call_id, content },
  };
}

function advisorBlocks({ part, result }: Call, input: JsonObject): ServerToolBlocks | undefined {
  const use: AnthropicBetaBlock = { type: 'server_tool_use', id: part.tool_call_id, name: 'advisor', input };
  if (result === undefined) return { use, result: undefined };
  const content = contentOf('advisor', result.result);
  return content === undefined
    ? undefined
    : { use, result: { type: 'advisor_tool_result', tool_use_id: part.tool_call_id, content } };
}

function mcpBlocks(call: Call, serverName: string): ServerToolBlocks | undefined {
  const { part, result } = call;
  if (!/^[\w-]+$/.test(part.tool_call_id)) return undefined;
  const use: AnthropicBetaBlock = {
    type: 'mcp_tool_use',
    id: part.tool_call_id,
    name: plainName(call.name, ANTHROPIC_NAME_LENGTH_MAX),
    server_name: serverName,
    input: argumentsObject(part),
  };
  if (result === undefined) return { use, result: undefined };
  const texts = Array.isArray(result.result) ? result.result : [result.result];
  const content = texts.flatMap((item: JsonValue | undefined) => {
    const text = isObject(item) && item['type'] === 'text' ? item['text'] : item;
    return typeof text === 'string' && text.trim() !== '' ? [{ type: 'text' as const, text }] : [];
  });
  if (content.length === 0) content.push({ type: 'text', text: JSON.stringify(result.result ?? null) });
  return {
    use,
    result: {
      type: 'mcp_tool_result',
      tool_use_id: part.tool_call_id,
      content,
      is_error: result.is_error === true,
    },
  };
}

/** The AI SDK has one name for the tools of a container; which it was stands in the arguments. */
function toolOf(call: Call): { readonly name: string; readonly input: JsonObject } {
  const input = argumentsObject(call.part);
  const { type, ...more } = input;
  if (call.name !== 'code_execution' || typeof type !== 'string') return { name: call.name, input };
  return { name: isServerTool(type) ? type : 'code_execution', input: more };
}

function isServerTool(name: string): name is AnthropicServerTool {
  return (anthropicServerTools as readonly string[]).includes(name);
}

/** Who made a call: the model, or code that it wrote and that ran in a container. */
export function callerOf({ part }: Call): AnthropicCaller | undefined {
  const caller = metadataEntry(part, 'anthropic', 'caller');
  if (!isObject(caller)) return undefined;
  const { type } = caller;
  if (type === 'direct') return { type };
  const id = caller['toolId'] ?? caller['tool_id'];
  if (type !== 'code_execution_20250825' && type !== 'code_execution_20260120') return undefined;
  return typeof id === 'string' ? { type, tool_id: id } : undefined;
}

/** The content of a result block. Undefined if it is not of the kind that the API gives for such a call. */
function contentOf(kind: string, given: JsonValue | undefined): JsonValue | undefined {
  const content = apiNames(given ?? null);
  if (Array.isArray(content)) {
    const items = content as readonly JsonValue[];
    const areAll = (test: (item: JsonObject) => boolean) =>
      items.every((item) => isObject(item) && test(item));
    if (kind === 'web_search') {
      const isResult = (item: JsonObject) =>
        item['type'] === 'web_search_result' && typeof item['encrypted_content'] === 'string';
      return areAll(isResult) ? items : undefined;
    }
    const isReference = (item: JsonObject) => item['type'] === 'tool_reference';
    return kind === 'tool_search_tool' && areAll(isReference)
      ? { type: 'tool_search_tool_search_result', tool_references: items }
      : undefined;
  }
  const type = isObject(content) ? content['type'] : undefined;
  if (typeof type !== 'string') return undefined;
  if (kind === 'web_search' && type !== 'web_search_tool_result_error') return undefined;
  const plain = type.replace(/^encrypted_/, '');
  return plain.startsWith(kind) ? content : undefined;
}

/** Names that the AI SDK writes its own way, as the API has them. */
const apiNameOf: Readonly<Record<string, string>> = {
  pageAge: 'page_age',
  encryptedContent: 'encrypted_content',
  retrievedAt: 'retrieved_at',
  mediaType: 'media_type',
  errorCode: 'error_code',
  stopReason: 'stop_reason',
  toolName: 'tool_name',
};

function apiNames(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(apiNames);
  const renamed: Record<string, JsonValue> = {};
  for (const [name, item] of Object.entries(value)) {
    setOwn(
      renamed,
      Object.hasOwn(apiNameOf, name) ? (apiNameOf[name] as string) : name,
      apiNames(item as JsonValue),
    );
  }
  return renamed;
}
