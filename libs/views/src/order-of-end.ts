import type { ToolCallPart } from '@stepfold/fold';
import type { ShownPart } from './coder-part.js';

/**
 * The parts in the order in which they ended: a block when it was closed, a call when it was made, a result
 * when it came. What has not ended comes last, and parts that one event ended stand as they started.
 *
 * `last_event` is the event that ended a part, but for one case: a call that was approved or whose tool has
 * started was touched again after it was made. Its stamp finds its place among the parts that ended in
 * between; it never comes after its own result, whatever the clock did.
 */
export function inOrderOfEnd(parts: readonly ShownPart[], isOpen: boolean): readonly ShownPart[] {
  const ended: ShownPart[] = [];
  const unfinished: ShownPart[] = [];
  const touched: ToolCallPart[] = [];
  for (const part of parts) {
    if (isOpen && !hasEnded(part)) unfinished.push(part);
    else if (wasTouchedAfterwards(part)) touched.push(part);
    else ended.push(part);
  }
  // A document that an older version wrote may lack the numbers of the events: then it stays as it is.
  ended.sort((a, b) => (a.last_event ?? 0) - (b.last_event ?? 0));
  touched.sort((a, b) => a.created_at! - b.created_at!);
  const callsBefore = new Map<number, ToolCallPart[]>();
  for (const call of touched) {
    const place = placeOf(call, ended);
    callsBefore.set(place, [...(callsBefore.get(place) ?? []), call]);
  }
  const merged = ended.flatMap((part, place) => [...(callsBefore.get(place) ?? []), part]);
  return [...merged, ...(callsBefore.get(ended.length) ?? []), ...unfinished];
}

/** Of a step that is still open: once it has ended, so have all of its parts. */
function hasEnded(part: ShownPart): boolean {
  if (part.type === 'text' || part.type === 'reasoning') return part.completed_at !== undefined;
  return part.type !== 'tool-call' || part.created_at !== undefined;
}

function wasTouchedAfterwards(part: ShownPart): part is ToolCallPart {
  return (
    part.type === 'tool-call' &&
    part.created_at !== undefined &&
    part.last_event > part.first_event &&
    (part.execution_started_at !== undefined || part.approval !== undefined)
  );
}

/** The index of the first part that ended after the call was made. */
function placeOf(call: ToolCallPart, ended: readonly ShownPart[]): number {
  const place = ended.findIndex(
    (part) =>
      part.last_event > call.last_event ||
      (part.last_event > call.first_event && (isAnswerTo(call, part) || endedAt(part) > call.created_at!)),
  );
  return place === -1 ? ended.length : place;
}

function isAnswerTo(call: ToolCallPart, part: ShownPart): boolean {
  return part.type === 'tool-result' && part.tool_call_id === call.tool_call_id;
}

function endedAt(part: ShownPart): number {
  const stamp = part.type === 'text' || part.type === 'reasoning' ? part.completed_at : part.created_at;
  return stamp ?? Number.NEGATIVE_INFINITY;
}
