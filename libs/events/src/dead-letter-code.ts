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

/** What each of them says, for docs/events.md. */
export const deadLetterMeanings: Readonly<Record<DeadLetterCode, string>> = {
  'bad-json': 'the value is no JSON',
  'bad-event': 'a field is missing or not as it must be',
  'unknown-version': 'written by a newer version than the one that reads',
  'unknown-type': 'a type that this version does not know',
  oversize: 'larger than an event, or its message larger than a version, may be',
  'wrong-key': 'the key of the record is not the chat of the event',
  'wrong-partition': 'the record lies in another partition than its key says',
  'not-open': 'content for a step that had not begun, had ended, or is at another attempt',
  conflict: 'content of a second writer, or a step that was opened twice',
  'out-of-order': 'content that came after what its producer sent later',
  'store-refused': 'the store can never take the message',
};

/** Why bytes are no event: a code, and a sentence that names the field. Holds no payload beyond ids and numbers. */
export interface EventProblem {
  readonly code: 'bad-json' | 'bad-event' | 'unknown-version' | 'unknown-type' | 'oversize';
  readonly detail: string;
}
