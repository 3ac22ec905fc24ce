import {
  withoutUnknownTimes,
  type DataPart,
  type FilePart,
  type Message,
  type Part,
  type ReasoningPart,
  type TextPart,
  type ToolApprovalPart,
  type ToolCallPart,
  type ToolResultPart,
} from '@stepfold/fold';

/** A call that was made, with what became of it, wherever in the chat that stands. */
export interface Call {
  readonly part: ToolCallPart;
  readonly name: string;
  readonly isProviderRun: boolean;
  /** Its last final result; one that an interrupt made only if there is no other. */
  readonly result?: ToolResultPart;
  /**
   * Of a tool that the provider ran: its result stands where no provider knows it, before the call or in what is not the
   * model's, and is told right behind the call.
   */
  readonly isResultMoved: boolean;
  /** What was answered when somebody was asked for permission. */
  readonly approval?: Pick<ToolApprovalPart, 'state' | 'reason'>;
}

/** What a model said, in the order in which it began to. */
export type AssistantContent =
  | { readonly type: 'text'; readonly part: TextPart }
  | { readonly type: 'reasoning'; readonly part: ReasoningPart }
  | { readonly type: 'file'; readonly part: FilePart }
  | { readonly type: 'data'; readonly part: DataPart }
  /** Of the client's calls the answers follow the turn; those of the provider have `provider-result`. */
  | { readonly type: 'call'; readonly call: Call }
  | { readonly type: 'provider-result'; readonly call: Call; readonly part: ToolResultPart };

export interface AssistantTurn {
  readonly role: 'assistant';
  readonly step: Message;
  readonly content: readonly AssistantContent[];
}

export interface UserTurn {
  readonly role: 'user';
  readonly content: readonly (TextPart | FilePart)[];
}

export interface SystemTurn {
  readonly role: 'system';
  readonly text: string;
}

export type Turn = AssistantTurn | UserTurn | SystemTurn;

type WritableCall = { -readonly [Field in keyof Call]: Call[Field] };

/**
 * The stored steps of a chat as turns of a conversation, the same for every provider:
 *
 * 1. A step that failed is left out: its retry is what counts. An interrupted one stays, with all that had arrived. One
 *    that is still open counts as if it were interrupted now.
 * 2. A result belongs to the latest call of its id before it, in whichever step: ids repeat across steps. Of several
 *    results the last counts, a synthetic one only if it is alone. A result without a call, and one that is still
 *    preliminary, is left out.
 * 3. A call that was never made is left out, and its synthetic result with it. So is a call that the provider ran and
 *    that has no result of the provider's, unless the provider itself paused there to go on in the next request.
 * 4. Reasoning and calls are a model's: where another role holds any, they are left out. Texts and files of a `tool`
 *    message are the user's.
 * 5. Sources are left out; what was answered about approvals is in the answers of their calls.
 * 6. The marks of imported messages are no provider's, and are left out.
 */
export function chatTurns(steps: Iterable<Message>): readonly Turn[] {
  const taken = Array.from(steps, withoutUnknownTimes).filter(({ status }) => status !== 'failed');
  const calls = callsOf(taken);
  const turns: Turn[] = [];
  for (const step of taken) {
    const turn = turnOf(step, calls, step === taken.at(-1));
    if (turn !== undefined) turns.push(turn);
  }
  return turns;
}

