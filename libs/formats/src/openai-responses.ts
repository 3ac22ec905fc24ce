import { fieldsOf, isObject } from './fields-of.js';
import type { Converter, ConverterContext, Format } from './format.js';
import { createHeldError } from './held-error.js';
import { textOf } from './json-of.js';
import { contentKey, createResponseBlocks, summaryKey } from './openai-responses-blocks.js';
import { createResponseCalls } from './openai-responses-calls.js';
import { openaiResponsesFinishReasonOf, responseEndOf } from './openai-responses-finish-reason.js';
import { createResponseItems, idOf, type Item, type ItemKind } from './openai-responses-items.js';
import { openaiMetadata } from './openai-responses-sources.js';
import { openaiResponsesUsageOf } from './openai-responses-usage.js';
import { createPartCounter } from './part-counter.js';
import { createStepWriter } from './step-writer.js';

/**
 * Events of the OpenAI Responses API, of whoever serves them (OpenAI, Azure, xAI, GitHub Copilot, LM Studio).
 *
 * 1. A response is a step: `response.created` begins it, or the next attempt of it if the one before has not
 *    ended; its last event (`response.completed`, `.incomplete`, `.failed`) ends it.
 * 2. An output item is found by `output_index` (`openai-responses-items.ts`). Texts and reasoning:
 *    `openai-responses-blocks.ts`; calls and results: `openai-responses-calls.ts`; other items are kept as data.
 * 3. The last event repeats all items. What came of them in events does not come again; an item that only
 *    stands there has the time of that event.
 * 4. An `error` waits for the next event. If the response goes on after it, it was not fatal; if `response.failed`
 *    follows, both are one error; if the stream is over, the step has failed. A stream that is over while a
 *    response is open is an `interrupt` (`eof`).
 *
 * What the next request needs is metadata of `openai`, named as the AI SDK names it: `itemId`,
 * `reasoningEncryptedContent`, `phase`, `annotations`, `namespace`, `caller`. Left out are what the response repeats
 * of its request, log probabilities, and padding.
 */
export const openaiResponses: Format = { name: 'openai-responses', isSentOverHttp: true, createConverter };

type Part = Readonly<Record<string, unknown>>;

/** Events that say nothing which other events do not say. */
const ignored: ReadonlySet<unknown> = new Set([
  'response.queued',
  'response.in_progress',
  'response.compaction.compacting',
  'response.mcp_list_tools.in_progress',
  'response.mcp_list_tools.completed',
  'response.mcp_list_tools.failed',
  'response.mcp_call_output.delta',
  'response.mcp_call_output.done',
  'keepalive',
  'ping',
]);

/** Arguments of a call: `response.function_call_arguments.delta`. */
const input = /^response\.(\w+_call)_(?:arguments|input|code|command|operation_diff)\.(delta|done)$/;
/** Where a call of the provider's stands, and whether its tool works: `response.web_search_call.searching`. */
const progress =
  /^response\.(\w+_call)\.(?:(searching|generating|interpreting|executing)|in_progress|completed|failed)$/;

