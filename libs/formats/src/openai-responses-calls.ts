import { textOf } from './json-of.js';
import { idOf, mergedFields, type Item } from './openai-responses-items.js';
import {
  isOutputOfProvider,
  shellOutput,
  toolNameOfOutput,
  toolOutputOfItem,
} from './openai-responses-outputs.js';
import { openaiMetadata, sourcesOfWebSearch } from './openai-responses-sources.js';
import {
  announcedArgumentsOf,
  callArgumentsOf,
  toolOf,
  toolOutputOf,
  untoldFieldsOf,
} from './openai-responses-tools.js';
import type { CallFields } from './step-fields.js';
import type { StepWriter } from './step-writer.js';

type Fields = Readonly<Record<string, unknown>>;

export interface ResponseCalls {
  /** True if the response has a call that the client is to run. */
  readonly hasClientCall: boolean;
  /** The model that answers, by whose name services are told apart that call things differently. */
  model(name: unknown): void;
  begin(item: Item): void;
  /** A piece of the arguments. False if the call has been made, so that it can mean nothing. */
  inputDelta(item: Item, at: number, text: unknown): boolean;
  /** The arguments are complete: all of their text, of which nothing may have come before. */
  inputEnd(item: Item, at: number, text: unknown): void;
  /** The provider's tool starts to work. */
  run(item: Item, at: number): void;
  /** What an image looks like so far. */
  preview(item: Item, at: number, result: unknown): void;
  /** What a command printed. */
  print(item: Item, commandIndex: unknown, delta: Fields): void;
  /** A call is complete, or the result of one. */
  finish(item: Item, at: number, fields: Fields): void;
  /** The response is over before the item was done. */
  close(item: Item, at: number): void;
  clear(): void;
}

/**
 * Tool calls of a response and their results.
 *
 * 1. A call is named by its `call_id`, by which the client answers, else by the item. A call id may still change
 *    until the item is done, so such a call begins only with the first text of its arguments, and keeps waiting
 *    while it has no call id at all; the time is that of the item's start.
 * 2. Calls that the item itself names begin with the item: a search that is cut off was there.
 * 3. A call that the model could not write to its end (`status: incomplete`) is not made.
 */
