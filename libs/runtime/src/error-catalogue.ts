/** What an operator or a developer needs to know about one error code. */
export interface CatalogueEntry {
  readonly cause: string;
  readonly remedy: string;
}

/** Every error code of stepfold. Codes are stable: they are added, never renamed. */
export const errorCatalogue = {
  'invariant-violation': {
    cause: 'The program found one of its own invariants broken.',
    remedy: 'Report it with the whole message. The stored data is safe: restart the process.',
  },
  'log-unavailable': {
    cause: 'The event log could not be reached, or did not answer in time.',
    remedy: 'Check that the log runs and that its address is right. Services retry by themselves.',
  },
  'log-access-denied': {
    cause: 'The event log refused the credentials, or the user lacks a right.',
    remedy: 'Check user name, password and mechanism, and grant the rights that docs/kafka.md lists.',
  },
  'log-unsupported': {
    cause: 'The event log is too old, or holds records in a form that cannot be read here.',
    remedy: 'Use Kafka 2.4 or newer, and a compression that docs/kafka.md lists.',
  },
  'store-unavailable': {
    cause: 'The message store could not be reached, is full, or does not take writes.',
    remedy: 'Check that the store runs, has room and takes writes. Services retry by themselves.',
  },
  'store-access-denied': {
    cause: 'The message store refuses the user, the password, or what the user may do.',
    remedy: 'Correct the credentials in its URL, or give the user the role that the message names.',
  },
  'position-deleted': {
    cause: 'The committed position lies before the beginning of the log: retention has deleted it.',
    remedy:
      'Set the groups to where the log begins, as docs/operating.md says, and start again; then `stepfold verify --all`, and `stepfold rebuild --chat` for what it names.',
  },
  'position-beyond-end': {
    cause: 'A position lies beyond the end of the log: the log was replaced, or restored from an older copy.',
    remedy: 'Put the log back, or begin anew with an empty data directory and another group.',
  },
  'partition-unknown': {
    cause: 'A partition was named that the log does not have.',
    remedy: 'Name one from 0 to the number of partitions less one.',
  },
  'log-closed': {
    cause: 'The log was used after it was closed.',
    remedy: 'Keep it open until everything that uses it has stopped.',
  },
  'store-closed': {
    cause: 'The store was used after it was closed.',
    remedy: 'Keep it open until everything that uses it has stopped.',
  },
  'partition-count-differs': {
    cause: 'The log has another number of partitions than the configuration says.',
    remedy:
      'Configure the number that the log has, or begin a new generation: on Kafka by `docs/kafka.md`, else in a new data directory.',
  },
  'generation-differs': {
    cause: 'The log is of another generation than the configuration says.',
    remedy:
      'Configure the generation that the log has, or begin a new one: on Kafka by `docs/kafka.md`, else in a new data directory.',
  },
  'topics-missing': {
    cause: 'Topics of the log do not exist, and the configuration says not to create them.',
    remedy: 'Create them with the commands of the message, or allow their creation.',
  },
  'compression-unknown': {
    cause: 'Records on the log are compressed in a way that this program cannot read.',
    remedy: 'Set the topic and its producers to a kind that it reads, and begin a new generation.',
  },
  'batch-unreadable': {
    cause: 'A batch of records on the log is damaged, or too large once it is decompressed.',
    remedy: 'Repair the replica that holds it, or begin a new generation behind it.',
  },
  'data-unreadable': {
    cause: 'A file of the embedded log or store cannot be opened, or was written by a newer version.',
    remedy: 'Check the path and its permissions; use the version that wrote it, or another data directory.',
  },
  'event-invalid': {
    cause: 'An event does not follow the schema.',
    remedy: 'Correct the field that the message names.',
  },
  'event-dropped': {
    cause:
      "The publisher's queue was full, and it was told to drop what finds no room. The message shows the gap.",
    remedy:
      'See why the log does not keep up; raise `queueEventsMax` and `queueBytesMax`, or choose to wait.',
  },
  'outbox-unavailable': {
    cause:
      'The outbox could not keep, give or forget events: its disk is full, or its directory is gone or not writable.',
    remedy:
      'Make room or give the rights. Events are sent all the same; what is queued dies with the process until then.',
  },
  'event-redacted': {
    cause: 'The redaction hook withheld an event, and its position was asked for.',
    remedy: 'Nothing is wrong: what was withheld has no position.',
  },
  'event-oversize': {
    cause: 'An event is larger than the log takes.',
    remedy: 'Publish large results as files with a URL, or let the publisher elide the largest value.',
  },
  'publisher-closed': {
    cause: 'Something was published after the publisher had been closed.',
    remedy: 'Close the publisher last, after every open step.',
  },
  'result-unrecorded': {
    cause:
      'A tool gave its result when no step of its run was open, and the run was closed before the next one.',
    remedy: 'Open the run with `runsTools: true`, or close it after the last model call.',
  },
  'stream-unrecorded': {
    cause: 'A response could not be recorded: its body is no web stream. The application reads it as it is.',
    remedy: 'Use the `fetch` of the platform, or record what the SDK makes of the response.',
  },
  'step-closed': {
    cause: 'Something was published to a step after its end.',
    remedy: 'Open the step again with a higher attempt, or do not use it after `end` or `interrupt`.',
  },
  'step-open': {
    cause: 'A step was opened whose present attempt, or a later one, this publisher holds open.',
    remedy: 'Use the step that is open, or `retry()` for its next attempt.',
  },
  'open-steps-full': {
    cause: 'More steps were opened than a publisher may hold open at once.',
    remedy: 'End steps when they are over, or raise `openStepsMax`.',
  },
  'bad-configuration': {
    cause: 'A limit or setting has a value that cannot work, alone or with another one.',
    remedy: 'Correct the setting that the message names.',
  },
  'bad-usage': {
    cause: 'A command was given arguments that do not fit.',
    remedy: 'See `stepfold COMMAND --help`.',
  },
  'bad-input': {
    cause: 'A file holds something that cannot be used.',
    remedy: 'Correct the file at the line and field that the message names.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
