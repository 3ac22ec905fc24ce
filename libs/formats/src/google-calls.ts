import { setOwn, type Metadata } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { createGooglePartialArgs, type GooglePartialArgs } from './google-partial-args.js';
import { jsonText } from './json-of.js';
import { metadataOf } from './metadata-of.js';
import type { PartCounter } from './part-counter.js';
import type { StepWriter } from './step-writer.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The calls of one Gemini stream: of functions of the client, whole or in fragments, of code that the service runs, and of
 * its own tools.
 */
export interface GoogleCalls {
  /** True if the step has a call that the client is to run. */
  readonly hasClientCalls: boolean;
  /** A `functionCall`: whole, the beginning of one, or a fragment of the one that began. */
  functionCall(given: unknown, metadata: Metadata | undefined, at: number): void;
  executableCode(given: unknown, metadata: Metadata | undefined, at: number): void;
  codeExecutionResult(given: unknown, metadata: Metadata | undefined, at: number): void;
  /** A `toolCall` of the service's own tools, and its `toolResponse`; named as the AI SDK names them. */
  toolCall(given: unknown, metadata: Metadata | undefined, at: number): void;
  toolResponse(given: unknown, metadata: Metadata | undefined, at: number): void;
  /** The model stream finished: a call whose last fragment never came is made. */
  make(at: number): void;
  /** The stream broke off: the call stays partial, and its raw text is what had come. */
  breakOff(): void;
  /** A new step begins. */
  reset(): void;
}

interface StreamedCall {
  readonly id: string;
  readonly name: unknown;
  readonly args: GooglePartialArgs;
  /** Arguments that came whole beside the fragments. */
  readonly whole: Record<string, unknown>;
  lastAt: number;
}

export function createGoogleCalls(writer: StepWriter, counter: PartCounter): GoogleCalls {
  /** By number within the run, because results are looked up across steps. */
  let count = 0;
  let streamed: StreamedCall | undefined;
  let hasClientCalls = false;
  let code: string | undefined;
  let tool: string | undefined;

  function idOf(given: unknown): string {
    return typeof given === 'string' && given !== '' ? given : `call_${count++}`;
  }

  function make(at: number): void {
    if (streamed === undefined) return;
    const { id, name, args } = streamed;
    const value = argsOf(streamed);
    if (isInOrder(streamed)) writer.inputDelta(at, { toolCallId: id, text: args.rest });
    streamed = undefined;
    writer.inputEnd(at, { toolCallId: id });
    writer.call(at, { toolCallId: id, toolName: name, args: value });
  }

  function addFragments(call: Fields, metadata: Metadata | undefined, at: number): void {
    if (streamed === undefined) {
      // What closes a call that is closed already, or goes on with one that never began.
      if (Object.keys(call).length > 0) counter.passOver('functionCall without name');
      return;
    }
    streamed.lastAt = at;
    for (const [key, value] of Object.entries(fieldsOf(call['args']))) setOwn(streamed.whole, key, value);
    const { id, args } = streamed;
    if (metadata !== undefined) writer.inputDelta(at, { toolCallId: id, text: '', metadata });
    for (const fragment of Array.isArray(call['partialArgs']) ? call['partialArgs'] : []) {
      const text = args.add(fragment);
      if (text === undefined) counter.passOver('partialArgs');
      else if (text !== '') writer.inputDelta(at, { toolCallId: id, text });
    }
    if (call['willContinue'] !== true) make(at);
  }

  return {
    get hasClientCalls() {
      return hasClientCalls;
    },
    functionCall(given, metadata, at) {
      const call = fieldsOf(given);
      const { name, args } = call;
      if (typeof name !== 'string' || name === '') return addFragments(call, metadata, at);
      make(at);
      hasClientCalls = true;
      const toolCallId = idOf(call['id']);
      if (call['willContinue'] !== true && call['partialArgs'] === undefined) {
        return writer.call(at, { toolCallId, toolName: name, args: args ?? {}, metadata });
      }
      writer.inputStart(at, { toolCallId, toolName: name, metadata });
      streamed = { id: toolCallId, name, args: createGooglePartialArgs(), whole: {}, lastAt: at };
      addFragments(call, undefined, at);
    },
    executableCode(given, metadata, at) {
      const { id, ...args } = fieldsOf(given);
      code = idOf(id);
      writer.call(at, {
        toolCallId: code,
        toolName: 'code_execution',
        args,
        isProviderExecuted: true,
        metadata,
      });
    },
    codeExecutionResult(given, metadata, at) {
      const { id, ...result } = fieldsOf(given);
      const outcome = result['outcome'];
      writer.result(at, {
        toolCallId: id ?? code ?? idOf(undefined),
        toolName: 'code_execution',
        result,
        isError: typeof outcome === 'string' && outcome !== 'OUTCOME_OK' ? true : undefined,
        isProviderExecuted: true,
        metadata,
      });
    },
    toolCall(given, metadata, at) {
      const { id, toolType, args } = fieldsOf(given);
      tool = idOf(id);
      writer.call(at, {
        toolCallId: tool,
        toolName: toolNameOf(toolType),
        args: args ?? {},
        isProviderExecuted: true,
        isDynamic: true,
        metadata: metadataOf(metadata, {
          provider: 'google',
          entries: { serverToolCallId: tool, serverToolType: toolType },
        }),
      });
    },
    toolResponse(given, metadata, at) {
      const { id, toolType, response } = fieldsOf(given);
      writer.result(at, {
        toolCallId: id ?? tool ?? idOf(undefined),
        toolName: toolNameOf(toolType),
        result: response ?? null,
        isProviderExecuted: true,
        metadata,
      });
    },
    make,
    breakOff() {
      if (streamed !== undefined && !isInOrder(streamed)) {
        // The text that was told is no beginning of the arguments: a start begins it anew.
        const { id, name, lastAt } = streamed;
        writer.inputStart(lastAt, { toolCallId: id, toolName: name });
        writer.inputDelta(lastAt, { toolCallId: id, text: jsonText(argsOf(streamed)) });
      }
      streamed = undefined;
    },
    reset() {
      streamed = undefined;
      hasClientCalls = false;
      code = undefined;
      tool = undefined;
    },
  };
}

function argsOf({ whole, args }: StreamedCall): Fields {
  return { ...whole, ...fieldsOf(args.value) };
}

/** True if the text that was told is a beginning of the arguments. */
function isInOrder({ whole, args }: StreamedCall): boolean {
  return args.isInOrder && Object.keys(whole).length === 0;
}

function toolNameOf(toolType: unknown): string | undefined {
  return typeof toolType === 'string' && toolType !== '' ? `server:${toolType}` : undefined;
}
