import type { Event } from '@stepfold/events';
import { createGatheredText, type GatheredText } from './gathered-text.js';

/** Whose line it is. */
export type StepIds = Pick<Event, 'chat_id' | 'step_id'>;

/** What has to be known of an open step to say what its next event means. */
export interface StepView {
  readonly ids: StepIds;
  /** Undefined if its beginning was not seen. */
  readonly startedAt: number | undefined;
  /** Open ones, by kind and id. */
  readonly blocks: Map<string, BlockView>;
  /** By id. */
  readonly calls: Map<string, CallView>;
}

export interface BlockView {
  readonly kind: 'text' | 'reasoning';
  readonly startedAt: number;
  readonly text: GatheredText;
  /** When the first of what is gathered happened. */
  gatheredAt: number;
  /** It has grown since the last look. */
  hasGrown: boolean;
}

export interface CallView {
  readonly name: string | undefined;
  /** When the tool began to run, as far as is known. */
  readonly startedAt: number | undefined;
}

export function createStepView({ chat_id, step_id }: StepIds, startedAt?: number): StepView {
  return { ids: { chat_id, step_id }, startedAt, blocks: new Map(), calls: new Map() };
}

export function createBlockView(kind: BlockView['kind'], startedAt: number, width: number): BlockView {
  const text = createGatheredText(width);
  return { kind, startedAt, text, gatheredAt: startedAt, hasGrown: false };
}

/** The key of the block that an event is about, among the blocks of its step. */
export function blockKey(event: { readonly type: string; readonly id: string }): string {
  return `${blockKind(event)}:${event.id}`;
}

export function blockKind({ type }: { readonly type: string }): BlockView['kind'] {
  return type.startsWith('text') ? 'text' : 'reasoning';
}
