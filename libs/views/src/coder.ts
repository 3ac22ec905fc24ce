import { formatStamp, type Usage } from '@stepfold/events';
import {
  withoutUnknownTimes,
  type Message,
  type Part,
  type ReasoningPart,
  type TextPart,
  type ToolResultPart,
} from '@stepfold/fold';
import { coderPart, type CoderPart, type ShownPart } from './coder-part.js';
import { inOrderOfEnd } from './order-of-end.js';

export type CoderRole = Message['role'];

/**
 * A message as readers of Coder's `ChatMessage` know it. `id` is text here, where Coder has a number of its
 * database: the step's id, and for a tool message the index of the part behind it. Parts never move, so it
 * stays the same while a step grows and however much of a chat is read.
 */
export interface CoderMessage {
  readonly id: string;
  readonly chat_id: string;
  /** When the step began; of a tool message, when the tool answered. Absent where that is not known. */
  readonly created_at?: string;
  readonly role: CoderRole;
  readonly content: readonly CoderPart[];
  /** What the model call used: on the message of the step only. */
  readonly usage?: Usage;
}

/**
 * The messages that one stored step is for a reader of Coder's chats (contract/message.md, "Views"): one of
 * the step's own role with what the model and its provider made, then one of role `tool` for every other
 * result, both in the order in which their parts ended. A chat is this, step after step.
 *
 * A step that failed has none. A step with neither part nor usage has none either: an empty message would
 * make the next request to a model invalid. Left out, because Coder has no word for them: data parts,
 * answers to approvals, results that are still preliminary, metadata, and blocks that an interrupt closed
 * before anything had arrived, unless they carry metadata. The README of this package has it as a table.
 *
 * Total: whatever was stored, by whatever version, gives messages. Stamps are copied, each from its own
 * event, and absent where they are unknown.
 */
export function coderMessages(stored: Message): readonly CoderMessage[] {
  const message = withoutUnknownTimes(stored);
  if (message.status === 'failed') return [];
  const { chat_id, step_id, role, usage } = message;
  const providerCalls = callsOfProvider(message.parts);
  const content: CoderPart[] = [];
  const answers: CoderMessage[] = [];
  const indexes = new Map(message.parts.map((part, index) => [part, index]));
  const shown = message.parts.filter((part) => isShown(part, message));
  for (const part of inOrderOfEnd(shown, message.status === 'open')) {
    const isByProvider =
      part.type === 'tool-result' &&
      (part.provider_executed === true || providerCalls.has(part.tool_call_id));
    if (part.type === 'tool-result' && !isByProvider) answers.push(answer(message, part, indexes.get(part)!));
    else content.push(coderPart(part, isByProvider));
  }
  if (content.length === 0 && usage === undefined) return answers;
  const own: CoderMessage = {
    id: step_id,
    chat_id,
    ...createdAt(message.started_at),
    role,
    content,
    ...(usage === undefined ? {} : { usage }),
  };
  return [own, ...answers];
}

function answer(message: Message, part: ToolResultPart, index: number): CoderMessage {
  return {
    id: `${message.step_id}:${index}`,
    chat_id: message.chat_id,
    // A message that is nothing but the answer was made when that was, even if only its own time is known.
    ...createdAt(part.created_at ?? (message.role === 'tool' ? message.started_at : undefined)),
    role: 'tool',
    content: [coderPart(part)],
  };
}

/** A document of an older version may lack stamps that the type promises. */
function createdAt(micros: number | undefined): { readonly created_at?: string } {
  return micros === undefined ? {} : { created_at: formatStamp(micros) };
}

/** A result of such a call is the provider's, even where the event of the result did not say so. */
function callsOfProvider(parts: readonly Part[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const part of parts) {
    if (part.type === 'tool-call' && part.provider_executed === true) ids.add(part.tool_call_id);
  }
  return ids;
}

function isShown(part: Part, message: Message): part is ShownPart {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return !(message.status === 'interrupted' && part.end_reason === 'interrupt' && isBare(part));
    case 'tool-result':
      return part.preliminary !== true;
    case 'tool-call':
    case 'source':
    case 'file':
      return true;
    default:
      return false;
  }
}

function isBare(block: TextPart | ReasoningPart): boolean {
  return (
    block.text === '' &&
    block.text_elided === undefined &&
    block.metadata === undefined &&
    block.metadata_elided === undefined
  );
}
