import { given, type Fields } from './naive-fields.js';
import { hasFinalResult, isMade, type Draft, type Snapshot } from './naive-snapshot.js';

/** How blocks, inputs and steps end, `contract/fold.md` § 3 and 4. */

/** Section 3: the end of a step that came to it. */
export function stepEnded(was: Snapshot, at: number): Snapshot {
  const ended = { ...was, drafts: endedInputs({ ...was, drafts: closedBlocks(was, at, 'implied') }) };
  return {
    ...ended,
    message: {
      ...ended.message,
      status: 'complete',
      ended_at: at,
      pending_tool_call_ids: ended.drafts
        .filter(isMade)
        .map((draft) => draft.fields['tool_call_id'])
        .filter((id) => !hasFinalResult(ended, id)),
    },
  };
}

const isBlock = (draft: Draft): boolean =>
  draft.fields['type'] === 'text' || draft.fields['type'] === 'reasoning';

export function closedBlocks(snapshot: Snapshot, at: number, reason: string): readonly Draft[] {
  const last_event = snapshot.events;
  return snapshot.drafts.map((draft) =>
    isBlock(draft) && draft.isOpen
      ? {
          ...draft,
          isOpen: false,
          fields: { ...draft.fields, completed_at: at, end_reason: reason, last_event },
        }
      : draft,
  );
}

/** Inputs that never became a call, as section 4 leaves them. */
function endedInputs(snapshot: Snapshot): readonly Draft[] {
  const last_event = snapshot.events;
  return snapshot.drafts.map((draft) =>
    draft.fields['type'] === 'tool-call' && !isMade(draft)
      ? {
          isOpen: false,
          raw: '',
          fields: { ...draft.fields, ...parsedInput(draft.raw ?? ''), partial: true, last_event },
        }
      : draft,
  );
}

function parsedInput(raw: string): Fields {
  try {
    const args: unknown = JSON.parse(raw);
    return mayStandInEvent(args, 0) ? { args } : { args_text: raw };
  } catch {
    return { args_text: raw };
  }
}

function mayStandInEvent(value: unknown, levelsAbove: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return levelsAbove < 64 && Object.values(value).every((inner) => mayStandInEvent(inner, levelsAbove + 1));
}

const CUT_OFF = 'tool call was interrupted before it produced a result';

/** The end of a step by an interrupt or a fatal error: blocks and inputs closed, synthetic results given. */
export function cutOff(was: Snapshot, message: Fields, at: number, reason: string): Snapshot {
  const number = was.events;
  const closed = { ...was, drafts: endedInputs({ ...was, drafts: closedBlocks(was, at, reason) }) };
  const calls = closed.drafts.filter(
    ({ fields }) => fields['type'] === 'tool-call' && !hasFinalResult(closed, fields['tool_call_id']),
  );
  const synthetic = (call: Draft, former?: Draft): Draft => ({
    isOpen: false,
    fields: {
      type: 'tool-result',
      ...given(call.fields, ['tool_call_id', 'tool_name', 'provider_executed']),
      result: {
        error: CUT_OFF,
        ...(former === undefined ? {} : { partial: former.fields['result'] }),
      },
      is_error: true,
      synthetic: true,
      created_at: at,
      metadata: former?.fields['metadata'],
      first_event: former?.fields['first_event'] ?? number,
      last_event: number,
    },
  });
  const callOf = (draft: Draft): Draft | undefined =>
    calls.find(({ fields }) => fields['tool_call_id'] === draft.fields['tool_call_id']);
  const isResult = (draft: Draft): boolean => draft.fields['type'] === 'tool-result';
  const replaced = closed.drafts.map((draft) => {
    const call = isResult(draft) ? callOf(draft) : undefined;
    return call === undefined ? draft : synthetic(call, draft);
  });
  const added = calls
    .filter((call) => !closed.drafts.some((draft) => isResult(draft) && callOf(draft) === call))
    .map((call) => synthetic(call));
  return {
    ...closed,
    message: { ...closed.message, ...message, ended_at: at },
    drafts: [...replaced, ...added],
  };
}
