import { aiSdkFinishReasonOf } from './ai-sdk-finish-reason.js';
import {
  aiSdkBlockKindOf,
  aiSdkCallFieldsOf,
  aiSdkMetadataOf,
  aiSdkRedactionOf,
  aiSdkSourceOf,
} from './ai-sdk-part.js';
import { isObject } from './fields-of.js';
import type { Converter, ConverterContext, Format } from './format.js';
import { createHeldError } from './held-error.js';
import { textOf } from './json-of.js';
import { metadataOf } from './metadata-of.js';
import { createPartCounter } from './part-counter.js';
import { remember, WAITING_MAX } from './remember.js';
import { createStepWriter } from './step-writer.js';
import { uiMessageFileOf } from './ui-message-file.js';
import { createMessageNotes } from './ui-message-notes.js';

/**
 * UIMessageChunks of the AI SDK 5, 6 and 7: what a chat's server sends to its page, also as server-sent events.
 *
 * A chunk belongs where the same part of `fullStream` would (`ai-sdk.ts`), with these differences:
 *
 * 1. What the model streams (text, reasoning, inputs, calls) belongs to the open step, and opens one if none is: an
 *    application that writes its own stream often has no steps. A second `start-step` without a `finish-step` between,
 *    and `reset-step`, begin the next attempt of the same step.
 * 2. `finish-step` says nothing, so its `finish` and the end of the step wait for the next chunk: `finish` and
 *    `message-metadata` still tell of the step, and what is no text and about no other call belongs to it.
 * 3. Anything else that comes between steps (data and sources that the application wrote first, results of approved
 *    tools) waits for the next step and keeps its own time. If none begins, it opens one.
 * 4. `start` begins a message, which may be another one in the same stream. With another `messageId` than before it
 *    cuts off a step that is open. Otherwise it means nothing to that step: merged streams have several.
 * 5. An `error` waits for the next chunk, and is fatal if the stream is over.
 *
 * There is no usage, and no finish reason of a step; that of the whole message stays readable as metadata `ai-sdk` of its
 * last step. `messageId` and `messageMetadata` are kept there too: what came before a step with its start, what came in it
 * with its finish, laid over what it had at the start. A step that is cut off has no finish: it gets a data part
 * `message-metadata`.
 */
export const uiMessage: Format = { name: 'ui-message', isSentOverHttp: true, createConverter };