function createConverter(context: ConverterContext): Converter {
  const writer = createStepWriter(context);
  const counter = createPartCounter();
  const items = createResponseItems();
  const blocks = createResponseBlocks(writer);
  const calls = createResponseCalls(writer);
  /** Rule 4: an error of which is not known yet whether anything follows. */
  const heldError = createHeldError(writer);
  let endedId: string | undefined;

  /** Whatever is about an item belongs to a response, even if nothing is written of it yet. */
  function ensureOpen(at: number): void {
    if (!writer.isOpen) writer.start(at);
    heldError.release();
  }

  /** The item that an event is about, ready for what the event says of it. */
  function itemOf(kind: ItemKind, part: Part, at: number): Item {
    ensureOpen(at);
    const item = items.find(kind, part);
    blocks.settle(item);
    return item;
  }

  /** A call whose item may be missing, so that its type is known from the event alone. */
  function callOf(type: string, part: Part, at: number): Item {
    const item = itemOf('call', part, at);
    if (item.fields['type'] === undefined) item.fields = { type };
    return item;
  }

  function forget(): void {
    items.clear();
    blocks.clear();
    calls.clear();
  }

  function startResponse(part: Part, at: number): void {
    const response = fieldsOf(part['response']);
    if (writer.isOpen) heldError.release();
    forget();
    calls.model(response['model']);
    writer.start(at, {
      model: response['model'],
      metadata: openaiMetadata({ responseId: response['id'] }),
    });
    heldError.release();
  }

  function convert(part: Part, at: number): void {
    const type = part['type'];
    switch (type) {
      case 'response.created':
        return startResponse(part, at);
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
      case 'response.done':
        return endResponse(part, type, at);
      case 'error':
        heldError.release();
        heldError.hold(part, at);
        return;

      case 'response.output_item.added':
        return beginItem(part, at);
      case 'response.output_item.done': {
        if (!isObject(part['item'])) return counter.passOver(type);
        ensureOpen(at);
        const item = items.finish(part);
        blocks.settle(item);
        return finishItem(item, part['item'], at);
      }

      case 'response.content_part.added':
      case 'response.reasoning_part.added': {
        const { kind, partType } = contentOf(part);
        // Something else than text comes with its item.
        if (kind === undefined) return;
        const isRefusal = partType === 'refusal';
        return blocks.partStart(itemOf(kind, part, at), contentKey(part['content_index']), at, { isRefusal });
      }
      case 'response.content_part.done':
      case 'response.reasoning_part.done': {
        const { kind } = contentOf(part);
        if (kind === undefined) return;
        const content = fieldsOf(part['part']);
        return blocks.partEnd(itemOf(kind, part, at), contentKey(part['content_index']), at, content);
      }
      case 'response.output_text.delta':
        return blocks.delta(
          itemOf('message', part, at),
          contentKey(part['content_index']),
          at,
          part['delta'],
        );
      case 'response.refusal.delta': {
        const key = contentKey(part['content_index']);
        return blocks.delta(itemOf('message', part, at), key, at, part['delta'], { isRefusal: true });
      }
      case 'response.output_text.done':
        return blocks.partEnd(itemOf('message', part, at), contentKey(part['content_index']), at, part);
      case 'response.refusal.done': {
        const content = { type: 'refusal', refusal: part['refusal'] };
        return blocks.partEnd(itemOf('message', part, at), contentKey(part['content_index']), at, content);
      }
      case 'response.output_text.annotation.added':
      case 'response.output_text_annotation.added':
        return blocks.annotation(itemOf('message', part, at), contentKey(part['content_index']), at, part);

      case 'response.reasoning_summary_part.added':
        return blocks.partStart(itemOf('reasoning', part, at), summaryKey(part['summary_index']), at);
      case 'response.reasoning_summary_text.delta':
        return blocks.delta(
          itemOf('reasoning', part, at),
          summaryKey(part['summary_index']),
          at,
          part['delta'],
        );
      case 'response.reasoning_summary_text.done':
        return blocks.partEnd(itemOf('reasoning', part, at), summaryKey(part['summary_index']), at, part);
      case 'response.reasoning_summary_part.done': {
        const summary = fieldsOf(part['part']);
        return blocks.partEnd(itemOf('reasoning', part, at), summaryKey(part['summary_index']), at, summary);
      }
      case 'response.reasoning_text.delta':
        return blocks.delta(
          itemOf('reasoning', part, at),
          contentKey(part['content_index']),
          at,
          part['delta'],
        );
      case 'response.reasoning_text.done':
        return blocks.partEnd(itemOf('reasoning', part, at), contentKey(part['content_index']), at, part);

      case 'response.shell_call_command.added': {
        const item = callOf('shell_call', part, at);
        // Commands are told apart by lines.
        if (item.input.text !== '') calls.inputDelta(item, at, '\n');
        return;
      }
      case 'response.shell_call_command.done':
        return;
      case 'response.image_generation_call.partial_image':
        return calls.preview(callOf('image_generation_call', part, at), at, part['partial_image_b64']);
      case 'response.shell_call_output_content.delta':
        return calls.print(itemOf('result', part, at), part['command_index'], fieldsOf(part['delta']));
      case 'response.shell_call_output_content.done':
        return;

      default:
        if (typeof type === 'string') return convertOfCall(type, part, at);
        if (type === undefined && isObject(part['error'])) return convert({ ...part, type: 'error' }, at);
        counter.passOver(type);
    }
  }

  /** Events that all calls have alike, each named after its kind of call. */
  function convertOfCall(type: string, part: Part, at: number): void {
    const [, callType, inputStep] = input.exec(type) ?? [];
    if (callType !== undefined) {
      const item = callOf(callType, part, at);
      if (inputStep === 'done') return calls.inputEnd(item, at, inputOf(part));
      if (!calls.inputDelta(item, at, part['delta'])) counter.passOver(type);
      return;
    }
    const [, runningType, work] = progress.exec(type) ?? [];
    if (runningType !== undefined) {
      if (work !== undefined) calls.run(callOf(runningType, part, at), at);
      return;
    }
    if (!ignored.has(type)) counter.passOver(type);
  }

  function beginItem(part: Part, at: number): void {
    if (!isObject(part['item'])) return counter.passOver(part['type']);
    ensureOpen(at);
    const item = items.begin(part, at);
    if (item === undefined) return;
    blocks.settle(item);
    if (item.kind === 'message' || item.kind === 'reasoning') blocks.begin(item);
    else calls.begin(item);
  }

  function finishItem(item: Item, fields: Part, at: number): void {
    if (item.isDone) return item.kind === 'reasoning' ? blocks.repeat(item, at, fields) : undefined;
    if (item.kind === 'message' || item.kind === 'reasoning') return blocks.finish(item, at, fields);
    if (item.kind === 'call' || item.kind === 'result') return calls.finish(item, at, fields);
    item.isDone = true;
    if (fields['type'] === 'mcp_approval_response') {
      const approvalId = fields['approval_request_id'];
      const state = fields['approve'] === true ? 'granted' : 'denied';
      return writer.approval(at, { toolCallId: approvalId, approvalId, state, reason: fields['reason'] });
    }
    if (fields['type'] === 'compaction') {
      // As the AI SDK has it, because the next request needs it.
      const { id: itemId, encrypted_content: encryptedContent } = fields;
      const openai = { type: 'compaction', itemId, encryptedContent };
      return writer.data(at, { name: 'openai.compaction', data: { providerMetadata: { openai } } });
    }
    writer.data(at, { name: `openai.${textOf(fields['type']) ?? 'item'}`, data: fields });
  }

  /** What began and was not done says so as far as it came. */
  function closeItems(at: number): void {
    blocks.settle();
    for (const item of items.all) {
      if (item.isDone) continue;
      if (item.kind === 'message' || item.kind === 'reasoning') blocks.close(item, at);
      else if (item.kind !== 'other') calls.close(item, at);
    }
    forget();
  }

  function endResponse(part: Part, type: string, at: number): void {
    const response = fieldsOf(part['response']);
    const id = idOf(response['id']);
    const output = Array.isArray(response['output']) ? response['output'] : [];
    const end = responseEndOf(type, response);
    const failure = isObject(response['error']) ? response['error'] : heldError.held?.error;
    if (!writer.isOpen) {
      const isRepeated = id !== undefined && id === endedId;
      // No step is made up for an end without a beginning that says nothing of its own.
      if (isRepeated || (output.length === 0 && end !== 'failed')) return counter.passOver(type);
      if (end === 'failed') heldError.drop();
      startResponse(part, at);
    }
    if (end === 'failed') heldError.drop();
    heldError.release();
    blocks.settle();
    calls.model(response['model']);
    for (const { item, fields } of items.match(output)) finishItem(item, fields, at);
    const finish = openaiResponsesFinishReasonOf(type, response, calls.hasClientCall);
    closeItems(at);
    writer.finish(at, {
      ...finish,
      usage: openaiResponsesUsageOf(response['usage']),
      responseId: response['id'],
      model: response['model'],
      metadata: openaiMetadata({
        responseId: response['id'],
        serviceTier: response['service_tier'],
        reasoningContext: fieldsOf(response['reasoning'])['context'],
        promptCacheDiagnostics: response['prompt_cache_diagnostics'],
        usage: response['usage'],
        copilotUsage: part['copilot_usage'],
      }),
    });
    if (end === 'failed') writer.fail(at, failure ?? { message: 'the response failed' });
    else if (end === 'cancelled') writer.interrupt(at, 'user');
    else writer.end(at);
    endedId = id;
  }

  return {
    unknownParts: counter.counts,
    convert(part, at) {
      if (isObject(part)) convert(part, at);
      else counter.passOver(undefined);
      return writer.take();
    },
    end(at) {
      closeItems(at);
      if (heldError.held !== undefined && !writer.isOpen) writer.start(heldError.held.at);
      if (!heldError.fail()) writer.interrupt(at, 'eof');
      return writer.take();
    },
  };
}

/** The whole arguments of a call, under whatever name this kind of call has for them. */
function inputOf(part: Part): unknown {
  return part['arguments'] ?? part['input'] ?? part['code'] ?? part['diff'];
}

/** Which kind of item a content part belongs to; undefined if it is no text. */
function contentOf(part: Part): { readonly kind?: ItemKind; readonly partType: unknown } {
  const partType = fieldsOf(part['part'])['type'];
  if (partType === 'reasoning_text') return { kind: 'reasoning', partType };
  const isText = partType === 'output_text' || partType === 'text' || partType === 'refusal';
  return isText ? { kind: 'message', partType } : { partType };
}
