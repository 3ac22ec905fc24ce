import { isObject } from './fields-of.js';
import type { Part, Sign } from './vocabulary-of.js';

/** By what a part of each is known. The first test that answers counts. */
const tests: readonly {
  readonly name: string;
  /** The fields or values that show it, in words; undefined if this is none. */
  readonly whatOf: (part: Part, type: string) => string | undefined;
}[] = [
  { name: 'Amazon Bedrock’s ConverseStream', whatOf: ofConverse },
  { name: 'Amazon Bedrock’s InvokeModelWithResponseStream', whatOf: ofInvokeModel },
  {
    name: 'Google’s Live API',
    whatOf: anyField(
      'setupComplete',
      'serverContent',
      'toolCallCancellation',
      'goAway',
      'sessionResumptionUpdate',
    ),
  },
  {
    name: 'Google’s Live API',
    whatOf: (part, type) =>
      type === '' && isObject(part['toolCall']) && 'functionCalls' in part['toolCall']
        ? 'toolCall'
        : undefined,
  },
  { name: 'Google’s Interactions API', whatOf: named('event_type', /^(interaction|step|content)\.[a-z_]+$/) },
  { name: 'Cohere’s chat', whatOf: ofCohere },
  { name: 'OpenAI’s Realtime API', whatOf: ofRealtime },
  { name: 'OpenAI’s transcription', whatOf: named('type', /^transcript\.text\.[a-z]+$/) },
  { name: 'OpenAI’s speech', whatOf: named('type', /^speech\.audio\.[a-z]+$/) },
  { name: 'OpenAI’s image generation', whatOf: named('type', /^image_(generation|edit)\.[a-z_]+$/) },
  { name: 'OpenAI’s Assistants API', whatOf: named('object', /^thread(\.[a-z_]+)*$/) },
  { name: 'OpenAI’s legacy completions', whatOf: named('object', /^text_completion$/) },
  { name: 'Deepgram’s transcription', whatOf: allOf(named('type', /^Results$/), anyField('channel')) },
  {
    name: 'a stream of speech',
    whatOf: (part, type) => (type === '' ? anyField('audio', 'audio_base64')(part) : undefined),
  },
  {
    name: 'Ollama’s own API',
    whatOf: (part) =>
      typeof part['done'] === 'boolean' && (isObject(part['message']) || typeof part['response'] === 'string')
        ? 'done'
        : undefined,
  },
  { name: 'the stream of AI SDK 4', whatOf: ofAiSdk4 },
  { name: 'Claude Code’s stream-json', whatOf: allOf(named('type', /^stream_event$/), anyField('event')) },
  {
    name: 'Claude Code’s stream-json',
    whatOf: allOf(named('type', /^(system|assistant|user|result)$/), anyField('session_id')),
  },
  {
    name: 'AG-UI',
    whatOf: named(
      'type',
      /^(RUN|STEP|TEXT_MESSAGE|TOOL_CALL|STATE|MESSAGES|THINKING|REASONING)_[A-Z]+(_[A-Z]+)*$/,
    ),
  },
  { name: 'LangChain’s stream of events', whatOf: named('event', /^on_[a-z_]+$/) },
  { name: 'a whole answer instead of a stream', whatOf: named('object', /^(response|chat\.completion)$/) },
  { name: 'a list of messages instead of a stream', whatOf: ofMessage },
];

/** What a part is that no format here converts, if it is known what. */
export function unsupportedVocabularyOf(part: Part, type: string): Sign | undefined {
  for (const { name, whatOf } of tests) {
    const what = whatOf(part, type);
    if (what !== undefined) return { unsupported: name, what };
  }
  return undefined;
}

/** True of the bytes of an AWS event stream: the headers of its messages have these names, and are text (7). */
export function isAwsEventStream(bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  // eslint-disable-next-line no-control-regex -- 7 is the type of a header that is text
  return /:(message|event|content)-type\u0007/.test(head);
}

const converseNames = [
  'messageStart',
  'contentBlockStart',
  'contentBlockDelta',
  'contentBlockStop',
  'messageStop',
];

function ofConverse(part: Part, type: string): string | undefined {
  if (type !== '') return undefined;
  const [name, ...others] = Object.keys(part);
  if (name !== undefined && others.length === 0) {
    if (converseNames.includes(name) && isObject(part[name])) return name;
    const metadata = part['metadata'];
    if (isObject(metadata) && ('metrics' in metadata || 'usage' in metadata)) return 'metadata';
  }
  // The payloads of its binary messages alone.
  return typeof part['contentBlockIndex'] === 'number' ? 'contentBlockIndex' : undefined;
}

function ofInvokeModel(part: Part, type: string): string | undefined {
  if (type !== '') return undefined;
  const { chunk = part } = part;
  return isObject(chunk) && typeof chunk['bytes'] === 'string' ? 'bytes' : undefined;
}

const cohereTypes =
  /^(message-(start|end)|content-(start|delta|end)|tool-plan-delta|tool-call-(start|delta|end)|citation-(start|end))$/;

function ofCohere(part: Part, type: string): string | undefined {
  if (cohereTypes.test(type) && (isObject(part['delta']) || typeof part['index'] === 'number'))
    return `type "${type}"`;
  // Version 1.
  return named(
    'event_type',
    /^(stream-start|stream-end|text-generation|citation-generation|tool-calls-(chunk|generation))$/,
  )(part);
}

/** Its names begin like those of the Responses API; but its events have ids, and no numbers. */
function ofRealtime(part: Part, type: string): string | undefined {
  const isOwn = /^(session|conversation|input_audio_buffer|output_audio_buffer|rate_limits)\.[a-z_.]+$/.test(
    type,
  );
  const isShared =
    /^response\.[a-z_.]+$/.test(type) && typeof part['event_id'] === 'string' && !('sequence_number' in part);
  return isOwn || isShared ? `type "${type.slice(0, 60)}"` : undefined;
}

function ofAiSdk4(part: Part, type: string): string | undefined {
  const usage = part['usage'];
  if (/^(text-delta|reasoning)$/.test(type) && typeof part['textDelta'] === 'string')
    return `type "${type}" with textDelta`;
  if (type === 'tool-call-delta' && typeof part['argsTextDelta'] === 'string') return `type "${type}"`;
  if (/^tool-(call|result)$/.test(type) && 'args' in part && 'toolCallId' in part)
    return `type "${type}" with args`;
  if (/^(finish|step-finish)$/.test(type) && isObject(usage) && 'promptTokens' in usage)
    return `type "${type}" with promptTokens`;
  return undefined;
}

function ofMessage(part: Part, type: string): string | undefined {
  if (typeof part['role'] !== 'string' || (type !== '' && type !== 'message')) return undefined;
  const field = ['parts', 'content'].find((name) => Array.isArray(part[name]));
  return field === undefined ? undefined : `role and ${field}`;
}

type WhatOf = (part: Part) => string | undefined;

function named(field: string, values: RegExp): WhatOf {
  return (part) => {
    const value = part[field];
    return typeof value === 'string' && value.length <= 100 && values.test(value)
      ? `${field} "${value}"`
      : undefined;
  };
}

function anyField(...names: string[]): WhatOf {
  return (part) => names.find((name) => part[name] !== undefined && part[name] !== null);
}

function allOf(...parts: WhatOf[]): WhatOf {
  return (part) => {
    const found = parts.map((whatOf) => whatOf(part));
    return found.every((what) => what !== undefined) ? found.join(' with ') : undefined;
  };
}
