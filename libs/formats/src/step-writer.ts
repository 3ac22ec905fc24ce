import { ATTEMPT_MAX, type Event, type EventOf, type EventType, type Metadata } from '@stepfold/events';
import { errorOf } from './error-of.js';
import type { ConverterContext } from './format.js';
import { isTooDeep, jsonOf, jsonText, textOf } from './json-of.js';
import { addMetadata, type OwnMetadata } from './metadata-of.js';
import { createProviderIds, providerNameOf } from './provider-ids.js';
import { remember } from './remember.js';
import type {
  ApprovalFields,
  BlockFields,
  BlockKind,
  CallFields,
  FileFields,
  FinishFields,
  MadeCallFields,
  ResultFields,
  SourceFields,
  StartFields,
} from './step-fields.js';

/**
 * Writes the events of one run, step after step. Every converter writes through it, so what it guarantees
 * holds for every format, whatever a source sends:
 *
 * 1. Every event is one that the codec takes. Fields typed `unknown` take what the source gave: an id that no
 *    event may have is replaced by a stable one (see `provider-ids.ts`), JSON that none may hold by the nearest
 *    that one may (`json-of.ts`; arguments nested too deeply become `args_text`), and what is of the wrong kind
 *    is left out.
 * 2. Step n of the run, counted from 0 in order of start, has the id `run.n`; a retry keeps it and raises the
 *    attempt. Content that arrives while no step is open opens one; nothing else does.
 * 3. No event follows the terminal one of its step.
 * 4. A block or call without an id gets one: `text#0`, `reasoning#1` by kind and number within the step,
 *    `call#2` by number within the run, because results are looked up across steps. Its later parts, without an
 *    id too, belong to the latest such block or call.
 */
export interface StepWriter {
  /** True between the start of a step and its terminal event. */
  readonly isOpen: boolean;
  /** True if the open step has a call that was made and has no final result. */
  readonly isWaitingForResults: boolean;
  /** True if the open step has a call with this id. */
  hasCall(toolCallId: unknown): boolean;

  /** Begins the next step; if one is open, its next attempt. */
  start(at: number, fields?: StartFields): void;
  blockStart(kind: BlockKind, at: number, fields: BlockFields): void;
  /** More of a block. Without text it still carries its metadata. */
  blockDelta(kind: BlockKind, at: number, fields: BlockFields & { text: unknown }): void;
  blockEnd(kind: BlockKind, at: number, fields: BlockFields): void;
  inputStart(at: number, fields: CallFields): void;
  /** More raw argument text. Its metadata, for which the event has no place, goes with the next of that call. */
  inputDelta(
    at: number,
    fields: { toolCallId: unknown; text: unknown; metadata?: Metadata | undefined },
  ): void;
  inputEnd(at: number, fields: { toolCallId: unknown; metadata?: Metadata | undefined }): void;
  /** The whole call. Give `args` (a value) or `argsText` (text that is not JSON); of neither, `args` is `{}`. */
  call(at: number, fields: MadeCallFields): void;
  /** The tool of a call really starts. */
  executionStart(at: number, toolCallId: unknown): void;
  approval(at: number, fields: ApprovalFields): void;
  /** The call will not run: a denial, unless one is on record already. */
  outputDenied(at: number, toolCallId: unknown): void;
  result(at: number, fields: ResultFields): void;
  source(at: number, fields: SourceFields): void;
  file(at: number, fields: FileFields): void;
  data(at: number, fields: { name: string; dataId?: unknown; data: unknown; isTransient?: unknown }): void;
  /** An error that the stream went on after. */
  error(at: number, error: unknown): void;

  /** The model stream is over; the step goes on. Ignored, like the three below, while no step is open. */
  finish(at: number, fields: FinishFields): void;
  /** The step is complete. */
  end(at: number): void;
  interrupt(at: number, reason: EventOf<'interrupt'>['reason'], message?: unknown): void;
  /** The step ends with this error. */
  fail(at: number, error: unknown): void;

  /** The events since the last call, in order. */
  take(): Event[];
}

/** What the writer remembers of a call while its step is open. */
interface CallState {
  toolName?: string | undefined;
  isMade: boolean;
  isAnswered: boolean;
  /** Metadata that came where no event could carry it. */
  carried?: OwnMetadata | undefined;
}

