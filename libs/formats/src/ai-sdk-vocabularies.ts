import { parsedObject } from './part-reader.js';
import { isObject } from './fields-of.js';
import type { Part, Sign } from './vocabulary-of.js';

type AiSdkFormat = 'ai-sdk' | 'language-model' | 'ui-message';

interface Rule {
  readonly formats: readonly AiSdkFormat[];
  /** Fields that the part must have, or with `!` before them must not have. */
  readonly fields: readonly string[];
}

const rule = (formats: readonly AiSdkFormat[], ...fields: string[]): Rule => ({ formats, fields });

/** `fullStream`, language models, and UI streams. */
const FULL: readonly AiSdkFormat[] = ['ai-sdk'];
const MODEL: readonly AiSdkFormat[] = ['language-model'];
const UI: readonly AiSdkFormat[] = ['ui-message'];
const FULL_OR_MODEL = [...FULL, ...MODEL];
const FULL_OR_UI = [...FULL, ...UI];
const MODEL_OR_UI = [...MODEL, ...UI];
const ANY = [...FULL, ...MODEL, ...UI];

const delta = [rule(FULL, 'text', '!delta'), rule(MODEL_OR_UI, 'delta', '!text')];
const edge = [rule(ANY, 'id')];
const uiCall = [rule(UI, 'toolCallId')];
const file = [
  rule(FULL, 'file'),
  rule(MODEL, 'data', '!file'),
  rule(UI, 'url', 'mediaType', '!data', '!file'),
];

/**
 * The three vocabularies of the AI SDK share most names. What separates them is the fields, and for some parts nothing
 * does: then the part leaves open which it is. Of each type the first rule that fits counts.
 */
const rules: Readonly<Record<string, readonly Rule[]>> = {
  'stream-start': [rule(MODEL, 'warnings')],
  'response-metadata': [rule(MODEL)],
  start: [rule(UI, 'messageId'), rule(UI, 'messageMetadata'), rule(FULL_OR_UI)],
  'start-step': [rule(FULL, 'request'), rule(FULL, 'warnings'), rule(FULL_OR_UI)],
  'reset-step': [rule(UI)],
  'text-start': edge,
  'text-delta': delta,
  'text-end': edge,
  'reasoning-start': edge,
  'reasoning-delta': delta,
  'reasoning-end': edge,
  'tool-input-start': [
    rule(UI, 'toolCallId', 'toolName', '!id'),
    rule(FULL_OR_MODEL, 'id', 'toolName', '!toolCallId'),
  ],
  'tool-input-delta': [rule(UI, 'inputTextDelta'), rule(FULL_OR_MODEL, 'id', 'delta')],
  'tool-input-end': [rule(FULL_OR_MODEL, 'id')],
  'tool-input-available': uiCall,
  'tool-input-error': uiCall,
  'tool-output-available': uiCall,
  'tool-output-error': uiCall,
  'tool-output-denied': [rule(FULL, 'toolCallId', 'toolName'), rule(FULL_OR_UI, 'toolCallId')],
  'tool-result': [
    rule(MODEL, 'toolCallId', 'result', '!output', '!input'),
    rule(FULL, 'toolCallId', 'output', '!result'),
  ],
  'tool-error': [rule(FULL, 'toolCallId', 'error')],
  'tool-approval-request': [rule(FULL, 'toolCall'), rule(MODEL_OR_UI, 'approvalId', 'toolCallId')],
  'tool-approval-response': [rule(FULL, 'toolCall'), rule(UI, 'approvalId')],
  source: [rule(FULL_OR_MODEL, 'sourceType')],
  'source-url': [rule(UI, 'sourceId')],
  'source-document': [rule(UI, 'sourceId')],
  file,
  'reasoning-file': file,
  custom: [rule(ANY, 'kind')],
  raw: [rule(FULL_OR_MODEL, 'rawValue')],
  'message-metadata': [rule(UI, 'messageMetadata')],
  'steering-message': [rule(FULL, 'message'), rule(UI, 'parts')],
  'finish-step': [rule(FULL, 'finishReason'), rule(FULL, 'usage'), rule(FULL, 'response'), rule(FULL_OR_UI)],
  finish: [
    rule(FULL, 'totalUsage'),
    rule(MODEL, 'usage'),
    rule(UI, 'messageMetadata'),
    rule(FULL_OR_UI, 'finishReason'),
    rule(UI),
  ],
  abort: [rule(FULL_OR_UI)],
  error: [rule(UI, 'errorText')],
};

/** Which of the AI SDK's vocabularies have a part like this one. */
export function aiSdkVocabularyOf(part: Part, type: string): Sign | undefined {
  if (type === 'tool-call') return ofCall(part);
  if (/^data-./.test(type) && 'data' in part) return { formats: UI, what: 'type "data-…" with data' };
  const ofType = Object.hasOwn(rules, type) ? rules[type]! : [];
  const fitting = ofType.find(({ fields }) => fields.every((field) => isAsSaid(part, field)));
  if (fitting === undefined) return undefined;
  const shown = fitting.fields.filter((field) => !field.startsWith('!') && field !== 'id');
  const what = `type "${type}"${shown.length === 0 ? '' : ` with ${shown.join(' and ')}`}`;
  return { formats: fitting.formats, what };
}

function isAsSaid(part: Part, field: string): boolean {
  return field.startsWith('!') ? part[field.slice(1)] === undefined : part[field] !== undefined;
}

/**
 * The input of a call is JSON text from a language model, and a value in `fullStream`. There it may be text as well: the
 * value of a tool that takes text, or what was no JSON. Text that is an object's JSON is neither.
 */
function ofCall(part: Part): Sign | undefined {
  const { input } = part;
  if (typeof part['toolCallId'] !== 'string' || input === undefined) return undefined;
  if (typeof input !== 'string')
    return { formats: FULL, what: 'type "tool-call" with input that is no text' };
  const isJson = isObject(parsedObject(input)) && part['invalid'] === undefined;
  return { formats: isJson ? MODEL : FULL_OR_MODEL, what: 'type "tool-call" with input that is text' };
}
