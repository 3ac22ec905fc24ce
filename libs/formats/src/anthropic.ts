import { createHeldError } from './held-error.js';
import { setOwn } from '@stepfold/events';
import { createAnthropicBlocks } from './anthropic-blocks.js';
import { anthropicFinishReasonOf } from './anthropic-finish-reason.js';
import { anthropicMetadataOf } from './anthropic-metadata.js';
import { anthropicUsageOf } from './anthropic-usage.js';
import { fieldsOf, isObject } from './fields-of.js';
import type { Converter, ConverterContext, Format } from './format.js';
import { textOf } from './json-of.js';
import { createPartCounter } from './part-counter.js';
import { createStepWriter } from './step-writer.js';

/**
 * The events that the Messages API of Anthropic streams, betas too. One message is one step:
 *
 * 1. `message_start` begins it, with what is known of its usage, so that an interrupted step has that too. Blocks that
 *    come whole inside it are content like any other. The same message again is passed by; another one before the
 *    `message_stop` is a retry, hence the next attempt, unless the message had said why it stopped: then only its
 *    `message_stop` is missing, and the other one is the next step.
 * 2. The last `message_delta` is the `finish`, `message_stop` the end. Usage is cumulative: of each field the last
 *    word counts.
 * 3. A call is made when its block stops. Its result, if the client runs it, is not in the stream. Results of server
 *    tools are, perhaps some messages later.
 * 4. An `error` waits for the next part. If the message goes on after it, it was not fatal; if the stream is over, it
 *    was, and the step has failed. A stream that is over before `message_stop` is an `interrupt` (`eof`).
 *
 * Blocks that are no text, reasoning, call or result are `data`, named by their type: `compaction`, `fallback`,
 * `container_upload`, `mcp_tool_listing`. One of an unknown type is too, so that the next request can send it back,
 * and is counted as unknown. What an event has no field for is metadata of `anthropic` under the AI SDK's names:
 * `signature`, `redactedData`, `caller`, `serverName`, `citations`, `container`, `contextManagement`, `stopSequence`
 * and, as the API gave it, `usage`.
 *
 * Where the AI SDK tells the same stream otherwise, this keeps what the API said: names of tools (`bash_code_execution`,
 * there `code_execution`) and their arguments (there with a `type` added), streamed arguments of MCP tools (there `{}`),
 * results (there in camel case), compaction (there text), calls of a `json` tool (there text), a source for every
 * citation (there none where a search told its pages).
 */
export const anthropic: Format = { name: 'anthropic', isSentOverHttp: true, createConverter };

type Fields = Readonly<Record<string, unknown>>;

/** What is known of the open message. */
interface MessageState {
  readonly id: unknown;
  readonly model: unknown;
  /** The last word on each count. */
  readonly usage: Record<string, unknown>;
  /** What `message_delta` said besides. */
  readonly said: Record<string, unknown>;
  /** The time of the last `message_delta`. */
  saidAt: number | undefined;
  stopReason: string | undefined;
  hasContent: boolean;
  /** The time of the last part that said something. */
  lastAt: number;
}

