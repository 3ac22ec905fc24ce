import { aiSdkFileOf } from './ai-sdk-file.js';
import { aiSdkFinishReasonOf } from './ai-sdk-finish-reason.js';
import {
  aiSdkBlockKindOf,
  aiSdkCallFieldsOf,
  aiSdkMetadataOf,
  aiSdkRedactionOf,
  aiSdkSourceOf,
  aiSdkWarningsOf,
} from './ai-sdk-part.js';
import { aiSdkUsageOf } from './ai-sdk-usage.js';
import { fieldsOf, isObject } from './fields-of.js';
import type { Converter, ConverterContext, Format } from './format.js';
import { createHeldError } from './held-error.js';
import { textOf } from './json-of.js';
import { metadataOf } from './metadata-of.js';
import { createPartCounter } from './part-counter.js';
import { WAITING_MAX } from './remember.js';
import { createStepWriter } from './step-writer.js';

/**
 * `fullStream` of `streamText` (`stream` in version 7) of the AI SDK 5, 6 and 7.
 *
 * Where a part belongs is decided by four rules:
 *
 * 1. Content belongs to the open step, and opens one if none is. A second `start-step` without a `finish-step`
 *    between begins the next attempt of the same step.
 * 2. `finish-step` ends the step. The SDK sends it when the step's tools have returned; should a call of it still
 *    wait (the client runs it, the provider defers it, a person is asked), the end is held back while the parts
 *    that follow are about calls of this step, so that a late result lands beside its call. `step-end` has the
 *    time of `finish-step`, or of the last such part.
 * 3. What is about an earlier call or a coming step and arrives between steps (results of approved tools come
 *    before the first `start-step`) waits for the next step and keeps its own time. If none begins, it opens one.
 * 4. An `error` waits for the next part. If the step goes on after it, it was not fatal; if the stream is over, it
 *    was, and the step has failed. A stream that is over while a step is open is an `interrupt` (`eof`).
 *
 * What an event has no field for is kept as metadata of `ai-sdk`, under the SDK's own name: `warnings`, `citations`,
 * `toolMetadata`, `inputEncoding`, `performance`. The latter is how the SDK measured durations on its own clock: no
 * stamp is computed from it. Request bodies and response headers are left out: they are no model output, and
 * hold prompts and credentials.
 */
export const aiSdk: Format = { name: 'ai-sdk', createConverter };

type Part = Readonly<Record<string, unknown>>;
interface TimedPart {
  readonly part: Part;
  readonly at: number;
}

