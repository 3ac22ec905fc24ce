import type { EventOf } from '@stepfold/events';
import { mergeMetadata } from './metadata.js';
import { appendPart, flag, newPart } from './new-part.js';
import { noteAnomaly, type PartState, type StepState } from './state.js';

/** Text and reasoning blocks: `contract/fold.md`, section 2. */

type BlockEvent = EventOf<
  'text-start' | 'text-delta' | 'text-end' | 'reasoning-start' | 'reasoning-delta' | 'reasoning-end'
>;

function blockKind(event: BlockEvent): 'text' | 'reasoning' {
  return event.type.startsWith('text') ? 'text' : 'reasoning';
}

export function startBlock(state: StepState, event: BlockEvent): PartState | undefined {
  const type = blockKind(event);
  const key = `${type}:${event.id}`;
  const block: PartState = {
    ...newPart(state, type, event.at),
    id: event.id.toWellFormed(),
    text: '',
    redacted: event.type === 'reasoning-start' ? flag(event.redacted) : undefined,
    metadata: mergeMetadata(undefined, event.metadata),
  };
  // Beyond the limit nothing happens at all, so an open block of the same id goes on taking its deltas.
  if (!appendPart(state, block)) return undefined;
  const former = state.openBlocks.get(key);
  if (former !== undefined) {
    state.openBlocks.delete(key);
    former.completed_at = event.at;
    former.end_reason = 'implied';
    former.last_event = state.events;
  }
  state.openBlocks.set(key, block);
  return block;
}

export function applyBlockDelta(state: StepState, event: EventOf<'text-delta' | 'reasoning-delta'>): void {
  let block = state.openBlocks.get(`${blockKind(event)}:${event.id}`);
  if (block === undefined) {
    block = startBlock(state, event);
    if (block === undefined) return;
    noteAnomaly(state, 'implied-start');
  } else if (event.metadata !== undefined) {
    block.metadata = mergeMetadata(block.metadata, event.metadata);
  }
  block.text += event.text;
  block.last_delta_at = event.until ?? event.at;
  block.last_event = state.events;
}

export function applyBlockEnd(state: StepState, event: EventOf<'text-end' | 'reasoning-end'>): void {
  const key = `${blockKind(event)}:${event.id}`;
  const block = state.openBlocks.get(key);
  if (block === undefined) return noteAnomaly(state, 'unknown-end');
  state.openBlocks.delete(key);
  block.metadata = mergeMetadata(block.metadata, event.metadata);
  if (event.type === 'reasoning-end' && event.redacted === true) block.redacted = true;
  block.completed_at = event.at;
  block.last_event = state.events;
}
