import {
  createReasoningProof,
  openaiChatReasoningOf,
  saysMoreThanText,
  type ReasoningProof,
} from './openai-chat-reasoning.js';
import type { StepWriter } from './step-writer.js';

type Fields = Readonly<Record<string, unknown>>;
export type OpenaiChatBlockKind = 'text' | 'refusal' | 'transcript' | 'reasoning';

/**
 * The text and reasoning of one stream of chat completions. Nothing says where a block begins or ends: it lasts while
 * its own kind goes on, and ends where another kind, a call or the finish comes.
 */
export interface OpenaiChatBlocks {
  /** More of a block of this kind. Without text it is nothing. */
  text(kind: OpenaiChatBlockKind, text: string, at: number): void;
  /** The reasoning of a delta, with the signatures and encrypted forms that belong to it. True if it has text. */
  reasoning(delta: Fields, at: number): boolean;
  /** Ends the open block. */
  end(at: number): void;
  /** The stream broke off: what is open stays open, but has its metadata. */
  breakOff(): void;
}

interface Block {
  readonly kind: OpenaiChatBlockKind;
  readonly proof: ReasoningProof;
  hasText: boolean;
  lastAt: number;
}

export function createOpenaiChatBlocks(writer: StepWriter): OpenaiChatBlocks {
  let open: Block | undefined;

  function blockOf(kind: OpenaiChatBlockKind, at: number): Block {
    if (open?.kind === kind) {
      open.lastAt = at;
      return open;
    }
    end(at);
    open = { kind, proof: createReasoningProof(), hasText: false, lastAt: at };
    const told = kind === 'refusal' || kind === 'transcript' ? { openai: { [kind]: true } } : undefined;
    writer.blockStart(writtenKind(kind), at, { id: undefined, metadata: told });
    return open;
  }

  function text(kind: OpenaiChatBlockKind, text: string, at: number): void {
    if (text === '') return;
    blockOf(kind, at).hasText = true;
    writer.blockDelta(writtenKind(kind), at, { id: undefined, text });
  }

  function end(at: number): void {
    if (open === undefined) return;
    const { kind, proof, hasText } = open;
    open = undefined;
    const metadata = kind === 'reasoning' ? proof.metadata : undefined;
    // Nothing to read: the encrypted form is all there is.
    const redaction = kind === 'reasoning' && !hasText ? { isRedacted: true } : {};
    writer.blockEnd(writtenKind(kind), at, { id: undefined, ...redaction, metadata });
  }

  return {
    text,
    reasoning(delta, at) {
      const told = openaiChatReasoningOf(delta);
      if (told !== '') {
        text('reasoning', told, at);
        open?.proof.add(delta);
      } else if (saysMoreThanText(delta)) blockOf('reasoning', at).proof.add(delta);
      return told !== '';
    },
    end,
    breakOff() {
      const metadata = open?.kind === 'reasoning' ? open.proof.metadata : undefined;
      if (open !== undefined && metadata !== undefined) {
        writer.blockDelta('reasoning', open.lastAt, { id: undefined, text: '', metadata });
      }
      open = undefined;
    },
  };
}

function writtenKind(kind: OpenaiChatBlockKind): 'text' | 'reasoning' {
  return kind === 'reasoning' ? 'reasoning' : 'text';
}
