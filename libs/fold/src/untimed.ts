import type { Message, Part } from './message.js';

/**
 * Messages that were imported may not know their times. The fold gives every part of a whole message a `created_at`, that of the
 * message, so importers mark, in the part's metadata, what nobody knows:
 *
 * - `stepfold.untimed`: when the part was made. Its `created_at` is none, and nothing that is derived from it means anything.
 * - `stepfold.undated`: when the message was made: its time is that of the import. On every part of such a message.
 * - `stepfold.message_id`: the message of the source, on the first part of a step; several steps may be of one.
 */
export const IMPORT_METADATA = 'stepfold';

export interface ImportMarks {
  readonly untimed?: true;
  readonly undated?: true;
  readonly message_id?: string;
}

/** True if nobody knows when the part was made. */
export function isUntimed(part: Part): boolean {
  return markOf(part, 'untimed') === true;
}

/** When the part was made, as far as anybody knows. Durations begin and end with this, never with `created_at` itself. */
export function knownCreatedAt(part: Part): number | undefined {
  return isUntimed(part) ? undefined : part.created_at;
}

/** What its source called an imported message. */
export function importedMessageId({ parts }: Message): string | undefined {
  const id = parts[0] === undefined ? undefined : markOf(parts[0], 'message_id');
  return typeof id === 'string' ? id : undefined;
}

/**
 * The message without the stamps that nobody knows and without the marks that say so: for whoever shows it. Where nothing is
 * marked it is the message itself.
 */
export function withoutUnknownTimes(message: Message): Message {
  if (!message.parts.some(isMarked)) return message;
  const { started_at, ended_at, last_event_at, ...rest } = message;
  const isUndated = message.parts.some((part) => markOf(part, 'undated') === true);
  // Whoever reads stamps has to bear that a document of an older version lacks them.
  return {
    ...rest,
    ...(isUndated ? {} : { started_at, ended_at, last_event_at }),
    parts: message.parts.map(withoutMarks),
  } as Message;
}

function withoutMarks(part: Part): Part {
  if (!isMarked(part)) return part;
  const { metadata = {}, created_at: _madeAt, ...rest } = part;
  const created_at = knownCreatedAt(part);
  const { [IMPORT_METADATA]: _marks, ...others } = metadata;
  return {
    ...rest,
    ...(created_at === undefined ? {} : { created_at }),
    ...(Object.keys(others).length === 0 ? {} : { metadata: others }),
  } as Part;
}

function isMarked(part: Part): boolean {
  return part.metadata !== undefined && Object.hasOwn(part.metadata, IMPORT_METADATA);
}

function markOf(part: Part, name: keyof ImportMarks): unknown {
  return isMarked(part) ? part.metadata?.[IMPORT_METADATA]?.[name] : undefined;
}