function createConverter(context: ConverterContext): Converter {
  const writer = createStepWriter(context);
  const counter = createPartCounter();
  /** Rule 4: an error of the open step, of which is not known yet whether anything follows. */
  const heldError = createHeldError(writer);
  /** Rule 3. */
  let waiting: TimedPart[] = [];
  /** Rule 2: when the open step ended, if its end is held back. */
  let finishedAt: number | undefined;

  function endFinished(): void {
    if (finishedAt === undefined) return;
    writer.end(finishedAt);
    finishedAt = undefined;
  }

  /** Before content of the model: it goes into the open step, or into a new one behind what waits for that. */
  function prepareContent(): void {
    endFinished();
    if (!writer.isOpen) openForWaiting();
    heldError.release();
  }

  function openForWaiting(): void {
    const first = waiting[0];
    if (first === undefined) return;
    writer.start(first.at);
    placeWaiting();
  }

  function placeWaiting(): void {
    const placed = waiting;
    waiting = [];
    for (const { part, at } of placed) convertBetween(part, at);
  }

  /** The stream is over. `end` says how a step ends that neither finished nor failed. */
  function endStream(end: () => void): void {
    endFinished();
    if (!writer.isOpen) openForWaiting();
    if (!heldError.fail()) end();
  }

  function convert(part: Part, at: number): void {
    const metadata = metadataOf(part['providerMetadata']);
    switch (part['type']) {
      case 'start':
      case 'ping':
      case 'raw':
        return;

      case 'start-step': {
        endFinished();
        heldError.release();
        writer.start(at, { metadata: aiSdkMetadataOf(part, { warnings: aiSdkWarningsOf(part) }) });
        return placeWaiting();
      }

      case 'text-start':
      case 'reasoning-start':
        prepareContent();
        return writer.blockStart(aiSdkBlockKindOf(part), at, {
          id: part['id'],
          ...aiSdkRedactionOf(part),
          metadata,
        });
      case 'text-delta':
      case 'reasoning-delta':
        prepareContent();
        return writer.blockDelta(aiSdkBlockKindOf(part), at, {
          id: part['id'],
          text: part['text'],
          metadata,
        });
      case 'text-end':
      case 'reasoning-end':
        prepareContent();
        return writer.blockEnd(aiSdkBlockKindOf(part), at, {
          id: part['id'],
          ...aiSdkRedactionOf(part),
          metadata: aiSdkMetadataOf(part, { citations: part['citations'] }),
        });

      case 'tool-input-start':
        prepareContent();
        return writer.inputStart(at, { ...aiSdkCallFieldsOf(part), toolCallId: part['id'] });
      case 'tool-input-delta':
        prepareContent();
        return writer.inputDelta(at, { toolCallId: part['id'], text: part['delta'], metadata });
      case 'tool-input-end':
        prepareContent();
        return writer.inputEnd(at, { toolCallId: part['id'], metadata });
      case 'tool-call': {
        prepareContent();
        const input = part['input'];
        // The SDK parses arguments; of an invalid call it hands on the text that it could not parse.
        const isText = part['invalid'] === true && typeof input === 'string';
        return writer.call(at, {
          ...aiSdkCallFieldsOf(part),
          ...(isText ? { argsText: input } : { args: input }),
          isInvalid: part['invalid'],
          error: part['error'],
        });
      }

      case 'source':
        prepareContent();
        return writer.source(at, aiSdkSourceOf(part));
      case 'file':
      case 'reasoning-file': {
        const file = aiSdkFileOf(part);
        if (file === undefined) return counter.passOver(part['type']);
        prepareContent();
        return writer.file(at, {
          ...file,
          isReasoning: part['type'] === 'reasoning-file',
          metadata: metadataOf(file.providerMetadata),
        });
      }
      case 'custom': {
        prepareContent();
        const { type: _type, kind, ...data } = part;
        return writer.data(at, { name: textOf(kind) ?? 'custom', data });
      }

      case 'tool-result':
      case 'tool-error':
      case 'tool-output-denied':
      case 'tool-approval-request':
      case 'tool-approval-response':
      case 'steering-message':
      case 'error':
        return convertBetween(part, at);

      case 'finish-step':
        return finishStep(part, at);
      case 'finish':
        return finishStream(part, at);
      case 'abort':
        endFinished();
        if (!writer.isOpen) openForWaiting();
        heldError.release();
        return writer.interrupt(at, 'user', part['reason']);

      default:
        return counter.passOver(part['type']);
    }
  }

  /** Parts that may come while no step is open. */
  function convertBetween(part: Part, at: number): void {
    if (finishedAt !== undefined) {
      if (!isAboutCall(part) || !writer.hasCall(toolCallIdOf(part))) endFinished();
      else finishedAt = at;
    }
    if (!writer.isOpen) {
      waiting.push({ part, at });
      if (waiting.length >= WAITING_MAX) openForWaiting();
      return;
    }
    heldError.release();
    const metadata = aiSdkMetadataOf(part, { toolMetadata: part['toolMetadata'] });
    const toolCallId = toolCallIdOf(part);
    switch (part['type']) {
      case 'tool-result':
      case 'tool-error':
        writer.result(at, {
          toolCallId,
          toolName: part['toolName'],
          result: part['type'] === 'tool-error' ? { error: part['error'] ?? null } : part['output'],
          isError: part['type'] === 'tool-error' ? true : undefined,
          isPreliminary: part['preliminary'],
          isProviderExecuted: part['providerExecuted'],
          metadata,
        });
        break;
      case 'tool-output-denied':
        writer.outputDenied(at, toolCallId);
        break;
      case 'tool-approval-request':
        writer.approval(at, {
          toolCallId,
          approvalId: part['approvalId'],
          state: 'requested',
          isAutomatic: part['isAutomatic'],
        });
        if (part['signature'] !== undefined) {
          // Whoever answers must send it back, and an approval has no field for it.
          const { type: _type, toolCall: _toolCall, ...data } = part;
          writer.data(at, {
            name: 'tool-approval-request',
            dataId: part['approvalId'],
            data: { ...data, toolCallId },
          });
        }
        break;
      case 'tool-approval-response':
        writer.approval(at, {
          toolCallId,
          approvalId: part['approvalId'],
          state: part['approved'] === true ? 'granted' : 'denied',
          isAutomatic: part['isAutomatic'],
          reason: part['reason'],
        });
        break;
      case 'steering-message': {
        const { type: _type, ...data } = part;
        writer.data(at, { name: 'steering-message', dataId: part['id'], data });
        break;
      }
      default:
        heldError.hold(part['error'], at);
    }
    if (finishedAt !== undefined && !writer.isWaitingForResults) endFinished();
  }

  function finishStep(part: Part, at: number): void {
    endFinished();
    // No step is made up for an end without a beginning.
    if (!writer.isOpen) return counter.passOver(part['type']);
    heldError.release();
    const response = fieldsOf(part['response']);
    const reason = aiSdkFinishReasonOf(part['finishReason'], part['rawFinishReason']);
    writer.finish(at, {
      ...reason,
      usage: aiSdkUsageOf(part['usage'], part['providerMetadata']),
      responseId: response['id'],
      model: response['modelId'],
      metadata: aiSdkMetadataOf(part, { performance: part['performance'] }),
    });
    endFinishedModel(at, reason.finishReason);
  }

  function finishStream(part: Part, at: number): void {
    const isUnfinished = writer.isOpen && finishedAt === undefined && heldError.held === undefined;
    if (!isUnfinished) return endStream(() => writer.end(at));
    // Without a finish-step the reason is of this step too; the usage would be that of all steps together.
    const reason = aiSdkFinishReasonOf(part['finishReason'], part['rawFinishReason']);
    writer.finish(at, reason);
    endFinishedModel(at, reason.finishReason);
  }

  /** AI SDK 7 calls a stream `interrupted` that broke off and only looks finished. */
  function endFinishedModel(at: number, finishReason: string | undefined): void {
    if (finishReason === 'interrupted') writer.interrupt(at, 'eof');
    else if (writer.isWaitingForResults) finishedAt = at;
    else writer.end(at);
  }

  return {
    unknownParts: counter.counts,
    convert(part, at) {
      if (isObject(part)) convert(part, at);
      else counter.passOver(undefined);
      return writer.take();
    },
    end(at) {
      endStream(() => writer.interrupt(at, 'eof'));
      return writer.take();
    },
  };
}

function toolCallIdOf(part: Part): unknown {
  return fieldsOf(part['toolCall'])['toolCallId'] ?? part['toolCallId'];
}

function isAboutCall(part: Part): boolean {
  return part['type'] !== 'error' && part['type'] !== 'steering-message';
}
