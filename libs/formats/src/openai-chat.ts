import { createHeldError } from './held-error.js';
import type { Usage } from '@stepfold/events';
import { fieldsOf, isEmpty, isObject, listOf, wordOf } from './fields-of.js';
import type { Converter, ConverterContext, Format } from './format.js';
import { textOf } from './json-of.js';
import { metadataOf } from './metadata-of.js';
import { createOpenaiChatBlocks } from './openai-chat-blocks.js';
import { createOpenaiChatCalls } from './openai-chat-calls.js';
import { createOpenaiChatExecutedTools } from './openai-chat-executed-tools.js';
import { createOpenaiChatFiles } from './openai-chat-files.js';
import { openaiChatFinishReasonOf } from './openai-chat-finish-reason.js';
import { createOpenaiChatSources } from './openai-chat-sources.js';
import { openaiChatUsageOf } from './openai-chat-usage.js';
import { createPartCounter } from './part-counter.js';
import { createStepWriter } from './step-writer.js';

/**
 * Chunks of Chat Completions as OpenAI streams them, and as the many services that speak alike do: Azure, DeepSeek,
 * Groq, Cerebras, xAI, Mistral, Perplexity, Qwen, Kimi, OpenRouter, the gateway of Vercel, LiteLLM, vLLM.
 *
 * 1. One response is one step, begun by its first chunk. A chunk with a role and another id after a `finish_reason`
 *    begins the next response; any other change of id means nothing. Choice 0 is the step; other choices are other
 *    answers to the same request, and are passed over and counted.
 * 2. Nothing says where blocks and calls end: see `openai-chat-blocks.ts` and `openai-chat-calls.ts`. In one delta
 *    reasoning comes before text, and text before calls.
 * 3. `finish_reason` is the `finish`, and completes blocks and calls. Usage that came before goes with it, of each
 *    count the last; what comes later (a second reason, usage) is a second `finish`. The step ends where the next
 *    response begins, then with the time of its own last chunk, or with the stream.
 * 4. An error waits. If the model goes on after it, it was not fatal; if the stream is over, it was, and the step has
 *    failed. Usage and empty chunks are not going on. A stream that is over before a `finish_reason` is an `interrupt`
 *    (`eof`). Usage that came without a choice is told before it, by a `finish` without a reason; the running usage that
 *    some services give with every chunk is not, since a `finish` says that the model stream is over.
 *
 * Besides text and calls: `refusal` and the transcript of speech are text, marked in metadata of `openai`; citations are
 * sources, once each; images and speech are files; tools that the service ran are calls with results. Fields of a
 * delta that are not known are counted as `delta.NAME`. Log probabilities, obfuscation, fingerprints and
 * filter results are left out.
 *
 * The AI SDK tells some of it otherwise: it drops refusals, speech and what `reasoning_details` prove (as its OpenAI
 * provider does), leaves one text block open around calls, gives one reasoning block of several, makes calls the
 * moment that their arguments parse, and ends the stream of several responses after each of them.
 */
export const openaiChat: Format = { name: 'openai-chat', isSentOverHttp: true, createConverter };

type Fields = Readonly<Record<string, unknown>>;

/** What is known of the open response. */
interface ResponseState {
  id: string | undefined;
  model: string | undefined;
  /** Of each count the last word, as long as no `finish` has carried it. */
  usage: Usage | undefined;
  /** True if `usage` is that of the whole response. */
  isCounted: boolean;
  finishReason: string | undefined;
  lastAt: number;
}

