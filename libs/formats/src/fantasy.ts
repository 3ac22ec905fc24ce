import { aiSdkFinishReasonOf } from './ai-sdk-finish-reason.js';
import { argumentsOf } from './arguments-of.js';
import { fantasyDataOf, fantasyMetadataOf } from './fantasy-metadata.js';
import { fantasyUsageOf } from './fantasy-usage.js';
import { fieldsOf, isObject } from './fields-of.js';
import type { Converter, ConverterContext, Format } from './format.js';
import { createHeldError } from './held-error.js';
import { textOf } from './json-of.js';
import { createPartCounter } from './part-counter.js';
import type { BlockKind, CallFields } from './step-fields.js';
import { createStepWriter } from './step-writer.js';

/**
 * `StreamPart` of charmbracelet/fantasy, as Go's JSON has it. One model call is one step:
 *
 * 1. Its first part begins it; `warnings`, where there are any, are that. Behind other parts of a step that is not
 *    finished, `warnings` begin a retry, hence the next attempt.
 * 2. `finish` ends it. Nothing of the client's tools is in the stream, so their calls stay pending.
 * 3. An `error` waits for the next part. If the step goes on after it, it was not fatal; if the stream is over, it was,
 *    and the step has failed. A stream that is over without `finish` is an `interrupt` (`eof`).
 *
 * Every part has all fields, empty where they mean nothing, so what is empty counts as absent. Argument text comes in
 * `delta` or in `tool_call_input`, by provider. A result has no content of its own: it is what the provider's metadata
 * holds for the next request. That metadata is kept under the names of the AI SDK (`fantasy-metadata.ts`); `warnings` are
 * metadata of `fantasy`.
 */
export const fantasy: Format = { name: 'fantasy', createConverter };

type Part = Readonly<Record<string, unknown>>;

