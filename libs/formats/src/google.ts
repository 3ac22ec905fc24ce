import { createHeldError } from './held-error.js';
import type { Metadata, Usage } from '@stepfold/events';
import { fieldsOf, isEmpty, isObject, listOf, wordOf } from './fields-of.js';
import type { Converter, ConverterContext, Format } from './format.js';
import { createGoogleCalls } from './google-calls.js';
import { googleFinishReasonOf } from './google-finish-reason.js';
import { createGoogleSources } from './google-sources.js';
import { googleUsageOf } from './google-usage.js';
import { textOf } from './json-of.js';
import { metadataOf } from './metadata-of.js';
import { createPartCounter } from './part-counter.js';
import { createStepWriter } from './step-writer.js';

/**
 * Chunks of `streamGenerateContent`: Gemini and Vertex.
 *
 * 1. One response is one step, begun by its first chunk. Another `responseId` after a `finishReason` begins the next
 *    response. Candidate 0 is the step; other candidates are passed over and counted.
 * 2. Nothing says where blocks begin and end: one lasts while parts of its kind follow each other, and ends where the
 *    kind changes, at a call, a file, or the finish. A part whose signature is another than that of its block begins a
 *    block of its own, since each signature must go back with its own text.
 * 3. A `finishReason` is not the last word: old models send one with every chunk. So the `finish` waits for the end of the
 *    response, and has the time of the last chunk with a reason or content. Of usage the last one counts.
 * 4. An error waits. If the model goes on after it, it was not fatal; if the stream is over, it was, and the step has
 *    failed. A stream that is over before a `finishReason` is an `interrupt` (`eof`), without the usage that was counted so
 *    far: a `finish`, where usage stands, says that the model stream is over.
 *
 * A `thoughtSignature` is metadata of `google` of its block, call, result or file; on an empty text it is an empty delta.
 * The metadata of the `finish` holds what the API says of the whole response: `groundingMetadata`,
 * `urlContextMetadata`, `safetyRatings`, `finishMessage`, `promptFeedback`.
 *
 * The AI SDK tells some of it otherwise: ids of calls are random, a signature on an empty text without an open block
 * is dropped, and one signature of a block overwrites the one before.
 */
export const google: Format = { name: 'google', isSentOverHttp: true, createConverter };

type Fields = Readonly<Record<string, unknown>>;

/** What is known of the open response. */
interface ResponseState {
  id: string | undefined;
  model: string | undefined;
  usage: Usage | undefined;
  /** `blockReason`, if the prompt was refused. */
  finishReason: string | undefined;
  isRefused: boolean;
  /** Rule 3. */
  finishedAt: number;
  /** What the finish tells besides. */
  readonly said: Record<string, unknown>;
  lastAt: number;
}

/** The open block. */
interface Block {
  readonly kind: 'text' | 'reasoning';
  signature: string | undefined;
}

