import type { Fields } from './naive-fields.js';

/** A part that is still being made: its fields as the document names them, and what the document does not show. */
export interface Draft {
  readonly fields: Fields;
  /** Of a block: no end has come. Of a call: its input is open. */
  readonly isOpen: boolean;
  /** Of a call: the raw text of its input, until the call is made. */
  readonly raw?: string;
}

export interface Snapshot {
  /** How many events have been accepted; the number of the last of them. */
  readonly events: number;
  readonly message: Fields;
  readonly drafts: readonly Draft[];
  readonly errors: readonly Fields[];
  readonly anomalies: readonly Fields[];
  readonly omitted: number;
}

export const emptySnapshot: Snapshot = {
  events: 0,
  message: {},
  drafts: [],
  errors: [],
  anomalies: [],
  omitted: 0,
};

/** True for a call whose `tool-call` was accepted: that alone gives it `created_at`. */
export const isMade = (draft: Draft): boolean =>
  draft.fields['type'] === 'tool-call' && draft.fields['created_at'] !== undefined;

export const hasFinalResult = (snapshot: Snapshot, toolCallId: unknown): boolean =>
  snapshot.drafts.some(
    ({ fields }) =>
      fields['type'] === 'tool-result' &&
      fields['tool_call_id'] === toolCallId &&
      fields['preliminary'] !== true,
  );
