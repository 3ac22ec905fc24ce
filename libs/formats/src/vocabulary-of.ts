import { aiSdkVocabularyOf } from './ai-sdk-vocabularies.js';
import { fieldsOf, isObject } from './fields-of.js';
import type { FormatName } from './formats.js';
import { unsupportedVocabularyOf } from './unsupported-vocabularies.js';

export type Part = Readonly<Record<string, unknown>>;

/** What one part of a stream tells about the format of the whole. */
export type Sign =
  /** It is a part of one of these, and of no other format that is known here. `what` says by which fields. */
  | { readonly formats: readonly FormatName[]; readonly what: string }
  /** It is a part of something that is known, and that nothing here converts. */
  | { readonly unsupported: string; readonly what: string };

type Test = (part: Part, type: string) => Sign | undefined;

/**
 * The vocabularies, in the order in which they are tried: a part that looks like two is of the one that is more
 * particular. What names no vocabulary for certain (`ping`, `{"type":"error","error":…}`) is in none of them.
 */
const tests: readonly Test[] = [
  ofStepfold,
  unsupportedVocabularyOf,
  ofAnthropic,
  ofResponses,
  ofChat,
  ofGoogle,
  ofFantasy,
  aiSdkVocabularyOf,
];

/** Which formats have a part like this one; undefined if it could be of any, or of none that is known. */
export function vocabularyOf(part: Part): Sign | undefined {
  const type = typeof part['type'] === 'string' ? part['type'] : '';
  for (const test of tests) {
    const sign = test(part, type);
    if (sign !== undefined) return sign;
  }
  return undefined;
}

function ofStepfold(part: Part, type: string): Sign | undefined {
  const isEvent =
    type !== '' && typeof part['chat_id'] === 'string' && typeof part['step_id'] === 'string' && 'at' in part;
  return isEvent ? { formats: ['stepfold'], what: 'chat_id, step_id and at' } : undefined;
}

const anthropicTypes: Readonly<Record<string, string>> = {
  message_start: 'message',
  content_block_start: 'content_block',
  content_block_delta: 'delta',
  content_block_stop: 'index',
  message_delta: 'delta',
  message_stop: 'type',
};

function ofAnthropic(part: Part, type: string): Sign | undefined {
  const field = Object.hasOwn(anthropicTypes, type) ? anthropicTypes[type] : undefined;
  return field !== undefined && field in part
    ? { formats: ['anthropic'], what: `type "${type}"` }
    : undefined;
}

function ofResponses(part: Part, type: string): Sign | undefined {
  if (!/^response\.[a-z_]+/.test(type)) return undefined;
  // Not every service numbers its events; what they are about, all of them say.
  const fields = ['sequence_number', 'response', 'item', 'item_id', 'output_index'];
  return fields.some((field) => field in part)
    ? { formats: ['openai-responses'], what: `type "${/^[\w.]+/.exec(type)![0].slice(0, 60)}"` }
    : undefined;
}

function ofChat(part: Part, type: string): Sign | undefined {
  if (part['object'] === 'chat.completion.chunk')
    return { formats: ['openai-chat'], what: 'object "chat.completion.chunk"' };
  if (type === '' && Array.isArray(part['choices'])) return { formats: ['openai-chat'], what: 'choices' };
  // A stream that is nothing but a fault: both services say it like this.
  if (type === '' && isObject(part['error']) && Object.keys(part).length === 1)
    return { formats: ['openai-chat', 'google'], what: 'error alone' };
  return undefined;
}

function ofGoogle(part: Part, type: string): Sign | undefined {
  if (type !== '') return undefined;
  // Code Assist wraps the same chunk.
  const chunk = isObject(part['response']) ? fieldsOf(part['response']) : part;
  if (Array.isArray(chunk['candidates'])) return { formats: ['google'], what: 'candidates' };
  for (const field of ['promptFeedback', 'usageMetadata'])
    if (isObject(chunk[field])) return { formats: ['google'], what: field };
  return undefined;
}

/** Which of the fields each type has that says something, where the empty ones are left out. */
const fantasyTypes: Readonly<Record<string, string>> = {
  text_start: 'id',
  text_delta: 'delta',
  text_end: 'id',
  reasoning_start: 'id',
  reasoning_delta: 'delta',
  reasoning_end: 'id',
  tool_input_start: 'tool_call_name',
  tool_input_delta: 'id',
  tool_input_end: 'id',
  tool_call: 'tool_call_name',
  tool_result: 'tool_call_name',
};

function ofFantasy(part: Part, type: string): Sign | undefined {
  const field = Object.hasOwn(fantasyTypes, type) ? fantasyTypes[type] : undefined;
  if (field !== undefined && field in part)
    return { formats: ['fantasy'], what: `type "${type}" with ${field}` };
  const isWhole = ['warnings', 'source', 'finish', 'error'].includes(type) && 'tool_call_input' in part;
  return isWhole ? { formats: ['fantasy'], what: `type "${type}" with tool_call_input` } : undefined;
}