function createConverter(context: ConverterContext): Converter {
  const writer = createStepWriter(context);
  const counter = createPartCounter();
  const calls = createGoogleCalls(writer, counter);
  const sources = createGoogleSources(writer);
  let response = newResponse(0);
  let block: Block | undefined;
  /** Rule 4: an error of which is not known yet whether anything follows. */
  const heldError = createHeldError(writer);

  function begin(chunk: Fields, at: number): void {
    response = newResponse(at);
    block = undefined;
    calls.reset();
    sources.reset();
    writer.start(at, { model: chunk['modelVersion'] });
  }

  function endBlock(at: number): void {
    if (block === undefined) return;
    writer.blockEnd(block.kind, at, { id: undefined });
    block = undefined;
  }

  /** The response is over: complete if it had said why it finished. */
  function endResponse(at: number): void {
    const isFinished = response.finishReason !== undefined;
    if (isFinished) finish();
    else calls.breakOff();
    if (!heldError.fail()) {
      if (isFinished) writer.end(at);
      else writer.interrupt(at, 'eof');
    }
    block = undefined;
  }

  function finish(): void {
    const { finishedAt, finishReason = '', isRefused, usage, id, model, said } = response;
    endBlock(finishedAt);
    calls.make(finishedAt);
    writer.finish(finishedAt, {
      finishReason: isRefused ? 'content-filter' : googleFinishReasonOf(finishReason, calls.hasClientCalls),
      rawFinishReason: finishReason,
      usage,
      responseId: id,
      model,
      metadata: metadataOf(undefined, { provider: 'google', entries: said }),
    });
  }

  function convertChunk(chunk: Fields, at: number): void {
    const candidates = listOf(chunk['candidates']).map(fieldsOf);
    const id = wordOf(chunk['responseId']);
    const isNext = id !== undefined && response.id !== undefined && id !== response.id;
    if (writer.isOpen && response.finishReason !== undefined && isNext) {
      heldError.release();
      endResponse(response.lastAt);
    }
    if (!writer.isOpen) begin(chunk, at);
    response.lastAt = at;
    response.id ??= id;
    response.model = wordOf(chunk['modelVersion']) ?? response.model;
    response.usage = googleUsageOf(chunk['usageMetadata']) ?? response.usage;
    for (const candidate of candidates) {
      if (isOwn(candidate)) convertCandidate(candidate, at);
      else counter.passOver(`candidate ${textOf(candidate['index'])}`);
    }
    takeFeedback(chunk['promptFeedback'], at);
    takeError(chunk['error'], at);
  }

  function convertCandidate(candidate: Fields, at: number): void {
    for (const part of listOf(fieldsOf(candidate['content'])['parts'])) convertPart(fieldsOf(part), at);
    sources.add(candidate, at);
    for (const name of ['groundingMetadata', 'urlContextMetadata', 'safetyRatings', 'finishMessage']) {
      if (!isEmpty(candidate[name])) response.said[name] = candidate[name];
    }
    const reason = wordOf(candidate['finishReason']);
    if (reason === undefined) return;
    heldError.release();
    response.finishReason = reason;
    response.isRefused = false;
    response.finishedAt = at;
  }

  function takeFeedback(given: unknown, at: number): void {
    if (isEmpty(given)) return;
    response.said['promptFeedback'] = given;
    const reason = wordOf(fieldsOf(given)['blockReason']);
    if (reason === undefined || response.finishReason !== undefined) return;
    response.finishReason = reason;
    response.isRefused = true;
    response.finishedAt = at;
  }

  function takeError(error: unknown, at: number): void {
    if (isEmpty(error)) return;
    heldError.release();
    heldError.hold(error, at);
  }

  function convertPart(part: Fields, at: number): void {
    const signature = wordOf(part['thoughtSignature']);
    const metadata = metadataOf(undefined, { provider: 'google', entries: { thoughtSignature: signature } });
    const isThought = part['thought'] === true;
    if (typeof part['text'] === 'string') return addText(part['text'], isThought, signature, metadata, at);
    const known = contentOf(part, metadata);
    const file = fileOf(part);
    if (known === undefined && file === undefined) {
      // A signature alone is a text that is empty.
      if (signature !== undefined && Object.keys(part).every(isMark)) {
        return addText('', isThought, signature, metadata, at);
      }
      const name = Object.keys(part).find((key) => !isMark(key));
      if (name !== undefined) counter.passOver(`part ${name}`);
      return;
    }
    prepare(at);
    endBlock(at);
    if (file === undefined) known?.(at);
    else writer.file(at, { ...file, isReasoning: isThought, metadata });
  }

  /** The model goes on. */
  function prepare(at: number): void {
    heldError.release();
    if (response.finishReason !== undefined) response.finishedAt = at;
  }

  function addText(
    text: string,
    isThought: boolean,
    signature: string | undefined,
    metadata: Metadata | undefined,
    at: number,
  ): void {
    if (text === '' && signature === undefined) return;
    prepare(at);
    const kind = isThought ? 'reasoning' : 'text';
    const isSigned = signature !== undefined && block?.signature !== undefined;
    if (block?.kind !== kind || (isSigned && signature !== block.signature)) {
      endBlock(at);
      block = { kind, signature };
      writer.blockStart(kind, at, { id: undefined });
    }
    block.signature ??= signature;
    writer.blockDelta(kind, at, { id: undefined, text, metadata });
  }

  /** What writes a part that is neither text nor a file; undefined for one that is not known. */
  function contentOf(part: Fields, metadata: Metadata | undefined): ((at: number) => void) | undefined {
    if (isObject(part['functionCall'])) {
      return (at) => calls.functionCall(part['functionCall'], metadata, at);
    }
    if (isObject(part['executableCode'])) {
      return (at) => calls.executableCode(part['executableCode'], metadata, at);
    }
    if (isObject(part['codeExecutionResult'])) {
      return (at) => calls.codeExecutionResult(part['codeExecutionResult'], metadata, at);
    }
    if (isObject(part['toolCall'])) return (at) => calls.toolCall(part['toolCall'], metadata, at);
    if (isObject(part['toolResponse'])) return (at) => calls.toolResponse(part['toolResponse'], metadata, at);
    return undefined;
  }

  return {
    unknownParts: counter.counts,
    convert(part, at) {
      const chunk = chunkOf(part);
      if (isChunk(chunk)) convertChunk(chunk, at);
      else if (writer.isOpen && googleUsageOf(chunk['usageMetadata']) !== undefined) convertChunk(chunk, at);
      else if (!isEmpty(chunk['error'])) {
        if (!writer.isOpen) begin(chunk, at);
        takeError(chunk['error'], at);
      } else counter.passOver(isObject(part) ? (part['type'] ?? Object.keys(part)[0]) : undefined);
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
    finishReason: undefined,
    isRefused: false,
    finishedAt: at,
    said: {},
    lastAt: at,
  };
}

/** Some services put every chunk into an envelope of its own. */
function chunkOf(part: unknown): Fields {
  const fields = fieldsOf(part);
  return isChunk(fields['response']) ? fields['response'] : fields;
}

function isChunk(given: unknown): given is Fields {
  return (
    isObject(given) &&
    (Array.isArray(given['candidates']) ||
      isObject(given['promptFeedback']) ||
      (typeof given['responseId'] === 'string' && typeof given['modelVersion'] === 'string'))
  );
}

/** Candidate 0; a candidate without an index is the only one. */
function isOwn(candidate: Fields): boolean {
  return typeof candidate['index'] !== 'number' || candidate['index'] === 0;
}

function fileOf(part: Fields) {
  const inline = fieldsOf(part['inlineData']);
  const mediaType = inline['mimeType'];
  if (typeof inline['data'] === 'string') return { mediaType, content: { base64: inline['data'] } };
  const { fileUri, mimeType } = fieldsOf(part['fileData']);
  return typeof fileUri === 'string' ? { mediaType: mimeType, content: { url: fileUri } } : undefined;
}

/** What marks a part and is no content. */
function isMark(key: string): boolean {
  return key === 'thought' || key === 'thoughtSignature';
}