function createConverter(context: ConverterContext): Converter {
  const writer = createStepWriter(context);
  const counter = createPartCounter();
  const blocks = createAnthropicBlocks(writer, counter);
  let message: MessageState | undefined;
  /** Rule 4: an error of which is not known yet whether anything follows. */
  const heldError = createHeldError(writer);

  function openMessage(given: Fields, at: number): MessageState {
    const usage = fieldsOf(given['usage']);
    const stopReason = textOf(given['stop_reason']);
    blocks.reset();
    writer.start(at, {
      provider: 'anthropic',
      model: given['model'],
      metadata: anthropicMetadataOf(given, [...messageFieldsTold, 'usage'], {
        usage: Object.keys(usage).length === 0 ? undefined : usage,
      }),
    });
    message = {
      id: given['id'] ?? undefined,
      model: given['model'],
      usage: { ...usage },
      said: {},
      saidAt: undefined,
      stopReason,
      hasContent: false,
      lastAt: at,
    };
    // The output count of a message that only begins is a placeholder.
    if (stopReason === undefined) delete message.usage['output_tokens'];
    return message;
  }

  /** The message goes on. Where its start is missing, it begins now. */
  function touched(at: number): MessageState {
    message ??= openMessage({}, at);
    message.lastAt = at;
    heldError.release();
    return message;
  }

  /** As `touched`, and what was said about the end of the message was said too early. */
  function touchedByContent(at: number): void {
    const touchedMessage = touched(at);
    touchedMessage.hasContent = true;
    touchedMessage.saidAt = undefined;
  }

  function startMessage(given: Fields, at: number): void {
    if (message !== undefined) {
      const id = given['id'] ?? undefined;
      // Without an id, only the very same thing at once is the same message again.
      const isSame = id === message.id && (id !== undefined || !message.hasContent);
      if (isSame) return;
      if (message.stopReason !== undefined) endMessage(message);
    }
    if (writer.isOpen) heldError.release();
    const opened = openMessage(given, at);
    heldError.release();
    const content = Array.isArray(given['content']) ? given['content'] : [];
    for (const [index, block] of content.entries()) {
      if (!isObject(block)) continue;
      opened.hasContent = true;
      blocks.whole(index, block, at);
    }
  }

  function changeMessage(part: Fields, at: number): void {
    const changed = touched(at);
    const { type: _type, delta, usage, ...more } = part;
    const { stop_reason: stopReason, ...said } = fieldsOf(delta);
    layOver(changed.usage, fieldsOf(usage));
    layOver(changed.said, said);
    layOver(changed.said, more);
    changed.stopReason = textOf(stopReason) ?? changed.stopReason;
    changed.saidAt = at;
  }

  /** Once only, when no `message_delta` can follow, because each has the whole usage. */
  function finishMessage({ stopReason, usage, said, saidAt, id, model, lastAt }: MessageState): void {
    const at = saidAt ?? lastAt;
    blocks.finish(at);
    writer.finish(at, {
      ...(stopReason === undefined
        ? {}
        : { finishReason: anthropicFinishReasonOf(stopReason), rawFinishReason: stopReason }),
      usage: anthropicUsageOf(usage),
      responseId: id,
      model,
      metadata: anthropicMetadataOf(said, [], { usage: Object.keys(usage).length === 0 ? undefined : usage }),
    });
  }

  function endMessage(ended: MessageState): void {
    heldError.release();
    finishMessage(ended);
    writer.end(ended.lastAt);
    blocks.reset();
    message = undefined;
  }

  function convert(part: Fields, at: number): void {
    const { type, index } = part;
    switch (type) {
      case 'ping':
        return;
      case 'message_start':
        return startMessage(fieldsOf(part['message']), at);
      case 'content_block_start': {
        if (!isObject(part['content_block'])) return counter.passOver(type);
        touchedByContent(at);
        return blocks.start(index, part['content_block'], at);
      }
      case 'content_block_delta': {
        if (!isObject(part['delta'])) return counter.passOver(type);
        touchedByContent(at);
        return blocks.delta(index, part['delta'], at);
      }
      case 'error':
        if (heldError.held !== undefined) touched(heldError.held.at);
        heldError.hold(part['error'] ?? part, at);
        return;
      default:
    }
    // No step is made up for an end without a beginning.
    if (message === undefined) return counter.passOver(type);
    switch (type) {
      case 'content_block_stop':
        touchedByContent(at);
        return blocks.stop(index, at);
      case 'message_delta':
        return changeMessage(part, at);
      case 'message_stop':
        return endMessage(touched(at));
      default:
        return counter.passOver(type);
    }
  }

  function endStream(at: number): void {
    if (heldError.held !== undefined) message ??= openMessage({}, heldError.held.at);
    if (message === undefined) return;
    if (message.saidAt !== undefined) finishMessage(message);
    const endedAt = heldError.held?.at ?? at;
    blocks.cutOff(endedAt);
    if (!heldError.fail()) writer.interrupt(endedAt, 'eof');
    blocks.reset();
    message = undefined;
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

/** Fields of a message that events tell, or that say what every message says. */
const messageFieldsTold = ['id', 'type', 'role', 'model', 'content', 'stop_reason'];

/** Null says nothing about what was said before. */
function layOver(former: Record<string, unknown>, later: Fields): void {
  for (const [name, value] of Object.entries(later)) {
    if (value !== undefined && value !== null) setOwn(former, name, value);
  }
}