function createConverter(context: ConverterContext): Converter {
  const writer = createStepWriter(context);
  const counter = createPartCounter();
  const blocks = createOpenaiChatBlocks(writer);
  const calls = createOpenaiChatCalls(writer);
  const executedTools = createOpenaiChatExecutedTools(writer);
  const sources = createOpenaiChatSources(writer);
  const files = createOpenaiChatFiles(writer);
  let response = newResponse(0);
  /** Rule 4: an error of which is not known yet whether anything follows. */
  const heldError = createHeldError(writer);

  function begin(chunk: Fields, at: number): void {
    response = newResponse(at);
    calls.reset();
    executedTools.reset();
    sources.reset();
    files.reset();
    writer.start(at, { provider: wordOf(chunk['provider']), model: wordOf(chunk['model']) });
  }

  function endContent(at: number): void {
    blocks.end(at);
    calls.make(at);
    files.end();
  }

  /** The response is over: complete if it had said why it finished. */
  function endResponse(at: number): void {
    if (response.finishReason === undefined) {
      blocks.breakOff();
      files.end();
      if (response.isCounted) writeFinish(undefined, undefined, response.lastAt);
    } else endContent(at);
    if (!heldError.fail()) {
      if (response.finishReason === undefined) writer.interrupt(at, 'eof');
      else writer.end(at);
    }
  }

  function convertChunk(chunk: Fields, at: number): void {
    const choices = listOf(chunk['choices']).map(fieldsOf);
    const own = choices.filter(isOwn);
    const id = wordOf(chunk['id']);
    if (writer.isOpen && own.some((choice) => isNextResponse(choice, id))) {
      heldError.release();
      endResponse(response.lastAt);
    }
    if (!writer.isOpen) begin(chunk, at);
    response.lastAt = at;
    response.id ??= id;
    response.model = wordOf(chunk['model']) ?? response.model;
    for (const choice of choices) {
      if (!isOwn(choice)) counter.passOver(`choice ${textOf(choice['index'])}`);
    }
    for (const choice of own) convertDelta(deltaOf(choice), at);
    if (chunk['citations'] !== undefined || chunk['search_results'] !== undefined) sources.chunk(chunk, at);
    if (own.some((choice) => isGoodReason(choice['finish_reason']))) heldError.release();
    for (const choice of own) takeError(choice['error'], at);
    takeError(errorIn(chunk), at);
    const usage = usageIn(chunk, own);
    if (usage !== undefined) response.usage = { ...response.usage, ...usage };
    finish(chunk, own, at);
  }

  /** Rule 1. A role alone, because services that change ids within a response send roles with every chunk. */
  function isNextResponse(choice: Fields, id: string | undefined): boolean {
    return (
      response.finishReason !== undefined &&
      id !== undefined &&
      id !== response.id &&
      wordOf(fieldsOf(choice['delta'])['role']) !== undefined &&
      wordOf(choice['finish_reason']) === undefined
    );
  }

  function convertDelta(delta: Fields, at: number): void {
    if (hasContent(delta)) heldError.release();
    for (const [key, value] of Object.entries(delta)) {
      if (!knownFields.has(key) && !isEmpty(value)) counter.passOver(`delta.${key}`);
    }
    if (blocks.reasoning(delta, at)) calls.settle(at);
    convertContent(delta['content'], at);
    write('refusal', delta['refusal'], at);
    const audio = fieldsOf(delta['audio']);
    write('transcript', audio['transcript'], at);
    files.audio(audio, at);
    for (const image of listOf(delta['images'])) addImage(image, at);
    sources.annotations(delta['annotations'], at);
    if (!isEmpty(delta['function_call']))
      addCalls([{ index: 'legacy', function: delta['function_call'] }], at);
    addCalls(listOf(delta['tool_calls']), at);
    if (listOf(delta['executed_tools']).length > 0) {
      settle(at);
      executedTools.add(delta['executed_tools'], at);
    }
  }

  function settle(at: number): void {
    blocks.end(at);
    calls.settle(at);
  }

  function write(kind: 'text' | 'refusal' | 'transcript' | 'reasoning', given: unknown, at: number): void {
    const text = textOf(given) ?? '';
    if (text.trim() !== '') calls.settle(at);
    blocks.text(kind, text, at);
  }

  function addCalls(entries: readonly unknown[], at: number): void {
    if (entries.length === 0) return;
    blocks.end(at);
    calls.add(entries, at);
  }

  function addImage(image: unknown, at: number): void {
    if (!files.image(image, at)) counter.passOver('image');
  }

  function convertContent(content: unknown, at: number): void {
    if (!isObject(content) && !Array.isArray(content)) return write('text', content, at);
    for (const given of Array.isArray(content) ? content : [content]) {
      const item: Fields = isObject(given) ? given : { type: 'text', text: given };
      switch (item['type']) {
        case 'text':
        case 'output_text':
          write('text', item['text'], at);
          break;
        case 'refusal':
          write('refusal', item['refusal'], at);
          break;
        case 'thinking':
        case 'reasoning':
          convertThinking(item['thinking'] ?? item['reasoning'] ?? item['text'], at);
          break;
        case 'reference':
          sources.references(item['reference_ids'], at);
          break;
        case 'image_url':
          addImage(item, at);
          break;
        default:
          counter.passOver(`content ${textOf(item['type']) ?? ''}`);
      }
    }
  }

  /** Mistral's thinking is a list of content parts; others give its text. */
  function convertThinking(given: unknown, at: number): void {
    for (const item of Array.isArray(given) ? given : [given]) {
      if (!isObject(item)) write('reasoning', item, at);
      else if (item['type'] === 'reference') sources.references(item['reference_ids'], at);
      else write('reasoning', item['text'], at);
    }
  }

  function takeError(error: unknown, at: number): void {
    if (isEmpty(error)) return;
    heldError.release();
    heldError.hold(error, at);
  }

  /** Rule 3. */
  function finish(chunk: Fields, own: readonly Fields[], at: number): void {
    const reasons = own.map((choice) => wordOf(choice['finish_reason']));
    const reason = reasons.find((given) => given !== undefined);
    // Usage that comes without a choice is the whole of it.
    if (response.usage !== undefined) response.isCounted = listOf(chunk['choices']).length === 0;
    if (reason !== undefined) endContent(at);
    const isNews = reason !== undefined && reason !== response.finishReason;
    response.finishReason = reason ?? response.finishReason;
    if (!isNews && (response.finishReason === undefined || response.usage === undefined)) return;
    const metadata = own.map((choice) => finishMetadata(deltaOf(choice), choice)).find(Boolean);
    writeFinish(isNews ? reason : undefined, metadata, at);
  }

  function writeFinish(reason: string | undefined, metadata: unknown, at: number): void {
    writer.finish(at, {
      ...(reason === undefined
        ? {}
        : { finishReason: openaiChatFinishReasonOf(reason), rawFinishReason: reason }),
      usage: response.usage,
      responseId: response.id,
      model: response.model,
      metadata: metadataOf(metadata),
    });
    response.usage = undefined;
    response.isCounted = false;
  }

  return {
    unknownParts: counter.counts,
    convert(part, at) {
      if (!isObject(part)) counter.passOver(undefined);
      else if (Array.isArray(part['choices']) || (writer.isOpen && goesOn(part))) convertChunk(part, at);
      else if (!isEmpty(errorIn(part))) {
        if (!writer.isOpen) begin(part, at);
        takeError(errorIn(part), at);
      } else counter.passOver(part['type'] ?? part['object']);
      return writer.take();
    },
    end(at) {
      if (writer.isOpen) endResponse(at);
      return writer.take();
    },
  };
}