type Part = Readonly<Record<string, unknown>>;
interface TimedPart {
  readonly part: Part;
  readonly at: number;
}
function createConverter(context: ConverterContext): Converter {
  const writer = createStepWriter(context);
  const counter = createPartCounter();
  const notes = createMessageNotes();
  /** Calls by the approvals that were asked for them: an answer names only the approval. */
  const askedFor = new Map<unknown, unknown>();
  /** Rule 5. */
  const heldError = createHeldError(writer);
  /** Rule 3. */
  let waiting: TimedPart[] = [];
  /** Rule 2: the step is finished. `isTold`: its `finish` event is written, and only the end is held back. */
  let finished: { readonly at: number; endAt: number; isTold: boolean } | undefined;
  /** The open attempt was begun by a `reset-step`, and nothing came since. */
  let isFresh = false;
  let messageId: unknown;
  let lastAt = 0;

  /** Begins a step; if one is open, its next attempt. */
  function begin(at: number): void {
    writer.start(at, { metadata: notes.ofStart(writer.isOpen) });
  }

  /** Message metadata of which there is no step. */
  function dropNotes(): void {
    for (let count = notes.drop(); count > 0; count--) counter.passOver('message-metadata');
  }

  function tellFinish(messageReason?: string): void {
    if (finished === undefined) return;
    const metadata = notes.ofFinish(messageReason);
    if (!finished.isTold || metadata !== undefined) writer.finish(finished.at, { metadata });
    finished.isTold = true;
  }

  /** @param messageReason why the message finished, if that is what ends the step */
  function endFinished(messageReason?: string): void {
    if (finished === undefined) return;
    tellFinish(messageReason);
    // AI SDK 7 calls a stream so that broke off and only looks finished.
    if (messageReason === 'interrupted') writer.interrupt(finished.endAt, 'eof');
    else writer.end(finished.endAt);
    finished = undefined;
  }

  /** Before content of the model: it goes into the open step, or into a new one behind what waits for that. */
  function prepareContent(at: number): void {
    endFinished();
    if (!writer.isOpen) openForWaiting();
    if (!writer.isOpen) begin(at);
    heldError.release();
    isFresh = false;
  }

  function openForWaiting(): void {
    const first = waiting[0];
    if (first === undefined) return;
    begin(first.at);
    placeWaiting();
  }

  function placeWaiting(): void {
    const placed = waiting;
    waiting = [];
    for (const { part, at } of placed) place(part, at);
  }

  /** The stream is over, or another message begins. `end` says how a step ends that neither finished nor failed. */
  function endStream(end: () => void): void {
    endFinished();
    if (!writer.isOpen) openForWaiting();
    notes.keepIn(writer);
    if (!heldError.fail()) end();
    dropNotes();
  }

  function convert(part: Part, at: number): void {
    const type = part['type'];
    const metadata = metadataOf(part['providerMetadata']);
    switch (type) {
      case 'start': {
        const id = part['messageId'] ?? undefined;
        endFinished();
        if (id !== undefined && messageId !== undefined && id !== messageId) {
          endStream(() => writer.interrupt(lastAt, 'eof'));
          notes.forget();
        }
        messageId = id ?? messageId;
        if (id !== undefined && !writer.isOpen) notes.name(id);
        return notes.add(part['messageMetadata'], at);
      }
      case 'message-metadata':
        return notes.add(part['messageMetadata'], at);

      case 'start-step':
        if (isFresh) {
          isFresh = false;
          return;
        }
        endFinished();
        heldError.release();
        begin(at);
        return placeWaiting();
      case 'reset-step':
        if (!writer.isOpen) return counter.passOver(type);
        finished = undefined;
        heldError.release();
        begin(at);
        isFresh = true;
        return;

      case 'text-start':
      case 'reasoning-start':
        prepareContent(at);
        return writer.blockStart(aiSdkBlockKindOf(part), at, {
          id: part['id'],
          ...aiSdkRedactionOf(part),
          metadata,
        });
      case 'text-delta':
      case 'reasoning-delta':
        prepareContent(at);
        return writer.blockDelta(aiSdkBlockKindOf(part), at, {
          id: part['id'],
          text: part['delta'],
          metadata,
        });
      case 'text-end':
      case 'reasoning-end':
        prepareContent(at);
        return writer.blockEnd(aiSdkBlockKindOf(part), at, {
          id: part['id'],
          ...aiSdkRedactionOf(part),
          metadata: aiSdkMetadataOf(part, { citations: part['citations'] }),
        });

      case 'tool-input-start':
        prepareContent(at);
        return writer.inputStart(at, aiSdkCallFieldsOf(part));
      case 'tool-input-delta':
        prepareContent(at);
        return writer.inputDelta(at, { toolCallId: part['toolCallId'], text: part['inputTextDelta'] });
      case 'tool-input-available':
        prepareContent(at);
        return writer.call(at, { ...aiSdkCallFieldsOf(part), args: part['input'] });
      case 'tool-input-error': {
        prepareContent(at);
        // Arguments that could not be parsed are handed on as the text that they are.
        const input = part['input'];
        return writer.call(at, {
          ...aiSdkCallFieldsOf(part),
          ...(typeof input === 'string' ? { argsText: input } : { args: input }),
          isInvalid: true,
          error: part['errorText'],
        });
      }

      case 'finish-step':
        endFinished();
        // No step is made up for an end without a beginning.
        if (!writer.isOpen) return counter.passOver(type);
        heldError.release();
        finished = { at, endAt: at, isTold: false };
        return;
      case 'finish':
        return finishMessage(part, at);
      case 'abort':
        endFinished();
        if (!writer.isOpen) openForWaiting();
        heldError.release();
        notes.keepIn(writer);
        return writer.interrupt(at, 'user', part['reason']);

      default:
        return isOfStep(type) ? convertBetween(part, at) : counter.passOver(type);
    }
  }

  /** Chunks that may come while no step is open. */
  function convertBetween(part: Part, at: number): void {
    if (finished !== undefined) {
      const toolCallId = callOf(part);
      const isOfAnother =
        part['type'] === 'error' ||
        part['type'] === 'steering-message' ||
        (toolCallId !== undefined && !writer.hasCall(toolCallId));
      if (isOfAnother) endFinished();
      else {
        // Not of what is said about the message: `finish` may still add to it.
        finished.endAt = at;
        if (!finished.isTold) tellFinish();
      }
    }
    if (writer.isOpen) return place(part, at);
    waiting.push({ part, at });
    if (waiting.length >= WAITING_MAX) openForWaiting();
  }

  function callOf(part: Part): unknown {
    if (part['type'] !== 'tool-approval-response') return part['toolCallId'];
    // The request may lie in an earlier stream. Readers can still find the call by the approval.
    return askedFor.get(part['approvalId']) ?? part['approvalId'];
  }

  function place(part: Part, at: number): void {
    heldError.release();
    isFresh = false;
    const type = part['type'];
    const toolCallId = callOf(part);
    const metadata = aiSdkMetadataOf(part, { toolMetadata: part['toolMetadata'] });
    switch (type) {
      case 'tool-output-available':
      case 'tool-output-error':
        return writer.result(at, {
          toolCallId,
          result: type === 'tool-output-error' ? { error: part['errorText'] ?? null } : part['output'],
          isError: type === 'tool-output-error' ? true : undefined,
          isPreliminary: part['preliminary'],
          isProviderExecuted: part['providerExecuted'],
          metadata,
        });
      case 'tool-output-denied':
        return writer.outputDenied(at, toolCallId);
      case 'tool-approval-request':
        return placeRequest(part, at);
      case 'tool-approval-response':
        return writer.approval(at, {
          toolCallId,
          approvalId: part['approvalId'],
          state: part['approved'] === true ? 'granted' : 'denied',
          reason: part['reason'],
        });

      case 'source-url':
      case 'source-document':
        return writer.source(at, {
          ...aiSdkSourceOf(part),
          sourceType: type === 'source-url' ? 'url' : 'document',
          sourceId: part['sourceId'],
        });
      case 'file':
      case 'reasoning-file': {
        const content = uiMessageFileOf(part['url']);
        if (content === undefined) return counter.passOver(type);
        return writer.file(at, {
          mediaType: part['mediaType'],
          content,
          name: part['filename'],
          isReasoning: type === 'reasoning-file',
          metadata,
        });
      }
      case 'custom': {
        const { type: _type, kind, ...data } = part;
        return writer.data(at, { name: textOf(kind) ?? 'custom', data });
      }
      case 'steering-message': {
        const { type: _type, ...data } = part;
        return writer.data(at, { name: 'steering-message', dataId: part['id'], data });
      }
      case 'error':
        heldError.hold(part['errorText'], at);
        return;
      default:
        return writer.data(at, {
          name: (type as string).slice(DATA_PREFIX.length),
          dataId: part['id'],
          data: part['data'],
          isTransient: part['transient'],
        });
    }
  }

  function placeRequest(part: Part, at: number): void {
    const { type: _type, reason, isAutomatic, ...data } = part;
    const { toolCallId, approvalId, ...more } = data;
    remember(askedFor, approvalId, toolCallId);
    writer.approval(at, { toolCallId, approvalId, state: 'requested', isAutomatic, reason });
    // Whoever answers must send it back (a signature), and an approval has no field for it.
    if (Object.keys(more).length === 0) return;
    writer.data(at, { name: 'tool-approval-request', dataId: approvalId, data });
  }

  function finishMessage(part: Part, at: number): void {
    notes.add(part['messageMetadata'], at);
    // Where steps are told apart, the reason is one of the message.
    if (finished !== undefined) return endFinished(textOf(part['finishReason']));
    if (!writer.isOpen) openForWaiting();
    if (!writer.isOpen || heldError.held !== undefined) return endStream(() => undefined);
    // Without a finish-step the reason is of this step too.
    const reason = aiSdkFinishReasonOf(part['finishReason']);
    writer.finish(at, { ...reason, metadata: notes.ofFinish() });
    if (reason.finishReason === 'interrupted') writer.interrupt(at, 'eof');
    else writer.end(at);
  }

  return {
    unknownParts: counter.counts,
    convert(part, at) {
      if (isObject(part)) convert(part, at);
      else counter.passOver(undefined);
      lastAt = at;
      return writer.take();
    },
    end(at) {
      endStream(() => writer.interrupt(at, 'eof'));
      return writer.take();
    },
  };
}

const DATA_PREFIX = 'data-';

const ofStep: ReadonlySet<unknown> = new Set([
  'tool-output-available',
  'tool-output-error',
  'tool-output-denied',
  'tool-approval-request',
  'tool-approval-response',
  'source-url',
  'source-document',
  'file',
  'reasoning-file',
  'custom',
  'steering-message',
  'error',
]);

function isOfStep(type: unknown): boolean {
  return ofStep.has(type) || (typeof type === 'string' && type.startsWith(DATA_PREFIX));
}