export function createStepWriter(context: ConverterContext): StepWriter {
  const ids = createProviderIds();
  const approvals = new Map<string, { readonly approvalId: string; readonly isDenied: boolean }>();
  let events: Event[] = [];
  let isOpen = false;
  let stepIndex = (context.firstStepIndex ?? 0) - 1;
  let attempt = 0;
  let calls = new Map<string, CallState>();
  let waitingCount = 0;
  let blockCounts = { text: 0, reasoning: 0 };
  let latestBlock: Partial<Record<BlockKind, string>> = {};
  let callCount = 0;
  let latestCall: string | undefined;

  function push(type: EventType, at: number, fields: Readonly<Record<string, unknown>>): void {
    const event: Record<string, unknown> = { v: 1, chat_id: context.chatId };
    event['step_id'] = `${context.runId}.${stepIndex}`;
    if (attempt > 0) event['attempt'] = attempt;
    event['at'] = at;
    event['type'] = type;
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) event[name] = value;
    // Valid by construction of each caller below; the property tests hold every event against the codec.
    events.push(event as unknown as Event);
  }

  function start(at: number, fields: StartFields = {}): void {
    if (isOpen && attempt < ATTEMPT_MAX) attempt++;
    else {
      // Only a step that was retried a million times is still open here.
      writeTerminal('interrupt', at, { reason: 'eof' });
      stepIndex++;
      attempt = 0;
    }
    isOpen = true;
    calls = new Map();
    waitingCount = 0;
    blockCounts = { text: 0, reasoning: 0 };
    latestBlock = {};
    latestCall = undefined;
    push('step-start', at, {
      provider: textOf(fields.provider),
      model: textOf(fields.model),
      step_index: stepIndex,
      run_id: context.runId,
      metadata: fields.metadata,
    });
  }

  /** Content opens a step if none is open. First of all, because ids are given by what the step holds. */
  function ensureOpen(at: number): void {
    if (!isOpen) start(at);
  }

  function blockId(kind: BlockKind, given: unknown, isStart: boolean): string {
    const id = ids.idOf(given);
    if (id !== undefined) return id;
    const latest = latestBlock[kind];
    if (latest !== undefined && !isStart) return latest;
    return (latestBlock[kind] = `${kind}#${blockCounts[kind]++}`);
  }

  function callId(given: unknown, isStart: boolean): string {
    const id = ids.idOf(given);
    if (id !== undefined) return id;
    if (latestCall !== undefined && !isStart) return latestCall;
    return (latestCall = `call#${callCount++}`);
  }

  function callState(toolCallId: string): CallState {
    let call = calls.get(toolCallId);
    if (call === undefined) calls.set(toolCallId, (call = { isMade: false, isAnswered: false }));
    return call;
  }

  /** The metadata of an event of a call, with what was carried to it. */
  function metadataWithCarried(call: CallState, metadata: Metadata | undefined): Metadata | undefined {
    const { carried } = call;
    if (carried === undefined) return metadata;
    call.carried = undefined;
    if (metadata !== undefined) addMetadata(carried, metadata);
    return carried;
  }

  function approval(at: number, fields: ApprovalFields): void {
    ensureOpen(at);
    const toolCallId = callId(fields.toolCallId, false);
    const approvalId = ids.idOf(fields.approvalId) ?? approvals.get(toolCallId)?.approvalId ?? toolCallId;
    remember(approvals, toolCallId, { approvalId, isDenied: fields.state === 'denied' });
    push('tool-approval', at, {
      tool_call_id: toolCallId,
      approval_id: approvalId,
      state: fields.state,
      automatic: flagOf(fields.isAutomatic),
      reason: textOf(fields.reason),
    });
  }

  function writeTerminal(type: EventType, at: number, fields: Readonly<Record<string, unknown>>): void {
    if (!isOpen) return;
    // Metadata of an input that is cut off here finds its last place in the end of that input.
    for (const [toolCallId, call] of calls) {
      if (call.carried === undefined) continue;
      push('tool-input-end', at, {
        tool_call_id: toolCallId,
        metadata: metadataWithCarried(call, undefined),
      });
    }
    push(type, at, fields);
    isOpen = false;
  }

  return {
    get isOpen() {
      return isOpen;
    },
    get isWaitingForResults() {
      return isOpen && waitingCount > 0;
    },
    hasCall: (toolCallId) => isOpen && calls.has(ids.idOf(toolCallId) ?? latestCall ?? ''),
    start,

    blockStart(kind, at, { id, isRedacted, metadata }) {
      ensureOpen(at);
      push(`${kind}-start`, at, { id: blockId(kind, id, true), redacted: isRedacted, metadata });
    },
    blockDelta(kind, at, { id, text, metadata }) {
      ensureOpen(at);
      push(`${kind}-delta`, at, { id: blockId(kind, id, false), text: textOf(text) ?? '', metadata });
    },
    blockEnd(kind, at, { id, isRedacted, metadata }) {
      ensureOpen(at);
      push(`${kind}-end`, at, { id: blockId(kind, id, false), redacted: isRedacted, metadata });
    },

    inputStart(at, fields) {
      ensureOpen(at);
      const toolCallId = callId(fields.toolCallId, true);
      const call = callState(toolCallId);
      call.toolName = providerNameOf(fields.toolName) ?? call.toolName;
      push('tool-input-start', at, {
        tool_call_id: toolCallId,
        tool_name: providerNameOf(fields.toolName),
        ...callFlags(fields),
        metadata: metadataWithCarried(call, fields.metadata),
      });
    },
    inputDelta(at, { toolCallId: given, text, metadata }) {
      ensureOpen(at);
      const toolCallId = callId(given, false);
      const call = callState(toolCallId);
      if (metadata !== undefined) addMetadata((call.carried ??= {}), metadata);
      push('tool-input-delta', at, { tool_call_id: toolCallId, text: textOf(text) ?? '' });
    },
    inputEnd(at, { toolCallId: given, metadata }) {
      ensureOpen(at);
      const toolCallId = callId(given, false);
      push('tool-input-end', at, {
        tool_call_id: toolCallId,
        metadata: metadataWithCarried(callState(toolCallId), metadata),
      });
    },
    call(at, fields) {
      ensureOpen(at);
      const toolCallId = callId(
        fields.toolCallId,
        latestCall === undefined || calls.get(latestCall)?.isMade === true,
      );
      const call = callState(toolCallId);
      if (!call.isMade && !call.isAnswered) waitingCount++;
      call.isMade = true;
      call.toolName = providerNameOf(fields.toolName) ?? call.toolName;
      push('tool-call', at, {
        tool_call_id: toolCallId,
        tool_name: call.toolName ?? 'unknown',
        ...argsOf(fields),
        invalid: flagOf(fields.isInvalid),
        error: isGiven(fields.error) ? errorOf(fields.error).message : undefined,
        ...callFlags(fields),
        metadata: metadataWithCarried(call, fields.metadata),
      });
    },
    executionStart(at, given) {
      ensureOpen(at);
      push('tool-execution-start', at, { tool_call_id: callId(given, false) });
    },
    approval,
    outputDenied(at, given) {
      const toolCallId = ids.idOf(given);
      if (toolCallId !== undefined && approvals.get(toolCallId)?.isDenied === true) return;
      approval(at, { toolCallId: given, state: 'denied' });
    },
    result(at, fields) {
      ensureOpen(at);
      const toolCallId = callId(fields.toolCallId, false);
      const call = callState(toolCallId);
      if (flagOf(fields.isPreliminary) !== true) {
        if (call.isMade && !call.isAnswered) waitingCount--;
        call.isAnswered = true;
      }
      push('tool-result', at, {
        tool_call_id: toolCallId,
        tool_name: providerNameOf(fields.toolName),
        result: jsonOf(fields.result),
        is_error: flagOf(fields.isError),
        preliminary: flagOf(fields.isPreliminary),
        provider_executed: flagOf(fields.isProviderExecuted),
        metadata: fields.metadata,
      });
    },

    source(at, fields) {
      ensureOpen(at);
      push('source', at, {
        source_type: fields.sourceType,
        source_id: textOf(fields.sourceId),
        url: textOf(fields.url),
        title: textOf(fields.title),
        media_type: textOf(fields.mediaType),
        filename: textOf(fields.filename),
        metadata: fields.metadata,
      });
    },
    file(at, { mediaType, content, name, isReasoning, metadata }) {
      ensureOpen(at);
      push('file', at, {
        media_type: textOf(mediaType) ?? 'application/octet-stream',
        url: 'url' in content ? content.url : undefined,
        file_id: 'fileId' in content ? content.fileId : undefined,
        data: 'base64' in content ? content.base64 : undefined,
        name: textOf(name),
        reasoning: isReasoning === true ? true : undefined,
        metadata,
      });
    },
    data(at, { name, dataId, data, isTransient }) {
      ensureOpen(at);
      push('data', at, {
        name,
        data_id: ids.idOf(dataId),
        data: jsonOf(data),
        transient: flagOf(isTransient),
      });
    },
    error(at, error) {
      ensureOpen(at);
      push('error', at, { ...errorOf(error), fatal: false });
    },

    finish(at, fields) {
      if (!isOpen) return;
      push('finish', at, {
        finish_reason: fields.finishReason,
        raw_finish_reason: textOf(fields.rawFinishReason),
        usage: fields.usage,
        response_id: textOf(fields.responseId),
        model: textOf(fields.model),
        metadata: fields.metadata,
      });
    },
    end(at) {
      writeTerminal('step-end', at, {});
    },
    interrupt(at, reason, message) {
      writeTerminal('interrupt', at, { reason, message: textOf(message) });
    },
    fail(at, error) {
      writeTerminal('error', at, { ...errorOf(error), fatal: true });
    },

    take() {
      const taken = events;
      events = [];
      return taken;
    },
  };

  function callFlags(fields: CallFields): Readonly<Record<string, unknown>> {
    return {
      provider_executed: flagOf(fields.isProviderExecuted),
      dynamic: flagOf(fields.isDynamic),
      title: textOf(fields.title),
      parent_tool_call_id: ids.idOf(fields.parentToolCallId),
    };
  }
}

function argsOf(fields: MadeCallFields): { args?: unknown; args_text?: string } {
  if (fields.argsText !== undefined) return { args_text: fields.argsText };
  if (fields.args === undefined) return { args: {} };
  // Arguments are read again by whoever runs the call, so they stay whole, as text, rather than cut to fit.
  return isTooDeep(fields.args) ? { args_text: jsonText(fields.args) } : { args: jsonOf(fields.args) };
}

function flagOf(given: unknown): boolean | undefined {
  return typeof given === 'boolean' ? given : undefined;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