export function createResponseCalls(writer: StepWriter): ResponseCalls {
  let isXai = false;
  let ownIds = 0;
  /** Calls that the client is to run, by id. */
  let waiting = new Set<string>();
  /** Searches of the provider for tools whose results, which do not name them, have not come. */
  let searches: string[] = [];

  function callId(item: Item): string {
    const { input, fields } = item;
    if (input.fixedId !== undefined) return input.fixedId;
    return idOf(fields['call_id']) ?? item.id ?? (input.fixedId = `item#${ownIds++}`);
  }

  /** `announced`: what the metadata has besides, as long as the call has no arguments. */
  function callFields(item: Item, announced: Fields = {}): CallFields {
    const { fields } = item;
    const tool = toolOf(fields, isXai);
    const caller = callerOf(fields['caller']);
    return {
      toolCallId: callId(item),
      toolName: tool.toolName,
      isProviderExecuted: tool.isProviderExecuted ? true : undefined,
      isDynamic: tool.isDynamic ? true : undefined,
      parentToolCallId: caller?.callerId,
      metadata: openaiMetadata({
        ...untoldFieldsOf(fields),
        itemId: item.id,
        namespace: fields['namespace'],
        async: fields['async'],
        caller,
        approvalRequestId: approvalIdOf(item),
        ...announced,
      }),
    };
  }

  function isNamed(item: Item): boolean {
    if (idOf(item.fields['call_id']) !== undefined) return true;
    return item.id !== undefined && toolOf(item.fields, isXai).isNamedByItem;
  }

  function start(item: Item, at: number): void {
    if (item.input.isStarted || item.input.isMade) return;
    item.input.isStarted = true;
    if (toolOf(item.fields, isXai).isNamedByItem) item.input.fixedId = callId(item);
    writer.inputStart(item.addedAt ?? at, callFields(item, announcedArgumentsOf(item.fields)));
  }

  /** What waited for a name happens at its own times. */
  function release(item: Item): void {
    const { input } = item;
    const held = input.held;
    input.held = [];
    for (const { text, at } of held) {
      start(item, at);
      writer.inputDelta(at, { toolCallId: callId(item), text });
    }
    if (input.endedAt === undefined || !input.isStarted) return;
    writer.inputEnd(input.endedAt, { toolCallId: callId(item) });
    input.endedAt = undefined;
  }

  function addInput(item: Item, at: number, text: string): void {
    item.input.text += text;
    item.input.held.push({ text, at });
    if (isNamed(item)) release(item);
  }

  function make(item: Item, at: number): void {
    const { input, fields } = item;
    if (input.isMade) return;
    release(item);
    if (item.addedAt !== undefined) start(item, at);
    input.isMade = true;
    input.fixedId = callId(item);
    const call = callFields(item);
    if (call.isProviderExecuted !== true) waiting.add(callId(item));
    writer.call(at, { ...call, ...callArgumentsOf(fields, input.text, isXai) });
  }

  function finishCall(item: Item, at: number): void {
    const { fields, input } = item;
    const tool = toolOf(fields, isXai);
    if (fields['status'] === 'incomplete' && !tool.isProviderExecuted) {
      if (input.text === '') addInput(item, at, writtenOf(fields));
      return release(item);
    }
    make(item, at);
    if (fields['type'] === 'tool_search_call' && tool.isProviderExecuted) searches.push(callId(item));
    if (fields['type'] === 'mcp_approval_request') {
      const approvalId = approvalIdOf(item);
      writer.approval(at, { toolCallId: callId(item), approvalId, state: 'requested' });
    }
    const output = toolOutputOf(fields, isXai);
    if (output === undefined) return;
    writer.result(at, {
      toolCallId: callId(item),
      toolName: tool.toolName,
      result: output.result,
      isError: output.isError ? true : undefined,
      isProviderExecuted: true,
      metadata: openaiMetadata({ itemId: item.id }),
    });
    for (const source of sourcesOfWebSearch(fields)) writer.source(at, source);
    if (fields['type'] === 'image_generation_call' && typeof fields['result'] === 'string') {
      writer.file(at, {
        mediaType: `image/${textOf(fields['output_format']) ?? 'png'}`,
        content: { base64: fields['result'] },
        metadata: openaiMetadata({ itemId: item.id }),
      });
    }
  }

  function resultId(item: Item): string {
    const id = idOf(item.fields['call_id']);
    if (id !== undefined) return id;
    return (item.fields['type'] === 'tool_search_output' ? searches.shift() : undefined) ?? callId(item);
  }

  function finishResult(item: Item, at: number): void {
    const toolCallId = resultId(item);
    waiting.delete(toolCallId);
    const { result, isError } = toolOutputOfItem(item.fields);
    writer.result(at, {
      toolCallId,
      toolName: toolNameOfOutput(item.fields),
      result,
      isError: isError ? true : undefined,
      isProviderExecuted: isOutputOfProvider(item.fields) ? true : undefined,
      metadata: openaiMetadata({ itemId: item.id, caller: callerOf(item.fields['caller']) }),
    });
  }

  return {
    get hasClientCall() {
      return waiting.size > 0;
    },
    model(name) {
      if (typeof name === 'string') isXai = /\bgrok\b/i.test(name);
    },
    begin(item) {
      if (item.kind !== 'call') return;
      const at = item.addedAt as number;
      const tool = toolOf(item.fields, isXai);
      // Rule 1 and 2. Some services give the whole arguments at once.
      if (isNamed(item) && (tool.isNamedByItem || writtenOf(item.fields) !== '' || item.input.text !== '')) {
        start(item, at);
      }
      if (tool.madeAt === 'start') make(item, at);
      else if (isNamed(item)) release(item);
    },
    inputDelta(item, at, given) {
      if (item.input.isMade) return false;
      const text = textOf(given) ?? '';
      if (text !== '') addInput(item, at, text);
      return true;
    },
    inputEnd(item, at, given) {
      const { input } = item;
      const text = textOf(given) ?? '';
      if (input.isMade) return;
      if (input.text === '' && text !== '') addInput(item, at, text);
      input.endedAt = at;
      if (!isNamed(item)) return;
      release(item);
      // What the item was said to be is needed for its name.
      if (item.addedAt !== undefined && toolOf(item.fields, isXai).madeAt === 'input') make(item, at);
    },
    run(item, at) {
      if (item.input.isRunning || !item.input.isStarted) return;
      item.input.isRunning = true;
      writer.executionStart(at, callId(item));
    },
    preview(item, at, result) {
      if (item.isDone) return;
      make(item, at);
      writer.result(at, {
        toolCallId: callId(item),
        toolName: toolOf(item.fields, isXai).toolName,
        result: { result },
        isPreliminary: true,
        isProviderExecuted: true,
      });
    },
    print(item, commandIndex, delta) {
      if (item.isDone) return;
      const printed = item.printed.get(commandIndex) ?? { stdout: '', stderr: '' };
      printed.stdout += textOf(delta['stdout']) ?? '';
      printed.stderr += textOf(delta['stderr']) ?? '';
      item.printed.set(commandIndex, printed);
    },

    finish(item, at, fields) {
      item.fields = mergedFields(item.fields, fields);
      if (item.kind === 'call') finishCall(item, at);
      else finishResult(item, at);
      item.isDone = true;
    },
    close(item, at) {
      if (item.kind === 'result') {
        if (item.printed.size === 0) return;
        const result = shellOutput([...item.printed.values()]);
        const toolCallId = resultId(item);
        writer.result(at, {
          toolCallId,
          toolName: toolNameOfOutput(item.fields),
          result,
          isPreliminary: true,
          isProviderExecuted: true,
        });
        return;
      }
      release(item);
      const written = writtenOf(item.fields);
      if (item.input.isStarted && !item.input.isMade && item.input.text === '' && written !== '') {
        writer.inputDelta(item.addedAt ?? at, { toolCallId: callId(item), text: written });
      }
    },
    clear() {
      waiting = new Set();
      searches = [];
    },
  };
}

/** Arguments that an item itself holds as text. */
function writtenOf(fields: Fields): string {
  const given = fields['arguments'] ?? fields['input'] ?? fields['code'];
  return typeof given === 'string' ? given : '';
}

/** By which request it was asked whether a call of an MCP server may run. */
function approvalIdOf({ fields, id }: Item): unknown {
  const given = fields['approval_request_id'] ?? undefined;
  return fields['type'] === 'mcp_approval_request' ? (given ?? id) : given;
}

/** Who called, as the AI SDK names it: the model, or a program that it wrote. */
function callerOf(given: unknown): { readonly type: unknown; readonly callerId?: unknown } | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { type, caller_id: callerId } = given as Fields;
  return callerId === undefined || callerId === null ? { type } : { type, callerId };
}
