import type { Approval, Message, Part, ToolCallPart, ToolResultPart } from '@stepfold/fold';
import { partMicros, toolStartedAt, type ChatTools } from './durations.js';
import { formatDuration } from './format-duration.js';
import type { Look } from './screen.js';
import { joined } from './step-head.js';
import { valueWords } from './value-words.js';

/** One line of a timeline: what happened when. Times are microseconds since the epoch. */
export interface Lane {
  readonly label: string;
  readonly look: Look;
  /** In order of time; none of them ends before it begins. */
  readonly spans: readonly Span[];
  /** How it ended, or a moment that is no span. */
  readonly mark?: Mark;
  readonly micros?: number | undefined;
  /** What a reader must not miss, such as why it failed. */
  readonly note?: string;
  /** The beginning of what it says, or is about. */
  readonly words: string;
}

export interface Span {
  /** Arguments being written, a call that waits, or what has the lane's own name being done. */
  readonly kind: 'writing' | 'waiting' | 'working';
  readonly from: number;
  readonly to: number;
}

export interface Mark {
  readonly kind: MarkKind;
  readonly at: number;
}

/** `backwards` is an end that is stamped before its beginning. */
export type MarkKind = 'point' | 'failed' | 'cut off' | 'goes on' | 'backwards' | 'interrupt' | 'error';

/** The lanes of a step: its parts in their order, then what went wrong. */
export function lanesOf(step: Message, tools: ChatTools): readonly Lane[] {
  const ownCalls = new Set(
    step.parts.flatMap((part) => (part.type === 'tool-call' ? [part.tool_call_id] : [])),
  );
  return [
    ...step.parts.flatMap((part) => {
      // Shown in the lane of its call.
      const isWithItsCall = part.type === 'tool-result' && ownCalls.has(part.tool_call_id);
      return isWithItsCall ? [] : [laneOf(part, step, tools)];
    }),
    ...troubleLanes(step),
  ];
}

function laneOf(part: Part, step: Message, tools: ChatTools): Lane {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return blockLane(part, step, tools);
    case 'tool-call': {
      const result = step.parts.find(
        (other): other is ToolResultPart =>
          other.type === 'tool-result' && other.tool_call_id === part.tool_call_id,
      );
      return toolLane(part, result, step, tools);
    }
    case 'tool-result':
      return toolLane(tools.callOf(part.tool_call_id, step), part, step, tools);
    case 'tool-approval':
      return pointLane('approval', part.created_at, joined([part.state, part.reason, part.tool_call_id]));
    case 'source':
      return pointLane('source', part.created_at, part.title ?? part.filename ?? part.url ?? '');
    case 'file':
      return pointLane('file', part.created_at, joined([part.media_type, part.name]));
    case 'data':
      return pointLane('data', part.created_at, `${part.name} ${valueWords(part.data, part.data_elided)}`);
    default:
      // A type of a later version of the fold.
      return pointLane((part as Part).type, undefined, '');
  }
}

type BlockPart = Extract<Part, { readonly type: 'text' | 'reasoning' }>;

function blockLane(part: BlockPart, step: Message, tools: ChatTools): Lane {
  const { type, created_at: from, completed_at: to, end_reason } = part;
  const isCutOff = end_reason === 'interrupt' || end_reason === 'error';
  const lane = {
    label: type,
    look: type,
    micros: partMicros(part, step, tools),
    note: joined([
      isCutOff ? 'cut off' : undefined,
      part.type === 'reasoning' && part.redacted === true ? 'redacted' : undefined,
    ]),
    words: valueWords(part.text, part.text_elided),
  };
  if (to === undefined) return { ...lane, ...openSpan('working', from, step) };
  if (from === undefined) return { ...lane, spans: [] };
  if (to < from) return { ...lane, spans: [], mark: { kind: 'backwards', at: from } };
  const spans: Span[] = [{ kind: 'working', from, to }];
  return isCutOff ? { ...lane, spans, mark: { kind: 'cut off', at: to } } : { ...lane, spans };
}

/**
 * A call and its result, either of which may be missing here. A lane for a call of an earlier step begins
 * with that call.
 */
function toolLane(
  call: ToolCallPart | undefined,
  result: ToolResultPart | undefined,
  step: Message,
  tools: ChatTools,
): Lane {
  const isOfThisStep = call !== undefined && step.parts.includes(call);
  const approval = call === undefined ? undefined : tools.approvalOf(call);
  const began = workBegan(call, result, approval);
  const lane = {
    label: result?.tool_name ?? call?.tool_name ?? 'tool',
    look: 'tool' as const,
    micros: result === undefined ? undefined : partMicros(result, step, tools),
    note: toolNote(call, result, {
      approval,
      isCalledBefore: call !== undefined && !isOfThisStep,
      isAnsweredLater:
        call !== undefined && result === undefined && tools.resultOf(call.tool_call_id, step) !== undefined,
    }),
    words: toolWords(call, result),
  };
  const { spans, isBackwards } = inOrder([
    ['writing', isOfThisStep ? call.input_started_at : undefined, call?.created_at],
    ['waiting', call?.created_at, began],
    ['working', began, result?.preliminary === true ? undefined : result?.created_at],
  ]);
  const last = spans.at(-1)?.to ?? call?.input_started_at ?? call?.created_at;
  if (isBackwards) return { ...lane, spans, mark: { kind: 'backwards', at: last ?? step.started_at } };
  if (result !== undefined && result.preliminary !== true) {
    return { ...lane, ...endedTool(call, result, spans) };
  }
  if (call === undefined) return { ...lane, spans };
  const kind = began !== undefined ? 'working' : call.created_at === undefined ? 'writing' : 'waiting';
  const open = openSpan(kind, last, step);
  return { ...lane, ...open, spans: [...spans, ...open.spans] };
}

