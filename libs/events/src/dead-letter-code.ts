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

/** What an operator needs to know about a dead letter of each code. */
export const deadLetterCatalogue: {
  readonly [C in DeadLetterCode]: { readonly cause: string; readonly remedy: string };
} = {
  'bad-json': {
    cause: 'The record is not valid JSON, or has no value.',
    remedy: 'Correct whoever wrote it; nothing can be made of this record.',
  },
  'bad-event': {
    cause: 'The record does not follow the schema of events.',
    remedy: 'Correct whoever wrote it, at the field that the detail names, and publish the content again.',
  },
  'unknown-version': {
    cause: 'The event is of a schema version that the projector did not know.',
    remedy: 'Upgrade the services, then retry it.',
  },
  'unknown-type': {
    cause: 'The event is of a type that the projector did not know.',
    remedy: 'Upgrade the services, then retry it.',
  },
  oversize: {
    cause: 'The event, or the message that it completed, was larger than the log takes.',
    remedy:
      'Publish large results as files with a URL. A message that was too large for the log can be retried.',
  },
  'wrong-key': {
    cause: 'The key of the record is not the chat_id of its event.',
    remedy: 'Correct whoever wrote it: publish through the publisher or the gateway.',
  },
  'wrong-partition': {
    cause: 'The record lies in another partition than its key belongs to.',
    remedy: 'Correct the partitioner of whoever wrote it: murmur2, as the Java client and kafkajs have it.',
  },
  'not-open': {
    cause: 'The step had not been started, or had ended already, so its content is in no message.',
    remedy:
      'See with `stepfold events CHAT` where the step ended; publish the content as a step or an attempt of its own.',
  },
  conflict: {
    cause: 'Two publishers wrote the same step, or it was started twice, or it had 256 MiB of events before.',
    remedy:
      'Give each stream its own step_id, and a new attempt to whoever takes a step over. What is large belongs elsewhere: tell where.',
  },
  'out-of-order': {
    cause: 'The event came after a later one of the same producer had been taken.',
    remedy: 'Send the events of a producer one after the other, and wait for the log to acknowledge them.',
  },
  'store-refused': {
    cause:
      'The store can never take this version of the message: it is too large, or against a rule of the store.',
    remedy: 'Lift the rule that the detail names, then retry it.',
  },
};

/** Why bytes are no event: a code, and a sentence that names the field. Holds no payload beyond ids and numbers. */
export interface EventProblem {
  readonly code: 'bad-json' | 'bad-event' | 'unknown-version' | 'unknown-type' | 'oversize';
  readonly detail: string;
}
