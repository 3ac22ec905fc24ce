import type { Message, Part, TextPart, ReasoningPart } from '@stepfold/fold';
import { chatTools, partMicros, type ChatTools } from '../render/durations.js';
import { formatDuration } from '../render/format-duration.js';
import { cutText, padText } from '../render/plain-text.js';
import type { Look, Screen } from '../render/screen.js';

/** One thing that has become known of a stored message. */
export interface StoredLine {
  readonly step: string;
  /** The stored version: attempt and events, or `end` once the step has ended. */
  readonly rev: string;
  readonly look: Look;
  /** What it is of: the type of a part, or of something that happened to the step. */
  readonly what: string;
  readonly took: string | undefined;
  readonly words: string;
}

/** Tells what is new in the messages of chats from one look at the store to the next. */
export interface StoredLines {
  /**
   * The lines that have not been told. A text or a thought that is still growing has one line when it begins and
   * one when it has ended, everything else has one.
   */
  newIn(messages: readonly Message[]): readonly StoredLine[];
}

/** A line that may be told, under a name that is the same at the next look. */
interface Fact {
  readonly name: string;
  readonly what: string;
  readonly look: Look;
  readonly micros?: number | undefined;
  /** Called only if it is told: what a tool gave may be long. */
  readonly words: () => string;
}

export function createStoredLines(): StoredLines {
  const told = new Set<string>();
  return {
    newIn(messages) {
      const tools = chatTools(messages);
      return messages.flatMap((message) =>
        factsOf(message, tools).flatMap((fact) => {
          const name = `${message.chat_id}:${message.step_id}:${message.attempt}:${fact.name}`;
          if (told.has(name)) return [];
          told.add(name);
          return [lineOf(message, fact)];
        }),
      );
    },
  };
}

function lineOf(message: Message, { what, look, micros, words }: Fact): StoredLine {
  return {
    step: message.step_id,
    rev: `${message.attempt}.${message.status === 'open' ? message.events : 'end'}`,
    look,
    what,
    took: micros === undefined ? undefined : formatDuration(micros),
    words: words(),
  };
}

function factsOf(message: Message, tools: ChatTools): readonly Fact[] {
  return [
    ...(message.attempt > 0 ? [attemptFact(message)] : []),
    ...message.parts.flatMap((part, index) =>
      partFacts(message, part, tools).map((fact) => ({ ...fact, name: `${index}:${fact.name}` })),
    ),
    ...endFacts(message, tools),
  ];
}

function attemptFact({ attempt }: Message): Fact {
  return {
    name: 'attempt',
    what: `attempt ${attempt}`,
    look: 'warning',
    words: () => 'replaces all of the one before',
  };
}

function partFacts(message: Message, part: Part, tools: ChatTools): readonly Fact[] {
  const micros = partMicros(part, message, tools);
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return [blockFact(message, part, micros)];
    case 'tool-call': {
      if (part.created_at === undefined && part.partial !== true) return [];
      const name = part.tool_name ?? part.tool_call_id;
      const made: Fact = {
        name: 'call',
        what: `call ${name}`,
        look: 'tool',
        words: () => (part.partial === true ? 'never made' : jsonWords(part.args ?? part.args_text)),
      };
      const { approval } = part;
      if (approval === undefined) return [made];
      return [made, approvalFact(approval.state, approval.reason ?? name)];
    }
    case 'tool-result': {
      if (part.preliminary === true) return [];
      const name = part.tool_name ?? nameOfCall(part.tool_call_id, message, tools);
      const isCutOff = part.synthetic === true;
      const hasFailed = part.is_error === true;
      const how = isCutOff ? 'cut off: ' : hasFailed ? 'failed: ' : '';
      return [
        {
          name: 'result',
          what: `result ${name}`,
          look: hasFailed ? 'failure' : 'good',
          micros,
          words: () => `${how}${jsonWords(part.result)}`,
        },
      ];
    }
    case 'tool-approval':
      return [approvalFact(part.state, part.reason ?? nameOfCall(part.tool_call_id, message, tools))];
    case 'source':
      return [plainFact('source', part.title ?? part.url ?? part.filename ?? '')];
    case 'file':
      return [plainFact('file', part.name ?? part.media_type)];
    case 'data':
      return [{ ...plainFact('data', ''), words: () => `${part.name} ${jsonWords(part.data)}` }];
    default:
      // A type of a later version of the fold.
      return [plainFact((part as Part).type, '')];
  }
}