/** Every call, and for each final result that counts its call. */
function callsOf(steps: readonly Message[]): ReadonlyMap<Part, Call> {
  const calls = new Map<Part, WritableCall>();
  const latest = new Map<string, WritableCall>();
  for (const step of steps) {
    const early = new Map<string, ToolResultPart>();
    for (const part of step.parts) {
      if (part.type === 'tool-call' && wasMade(part, step) && step.role === 'assistant') {
        const call: WritableCall = {
          part,
          name: part.tool_name ?? 'unknown',
          isProviderRun: part.provider_executed === true,
          isResultMoved: false,
          ...(part.approval === undefined ? {} : { approval: part.approval }),
        };
        calls.set(part, call);
        latest.set(part.tool_call_id, call);
        // Whoever ran an approved call may tell its result before the call comes again.
        const result = early.get(part.tool_call_id);
        early.delete(part.tool_call_id);
        if (result !== undefined) answer(calls, call, result, true);
      } else if (part.type === 'tool-result' && part.preliminary !== true) {
        const call = latest.get(part.tool_call_id);
        if (call === undefined) early.set(part.tool_call_id, part);
        else answer(calls, call, part, step.role !== 'assistant');
      } else if (part.type === 'tool-approval') {
        const call = latest.get(part.tool_call_id);
        if (call !== undefined) call.approval = part;
      }
    }
  }
  return calls;
}

function answer(
  calls: Map<Part, WritableCall>,
  call: WritableCall,
  result: ToolResultPart,
  isMoved: boolean,
): void {
  if (result.provider_executed === true) call.isProviderRun = true;
  if (call.result !== undefined) {
    if (result.synthetic === true) return;
    calls.delete(call.result);
  }
  call.result = result;
  call.isResultMoved = isMoved;
  calls.set(result, call);
}

/** In an open step raw text stays with a call until it has been made, which its time says. */
function wasMade(part: ToolCallPart, { status }: Message): boolean {
  return part.partial !== true && (status !== 'open' || part.created_at !== undefined);
}

function turnOf(step: Message, calls: ReadonlyMap<Part, Call>, isLast: boolean): Turn | undefined {
  const { parts } = step;
  if (step.role === 'system') {
    const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n');
    return text.trim() === '' ? undefined : { role: 'system', text };
  }
  if (step.role !== 'assistant') {
    const content = parts.filter((part) => part.type === 'text' || part.type === 'file');
    return content.length === 0 ? undefined : { role: 'user', content };
  }
  const openCalls = isLast ? callsAtPause(step, calls) : new Set<Part>();
  const content = parts.flatMap((part) => contentOf(part, calls, openCalls));
  return content.length === 0 ? undefined : { role: 'assistant', step, content };
}

/** Calls at which the provider paused: they end the turn, and the next request goes on with them. */
function callsAtPause(step: Message, calls: ReadonlyMap<Part, Call>): ReadonlySet<Part> {
  const open = new Set<Part>();
  if (step.status !== 'complete' || step.raw_finish_reason !== 'pause_turn') return open;
  const hasClientCall = step.parts.some((part) => calls.get(part)?.isProviderRun === false);
  for (const part of hasClientCall ? [] : step.parts.toReversed()) {
    const call = part.type === 'tool-call' ? calls.get(part) : undefined;
    if (call === undefined || call.result !== undefined) break;
    open.add(part);
  }
  return open;
}

function contentOf(
  part: Part,
  calls: ReadonlyMap<Part, Call>,
  openCalls: ReadonlySet<Part>,
): readonly AssistantContent[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'text', part }];
    case 'reasoning':
      return [{ type: 'reasoning', part }];
    case 'file':
      return [{ type: 'file', part }];
    case 'data':
      return [{ type: 'data', part }];
    case 'tool-call': {
      const call = calls.get(part);
      if (call === undefined) return [];
      const told = { type: 'call', call } as const;
      if (!call.isProviderRun || openCalls.has(part)) return [told];
      const { result } = call;
      if (result === undefined || result.synthetic === true) return [];
      return call.isResultMoved ? [told, { type: 'provider-result', call, part: result }] : [told];
    }
    case 'tool-result': {
      const call = calls.get(part);
      const isToldHere = call?.isProviderRun === true && !call.isResultMoved && part.synthetic !== true;
      return isToldHere ? [{ type: 'provider-result', call, part }] : [];
    }
    default:
      return [];
  }
}

/** The calls of a turn that the client has to answer, in their order. */
export function clientCalls(turn: AssistantTurn): readonly Call[] {
  return turn.content.flatMap((content) =>
    content.type === 'call' && !content.call.isProviderRun ? [content.call] : [],
  );
}
