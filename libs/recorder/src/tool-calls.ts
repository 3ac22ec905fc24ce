import type { Event } from '@stepfold/events';
import type { ToolResult } from './recorder.js';

/** A result on its way to a step. */
export interface NotedResult extends ToolResult {
  /** Microseconds. Given for a call of an earlier step, whose own part can no longer say it. */
  readonly executionStartedAt?: number | undefined;
}

/** What a run knows of its calls. */
export interface ToolCalls {
  /** Calls of the open step that the client runs and that have no result. */
  readonly unansweredCount: number;
  /**
   * Hears of what a stream tells. Of a call or a final result it answers when the tool began, in microseconds, if that is known
   * and no event has told it.
   */
  note(event: Event): number | undefined;
  /** Another step is open, or none. */
  leaveStep(): void;
  /** The tool begins. True if its call is of the open step. */
  start(toolCallId: string, at: number): boolean;
  answer(result: ToolResult): NotedResult;
  isAnswered(toolCallId: string): boolean;
  /** Keeps a result until a step is open. False if it keeps too many already. */
  wait(result: NotedResult & { readonly at: number }): boolean;
  takeWaiting(): readonly (NotedResult & { readonly at: number })[];
}

/**
 * Calls of a run that are remembered, those that came last: those that were answered, so that the next request does not tell of
 * them again; those that began before their stream told of them; and those of the open step, whose stream may have no end.
 */
const CALLS_MAX = 10_000;
/** Results that wait for a step. */
const WAITING_MAX = 1_000;

export function createToolCalls(): ToolCalls {
  /** Of the open step. */
  let unanswered = new Set<string>();
  let made = new Set<string>();
  const startedAt = new Map<string, number>();
  const answered = new Set<string>();
  let waiting: (NotedResult & { readonly at: number })[] = [];

  function noteAnswered(toolCallId: string): void {
    unanswered.delete(toolCallId);
    answered.add(toolCallId);
    forgetOldest(answered);
  }

  function takeStart(toolCallId: string): number | undefined {
    const at = startedAt.get(toolCallId);
    startedAt.delete(toolCallId);
    return at;
  }

  return {
    get unansweredCount() {
      return unanswered.size;
    },
    note(event) {
      if (event.type === 'tool-call') {
        made.add(event.tool_call_id);
        forgetOldest(made);
        if (event.provider_executed !== true) {
          unanswered.add(event.tool_call_id);
          forgetOldest(unanswered);
        }
        return takeStart(event.tool_call_id);
      }
      if (event.type !== 'tool-result' || event.preliminary === true) return undefined;
      noteAnswered(event.tool_call_id);
      return takeStart(event.tool_call_id);
    },
    leaveStep() {
      unanswered = new Set();
      made = new Set();
    },
    start(toolCallId, at) {
      if (made.has(toolCallId)) return true;
      startedAt.set(toolCallId, at);
      forgetOldest(startedAt);
      return false;
    },
    answer(result) {
      const executionStartedAt = takeStart(result.toolCallId);
      noteAnswered(result.toolCallId);
      return executionStartedAt === undefined ? result : { ...result, executionStartedAt };
    },
    isAnswered: (toolCallId) => answered.has(toolCallId),
    wait(result) {
      if (waiting.length >= WAITING_MAX) return false;
      waiting.push(result);
      return true;
    },
    takeWaiting() {
      const taken = waiting;
      waiting = [];
      return taken;
    },
  };
}

function forgetOldest(calls: Set<string> | Map<string, number>): void {
  if (calls.size <= CALLS_MAX) return;
  for (const oldest of calls.keys()) {
    calls.delete(oldest);
    return;
  }
}