function createConverter(context: ConverterContext): Converter {
  const writer = createStepWriter(context);
  const counter = createPartCounter();
  /** Rule 3. */
  const heldError = createHeldError(writer, (at) => {
    if (!writer.isOpen) begin(at);
    hasContent = true;
  });
  /** The open attempt has content, so that warnings would be another's. */
  let hasContent = false;
  let isAnthropic = false;

  function begin(at: number, warnings?: unknown): void {
    writer.start(at, { metadata: fantasyMetadataOf(undefined, { warnings }) });
    hasContent = false;
    isAnthropic = false;
  }

  function prepareContent(part: Part, at: number): void {
    heldError.release();
    if (!writer.isOpen) begin(at);
    hasContent = true;
    if (fieldsOf(part['provider_metadata'])['anthropic'] !== undefined) isAnthropic = true;
  }

  function convert(part: Part, at: number): void {
    const type = part['type'];
    const id = part['id'];
    switch (type) {
      case 'keepalive':
        return;

      case 'warnings': {
        heldError.release();
        if (!writer.isOpen || hasContent) return begin(at, part['warnings'] ?? undefined);
        // More of the same: fantasy adds them up.
        return counter.passOver(type);
      }

      case 'text_start':
      case 'reasoning_start': {
        prepareContent(part, at);
        const kind = kindOf(type);
        writer.blockStart(kind, at, blockFields(part, kind));
        // The start may bring the first text.
        const text = textOf(part['delta']) ?? '';
        if (text !== '') writer.blockDelta(kind, at, { id, text });
        return;
      }
      case 'text_delta':
      case 'reasoning_delta':
        prepareContent(part, at);
        return writer.blockDelta(kindOf(type), at, {
          id,
          text: part['delta'],
          metadata: fantasyMetadataOf(part['provider_metadata']),
        });
      case 'text_end':
      case 'reasoning_end':
        prepareContent(part, at);
        return writer.blockEnd(kindOf(type), at, blockFields(part, kindOf(type)));

      case 'tool_input_start':
        prepareContent(part, at);
        return writer.inputStart(at, callFields(part));
      case 'tool_input_delta':
        prepareContent(part, at);
        return writer.inputDelta(at, {
          toolCallId: id,
          text: textOf(part['delta']) || part['tool_call_input'],
          metadata: fantasyMetadataOf(part['provider_metadata']),
        });
      case 'tool_input_end':
        prepareContent(part, at);
        return writer.inputEnd(at, {
          toolCallId: id,
          metadata: fantasyMetadataOf(part['provider_metadata']),
        });
      case 'tool_call':
        prepareContent(part, at);
        return writer.call(at, {
          ...callFields(part),
          ...argumentsOf(textOf(part['tool_call_input']) ?? ''),
        });
      case 'tool_result': {
        prepareContent(part, at);
        const result = resultOf(part);
        return writer.result(at, {
          toolCallId: id,
          toolName: part['tool_call_name'],
          result,
          isError: hasText(fieldsOf(result)['error_code']) ? true : undefined,
          isProviderExecuted: given(part['provider_executed']),
          metadata: fantasyMetadataOf(part['provider_metadata']),
        });
      }

      case 'source':
        prepareContent(part, at);
        return writer.source(at, {
          sourceType: sourceTypeOf(part),
          sourceId: present(id),
          url: present(part['url']),
          title: present(part['title']),
          metadata: fantasyMetadataOf(part['provider_metadata']),
        });

      case 'error':
        heldError.release();
        heldError.hold(part['error'], at);
        return;
      case 'finish':
        return finish(part, at);

      default:
        return counter.passOver(type);
    }
  }

  function finish(part: Part, at: number): void {
    // A response may be empty: its finish is then all there is of it.
    prepareContent(part, at);
    const id = present(part['id']);
    const openai = fieldsOf(fantasyDataOf(fieldsOf(part['provider_metadata'])['openai']));
    writer.finish(at, {
      ...aiSdkFinishReasonOf(present(part['finish_reason'])),
      usage: fantasyUsageOf(part['usage'], isAnthropic || (typeof id === 'string' && id.startsWith('msg_'))),
      responseId: id ?? present(openai['response_id']),
      metadata: fantasyMetadataOf(part['provider_metadata']),
    });
    writer.end(at);
  }

  return {
    unknownParts: counter.counts,
    convert(part, at) {
      if (isObject(part)) convert(part, at);
      else counter.passOver(undefined);
      return writer.take();
    },
    end(at) {
      if (!heldError.fail()) writer.interrupt(at, 'eof');
      return writer.take();
    },
  };
}

function kindOf(type: string): BlockKind {
  return type.startsWith('text') ? 'text' : 'reasoning';
}

function blockFields(part: Part, kind: BlockKind) {
  const metadata = fantasyMetadataOf(part['provider_metadata']);
  const isRedacted =
    kind === 'reasoning' &&
    Object.values(metadata ?? {}).some((entries) => Object.hasOwn(entries, 'redactedData'));
  return { id: part['id'], metadata, ...(isRedacted ? { isRedacted } : {}) };
}

function callFields(part: Part): CallFields {
  return {
    toolCallId: part['id'],
    toolName: part['tool_call_name'],
    isProviderExecuted: given(part['provider_executed']),
    metadata: fantasyMetadataOf(part['provider_metadata']),
  };
}

/** What the provider's tool found: fantasy keeps it where the next request takes it from. */
function resultOf(part: Part): unknown {
  const found = Object.values(fieldsOf(part['provider_metadata'])).map(fantasyDataOf).filter(isObject);
  return found[0] ?? null;
}

function sourceTypeOf(part: Part): 'url' | 'document' {
  const type = part['source_type'];
  if (type === 'url' || type === 'document') return type;
  return hasText(part['url']) ? 'url' : 'document';
}

function hasText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function present(value: unknown): unknown {
  return value === '' ? undefined : (value ?? undefined);
}

/** Go writes false where nothing was said. */
function given(flag: unknown): true | undefined {
  return flag === true ? true : undefined;
}