function blockFact(message: Message, part: TextPart | ReasoningPart, micros: number | undefined): Fact {
  const isOver = part.completed_at !== undefined || message.status !== 'open';
  const isCut = part.end_reason === 'interrupt' || part.end_reason === 'error';
  const kind = part.type === 'text' && message.role !== 'assistant' ? message.role : part.type;
  const words = (): string => part.text.trimStart();
  const look = kind === 'user' ? 'heading' : part.type;
  if (!isOver) return { name: 'begun', what: `${kind} …`, look, words };
  return { name: 'over', what: isCut ? `${kind} cut off` : kind, look, micros, words };
}

function approvalFact(state: string, words: string): Fact {
  return { name: `approval:${state}`, what: `approval ${state}`, look: 'warning', words: () => words };
}

function plainFact(what: string, words: string): Fact {
  return { name: 'there', what, look: 'faint', words: () => words };
}

/** What became of the step as a whole, where that is more than that it is complete. */
function endFacts(message: Message, tools: ChatTools): readonly Fact[] {
  const { errors = [], interrupt, pending_tool_call_ids: pending = [] } = message;
  return [
    ...errors.map((error, index): Fact => {
      const isFatal = message.status === 'failed' && index === errors.length - 1;
      return {
        name: `error:${index}`,
        what: isFatal ? 'step failed' : 'error',
        look: 'failure',
        words: () => error.message,
      };
    }),
    ...(interrupt === undefined
      ? []
      : [
          {
            name: 'interrupt',
            what: 'step interrupted',
            look: 'failure' as const,
            words: () =>
              `by ${interrupt.reason}${interrupt.message === undefined ? '' : `: ${interrupt.message}`}`,
          },
        ]),
    ...(pending.length === 0
      ? []
      : [
          {
            name: 'pending',
            what: 'step waits',
            look: 'warning' as const,
            words: () =>
              `for the result of ${pending.map((id) => nameOfCall(id, message, tools)).join(', ')}`,
          },
        ]),
  ];
}

function nameOfCall(toolCallId: string, step: Message, tools: ChatTools): string {
  return tools.callOf(toolCallId, step)?.tool_name ?? toolCallId;
}

/** More of a value than fits into any line. */
const JSON_LENGTH_MAX = 400;

function jsonWords(value: unknown): string {
  if (value === undefined) return '';
  // The usual form of a failure; its braces would only take the room of its words.
  const { error } = Object(value) as { readonly error?: unknown };
  const shown = typeof error === 'string' ? error : value;
  return (typeof shown === 'string' ? shown : JSON.stringify(shown)).slice(0, JSON_LENGTH_MAX);
}

const columns = { step: 8, rev: 5, what: 20 } as const;

/** What stands above the lines. */
export function renderStoredHead({ width, paint }: Screen): string {
  const head = cells({ step: 'step', rev: 'rev', what: 'part' }).join(' ');
  return paint('faint', cutText(` time  ${head} how long it took, first words`, width));
}

/** One line of the display: when it was seen, in seconds, and what. */
export function renderStoredLine(line: StoredLine, seconds: number, { width, paint }: Screen): string {
  const [step, rev, what] = cells(line);
  const before = `${secondsCell(seconds)}  ${step} ${rev} `;
  const took = line.took === undefined ? '' : `${line.took}  `;
  const left = Math.max(10, width - before.length - columns.what - 1 - took.length);
  const words = cutText(line.words, left);
  return `${paint('faint', before)}${paint(line.look, what)} ${took}${words}`.trimEnd();
}

export function secondsCell(seconds: number): string {
  return seconds.toFixed(1).padStart(5);
}

/** Ids of steps differ at their ends. */
function stepCell(stepId: string): string {
  if (stepId.length <= columns.step) return stepId.padEnd(columns.step);
  return `…${stepId.slice(1 - columns.step)}`;
}

function cells(line: Pick<StoredLine, 'step' | 'rev' | 'what'>): readonly [string, string, string] {
  return [
    stepCell(line.step),
    line.rev.padEnd(columns.rev),
    padText(cutText(line.what, columns.what), columns.what),
  ];
}
