/** Why a record became a dead letter. Stable: operators alert on them. */
export const deadLetterCodes = [
  'bad-json',
  'bad-event',
  'unknown-version',
  'unknown-type',
  'oversize',
  'wrong-key',
  'wrong-partition',
  'not-open',
  'conflict',
  'out-of-order',
  'store-refused',
] as const;

export type DeadLetterCode = (typeof deadLetterCodes)[number];

/** Why bytes are no event: a code, and a sentence that names the field. Holds no payload beyond ids and numbers. */
export interface EventProblem {
  readonly code: 'bad-json' | 'bad-event' | 'unknown-version' | 'unknown-type' | 'oversize';
  readonly detail: string;
}
