import { createEventCodec, PARTS_MAX, type EventOf, type Role } from '@stepfold/events';
import { IMPORT_METADATA, type ImportMarks } from '@stepfold/fold';
import { createProviderIds, metadataOf, textOf } from '@stepfold/formats';

/** What the importers of all sources take. */
export interface ImportOptions {
  readonly chatId: string;
  /** The time of messages whose own time nobody knows, in microseconds; they are marked as undated. */
  readonly importedAt: number;
}

/** What a stored chat is as events. */
export interface ImportedChat {
  /** One `message` event for each message, or for each step of one, in order. Each opens and completes its step. */
  readonly events: readonly EventOf<'message'>[];
  /** What was passed over, by name, and how often: parts, and messages, that no event can say. */
  readonly passedOver: ReadonlyMap<string, number>;
}

export type Fields = Readonly<Record<string, unknown>>;

export interface GivenMessage {
  /** Its id in the source, if it has one. */
  readonly id: unknown;
  readonly role: Role;
  /** Microseconds; undefined if nobody knows. */
  readonly at: number | undefined;
  /** What it is: one list of parts, or one for each model step. Fields are those of contract/message.md; undefined ones are left out. */
  readonly steps: readonly (readonly Fields[])[];
}

/** Ids of steps are made of ids of messages and a number. */
const ID_LENGTH_MAX = 180;

/**
 * Gathers the events of one chat.
 *
 * 1. Every event is one that the codec takes; what is none is passed over and counted.
 * 2. **Idempotent.** A step is named after its message (`ID`, of several steps `ID.0`, `ID.1`, …; without an id after its place),
 *    and its event has the same `producer` and `seq` each time: what is imported again is a duplicate.
 * 3. **Nothing is invented.** A part without a time of its own is marked as untimed.
 */
export function createImportedChat(options: ImportOptions & { readonly producer: string }) {
  const { chatId, importedAt, producer } = options;
  const codec = createEventCodec();
  const providerIds = createProviderIds();
  const events: EventOf<'message'>[] = [];
  const passedOver = new Map<string, number>();
  const taken = new Set<string>();
  let place = 0;

  function passOver(name: unknown): void {
    const key = (textOf(name) ?? 'nothing').slice(0, 100) || 'nothing';
    passedOver.set(key, (passedOver.get(key) ?? 0) + 1);
  }

  function add({ id, role, at, steps }: GivenMessage): void {
    const given = textOf(id);
    const base = given === undefined || given === '' ? `message-${place}` : given;
    place++;
    const messageId = unused(idOf(base));
    for (const [index, step] of steps.entries()) {
      const stepId = role === 'assistant' ? `${messageId}.${index}` : messageId;
      const marks: ImportMarks = { ...(at === undefined ? { undated: true } : {}), message_id: base };
      if (step.length > PARTS_MAX) passOver(`parts beyond ${PARTS_MAX}`);
      const parts = step.slice(0, PARTS_MAX).map((part) => marked(part, marks));
      push({ v: 1, chat_id: chatId, step_id: stepId, at: at ?? importedAt, type: 'message', role, parts });
    }
  }

  function push(fields: Fields): void {
    const read = codec.check({ ...fields, producer, seq: 0 });
    if (read.ok) events.push(read.event as EventOf<'message'>);
    else passOver(`a message: ${read.detail}`);
  }

  function marked(part: Fields, marks: ImportMarks): Fields {
    const isTimed = part['created_at'] !== undefined || part['partial'] === true;
    const entries = { ...marks, ...(isTimed ? {} : { untimed: true }) };
    const metadata = metadataOf(part['metadata'], { provider: IMPORT_METADATA, entries });
    return Object.fromEntries(
      Object.entries({ ...part, metadata }).filter(([, value]) => value !== undefined),
    );
  }

  function unused(id: string): string {
    let free = id;
    for (let number = 1; taken.has(free); number++) free = `${id}~${number}`;
    taken.add(free);
    return free;
  }

  const chat: ImportedChat = { events, passedOver };
  return { add, passOver, providerIdOf: (given: unknown) => providerIds.idOf(given), chat };
}

export type ChatWriter = ReturnType<typeof createImportedChat>;

/** The id that an event may have for one of the source. */
function idOf(given: string): string {
  const id = given
    .replaceAll(/[^A-Za-z0-9._~@/-]/gu, '-')
    .replace(/^\./, '-')
    .slice(0, ID_LENGTH_MAX);
  return id === '' ? '-' : id;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
