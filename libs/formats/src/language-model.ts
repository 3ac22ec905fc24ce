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
import { argumentsOf } from './arguments-of.js';
import { isObject } from './fields-of.js';
import type { Converter, ConverterContext, Format } from './format.js';
import { createHeldError } from './held-error.js';
import { textOf } from './json-of.js';
import { metadataOf } from './metadata-of.js';
import { createPartCounter } from './part-counter.js';
import { createStepWriter } from './step-writer.js';

/**
 * What `doStream()` of an AI SDK language model yields: LanguageModelV2, V3 and V4StreamPart. One model call is one
 * step:
 *
 * 1. `stream-start` begins it. Its event waits for the next part and keeps its own time: a `response-metadata` there
 *    names the model. Later ones count for the `finish`, field by field.
 * 2. `finish` ends it; nothing of the client's tools is in the stream, so their calls stay pending. A `stream-start`
 *    behind it is the next call; one before it is a retry of the same call, hence the next attempt.
 * 3. An `error` waits for the next part. If the call goes on after it, it was not fatal; if the stream is over, it was,
 *    and the step has failed. A stream that is over without `finish` is an `interrupt` (`eof`), as is a `finish` that
 *    says `interrupted`.
 *
 * The versions differ in few fields: V2 has flat usage and a word as finish reason; V3 has nested usage, a pair of
 * finish reasons, approvals, and preliminary results; V4 has files as `{type: 'data' | 'url'}`, `reasoning-file`,
 * `custom` and citations of a text. All are read by their shape.
 *
 * Input of a call is JSON text. What an event has no field for is metadata of `ai-sdk`, as in `ai-sdk.ts`. `ping` and
 * `raw` parts are left out.
 */
export const languageModel: Format = { name: 'language-model', isSentOverHttp: true, createConverter };

type Part = Readonly<Record<string, unknown>>;

function createConverter(context: ConverterContext): Converter {
  const writer = createStepWriter(context);
  const counter = createPartCounter();
  /** Rule 1: a call began, and the next part may say which model it is. */
  let heldStart: { readonly warnings: unknown; readonly at: number } | undefined;
  /** Rule 3: an error of which is not known yet whether anything follows. */
  const heldError = createHeldError(writer, (at) => {
    if (!writer.isOpen) begin(at);
  });
  let response: { id?: unknown; modelId?: unknown } = {};

  function begin(at: number, warnings?: unknown): void {
    writer.start(at, { model: response.modelId, metadata: aiSdkMetadataOf({}, { warnings }) });
  }

  function releaseStart(): void {
    if (heldStart === undefined) return;
    begin(heldStart.at, heldStart.warnings);
    heldStart = undefined;
  }

  /** Before content: it goes into the open step, or begins one where the source did not. */
  function prepareContent(at: number): void {
    releaseStart();
    heldError.release();
    if (!writer.isOpen) begin(at);
  }

  function convert(part: Part, at: number): void {
    const metadata = metadataOf(part['providerMetadata']);
    switch (part['type']) {
      case 'ping':
      case 'raw':
        return;

      case 'stream-start':
        releaseStart();
        if (writer.isOpen) heldError.release();
        response = {};
        heldStart = { warnings: aiSdkWarningsOf(part), at };
        return;
      case 'response-metadata':
        if (part['id'] !== undefined) response.id = part['id'];
        if (part['modelId'] !== undefined) response.modelId = part['modelId'];
        releaseStart();
        if (writer.isOpen) heldError.release();
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
        return writer.inputStart(at, { ...aiSdkCallFieldsOf(part), toolCallId: part['id'] });
      case 'tool-input-delta':
        prepareContent(at);
        return writer.inputDelta(at, { toolCallId: part['id'], text: part['delta'], metadata });
      case 'tool-input-end':
        prepareContent(at);
        return writer.inputEnd(at, { toolCallId: part['id'], metadata });
      case 'tool-call': {
        prepareContent(at);
        const input = part['input'];
        return writer.call(at, {
          ...aiSdkCallFieldsOf(part),
          ...(typeof input === 'string' ? argumentsOf(input) : { args: input ?? undefined }),
        });
      }
      case 'tool-result':
        prepareContent(at);
        return writer.result(at, {
          toolCallId: part['toolCallId'],
          toolName: part['toolName'],
          result: part['result'],
          isError: part['isError'],
          isPreliminary: part['preliminary'],
          // A model's stream has results of no other tools.
          isProviderExecuted: part['providerExecuted'] ?? true,
          metadata,
        });
      case 'tool-approval-request':
        prepareContent(at);
        writer.approval(at, {
          toolCallId: part['toolCallId'],
          approvalId: part['approvalId'],
          state: 'requested',
        });
        if (metadata !== undefined) {
          // An approval has no field for it.
          const { type, ...data } = part;
          writer.data(at, { name: type as string, dataId: part['approvalId'], data });
        }
        return;

      case 'source':
        prepareContent(at);
        return writer.source(at, aiSdkSourceOf(part));
      case 'file':
      case 'reasoning-file': {
        const file = aiSdkFileOf(part);
        if (file === undefined) return counter.passOver(part['type']);
        prepareContent(at);
        return writer.file(at, {
          ...file,
          isReasoning: part['type'] === 'reasoning-file',
          metadata: metadataOf(file.providerMetadata),
        });
      }
      case 'custom': {
        prepareContent(at);
        const { type: _type, kind, ...data } = part;
        return writer.data(at, { name: textOf(kind) ?? 'custom', data });
      }

      case 'error':
        releaseStart();
        heldError.release();
        heldError.hold(part['error'], at);
        return;
      case 'finish':
        return finish(part, at);

      default:
        return counter.passOver(part['type']);
    }
  }

  function finish(part: Part, at: number): void {
    releaseStart();
    // No step is made up for an end without a beginning, but an error before it was one.
    if (!writer.isOpen && heldError.held === undefined) return counter.passOver(part['type']);
    heldError.release();
    const reason = aiSdkFinishReasonOf(part['finishReason']);
    writer.finish(at, {
      ...reason,
      usage: aiSdkUsageOf(part['usage'], part['providerMetadata']),
      responseId: response.id,
      model: response.modelId,
      metadata: metadataOf(part['providerMetadata']),
    });
    if (reason.finishReason === 'interrupted') writer.interrupt(at, 'eof');
    else writer.end(at);
    response = {};
  }

  function endStream(at: number): void {
    releaseStart();
    if (!heldError.fail()) writer.interrupt(at, 'eof');
  }

  return {
    unknownParts: counter.counts,
    convert(part, at) {
      if (isObject(part)) convert(part, at);
      else counter.passOver(undefined);
      return writer.take();
    },
    end(at) {
      endStream(at);
      return writer.take();
    },
  };
}