function newResponse(at: number): ResponseState {
  return {
    id: undefined,
    model: undefined,
    usage: undefined,
    isCounted: false,
    finishReason: undefined,
    lastAt: at,
  };
}

/** Choice 0; a choice without an index is the only one. */
function isOwn(choice: Fields): boolean {
  return typeof choice['index'] !== 'number' || choice['index'] === 0;
}

/** A whole completion has a `message`, the older completions a `text`. */
function deltaOf(choice: Fields): Fields {
  if (isObject(choice['delta'])) return choice['delta'];
  if (isObject(choice['message'])) return choice['message'];
  return typeof choice['text'] === 'string' ? { content: choice['text'] } : {};
}

const contentFields = [
  'content',
  'refusal',
  'reasoning_content',
  'reasoning',
  'reasoning_text',
  'reasoning_opaque',
  'reasoning_details',
  'thinking_blocks',
  'audio',
  'images',
  'annotations',
  'function_call',
  'tool_calls',
  'executed_tools',
];
const knownFields: ReadonlySet<string> = new Set([
  ...contentFields,
  'role',
  // Of the choice, repeated here by Mistral.
  'index',
  'name',
  'provider_metadata',
]);

function hasContent(delta: Fields): boolean {
  return contentFields.some((field) => !isEmpty(delta[field]));
}

/** True for a chunk without choices that tells something of the open response. */
function goesOn(chunk: Fields): boolean {
  return ['usage', 'x_groq', 'citations', 'search_results'].some((field) => !isEmpty(chunk[field]));
}

function isGoodReason(given: unknown): boolean {
  const reason = wordOf(given);
  return reason !== undefined && openaiChatFinishReasonOf(reason) !== 'error';
}

function errorIn(chunk: Fields): unknown {
  if (!isEmpty(chunk['error'])) return chunk['error'];
  if (chunk['object'] === 'error' || chunk['type'] === 'error') return chunk;
  return fieldsOf(chunk['x_groq'])['error'];
}

function usageIn(chunk: Fields, own: readonly Fields[]): Usage | undefined {
  const given = [chunk['usage'], fieldsOf(chunk['x_groq'])['usage'], ...own.map((choice) => choice['usage'])];
  return given.map(openaiChatUsageOf).find((usage) => usage !== undefined);
}

/** What a gateway says of the provider that answered. */
function finishMetadata(delta: Fields, choice: Fields): unknown {
  const native = wordOf(choice['native_finish_reason']);
  const given = delta['provider_metadata'];
  if (native === undefined) return given;
  return { ...fieldsOf(given), openrouter: { nativeFinishReason: native } };
}