/** When the execution began; without a start of its own it may have begun with the call, or with the consent. */
function workBegan(
  call: ToolCallPart | undefined,
  result: ToolResultPart | undefined,
  approval: Approval | undefined,
): number | undefined {
  const known = result?.execution_started_at ?? call?.execution_started_at;
  if (known !== undefined || result === undefined || result.synthetic === true) return known;
  if (approval !== undefined) return approval.state === 'granted' ? approval.responded_at : undefined;
  return toolStartedAt(result, call);
}

function endedTool(
  call: ToolCallPart | undefined,
  result: ToolResultPart,
  spans: readonly Span[],
): Pick<Lane, 'spans' | 'mark'> {
  const at = result.created_at;
  const isCutOff = result.synthetic === true;
  const kind = isCutOff ? 'cut off' : result.is_error === true ? 'failed' : undefined;
  const mark = kind === undefined ? {} : { mark: { kind, at } as const };
  // What never began to work has waited, or been written, until its result.
  const from = spans.at(-1)?.to ?? call?.created_at ?? call?.input_started_at;
  if (spans.some((span) => span.kind === 'working') || from === undefined) {
    return spans.length > 0 || kind !== undefined
      ? { spans, ...mark }
      : { spans, mark: { kind: 'point', at } };
  }
  if (at < from) return { spans, mark: { kind: 'backwards', at: from } };
  const last: Span = { kind: call?.created_at === undefined ? 'writing' : 'waiting', from, to: at };
  return { spans: [...spans, last], ...mark };
}

/** Spans of which both ends are known, and whether one of them ends before it begins. */
function inOrder(candidates: readonly (readonly [Span['kind'], number | undefined, number | undefined])[]): {
  readonly spans: readonly Span[];
  readonly isBackwards: boolean;
} {
  const known = candidates.flatMap(([kind, from, to]) =>
    from === undefined || to === undefined ? [] : [{ kind, from, to }],
  );
  return {
    spans: known.filter(({ kind, from, to }) => from < to || (from === to && kind === 'working')),
    isBackwards: known.some(({ from, to }) => to < from),
  };
}

/** From a moment to the last that is known of the step, and on. */
function openSpan(kind: Span['kind'], from: number | undefined, step: Message): Pick<Lane, 'spans' | 'mark'> {
  const to = step.ended_at ?? step.last_event_at;
  const isOpen = step.status === 'open' || kind === 'waiting' || kind === 'working';
  if (from === undefined) return { spans: [] };
  // A text of a message that was given as a whole has no length, and a partial call no known end.
  if (!isOpen || step.started_at === step.ended_at) return { spans: [], mark: { kind: 'point', at: from } };
  if (to < from) return { spans: [], mark: { kind: 'backwards', at: from } };
  return { spans: [{ kind, from, to }], mark: { kind: 'goes on', at: to } };
}

function toolNote(
  call: ToolCallPart | undefined,
  result: ToolResultPart | undefined,
  story: { approval: Approval | undefined; isCalledBefore: boolean; isAnsweredLater: boolean },
): string {
  return joined([
    isFailure(result) ? 'failed' : result?.synthetic === true ? 'cut off' : undefined,
    call?.partial === true ? 'never made' : undefined,
    call?.invalid === true ? 'invalid' : undefined,
    result?.preliminary === true ? 'preliminary' : undefined,
    approvalWords(story.approval),
    story.isCalledBefore ? 'called in an earlier step' : undefined,
    story.isAnsweredLater ? 'result in a later step' : undefined,
  ]);
}

/** What the tool was asked for; of a failure, why. */
function toolWords(call: ToolCallPart | undefined, result: ToolResultPart | undefined): string {
  if (isFailure(result) || call === undefined) return valueWords(result?.result, result?.result_elided);
  const words = valueWords(call.args ?? call.args_text, call.args_elided ?? call.args_text_elided);
  return words === '{}' ? '' : words;
}

function isFailure(result: ToolResultPart | undefined): boolean {
  return result?.is_error === true && result.synthetic !== true;
}

function approvalWords(approval: Approval | undefined): string | undefined {
  if (approval === undefined) return undefined;
  const { state, requested_at: from, responded_at: to, automatic, reason } = approval;
  if (state === 'requested') return 'waits for approval';
  const waited =
    from === undefined || to === undefined || to < from ? '' : ` after ${formatDuration(to - from)}`;
  return joined([`${state}${automatic === true ? ' automatically' : waited}`, reason]);
}

function troubleLanes({ errors = [], interrupt }: Message): readonly Lane[] {
  return [
    ...errors.map(({ message, code, retryable, at }): Lane => ({
      label: 'error',
      look: 'failure',
      spans: [],
      mark: { kind: 'error', at },
      words: joined([message, code, retryable === true ? 'can be retried' : undefined]),
    })),
    ...(interrupt === undefined
      ? []
      : [
          {
            label: 'interrupted',
            look: 'warning',
            spans: [],
            mark: { kind: 'interrupt', at: interrupt.at },
            words: joined([
              interrupt.reason,
              interrupt.message,
              noticed(interrupt.at, interrupt.detected_at),
            ]),
          } satisfies Lane,
        ]),
  ];
}

function noticed(at: number, detectedAt: number | undefined): string | undefined {
  return detectedAt === undefined || detectedAt <= at
    ? undefined
    : `noticed ${formatDuration(detectedAt - at)} later`;
}

function pointLane(label: string, at: number | undefined, words: string): Lane {
  const mark = at === undefined ? {} : { mark: { kind: 'point', at } as const };
  return { label, look: 'faint', spans: [], ...mark, words };
}
