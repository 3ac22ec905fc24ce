import { createEventCodec, PARTS_MAX, type Event, type EventOf, type Role } from '@stepfold/events';
import { IMPORT_METADATA, type ImportMarks } from '@stepfold/fold';
import { createPartCounter, createProviderIds, isEmpty, metadataOf, textOf } from '@stepfold/formats';

/** What the importers of all sources take. */
export interface ImportOptions {
  readonly chatId: string;
  /** The time of messages whose own time nobody knows, in microseconds; they are marked as undated. */
  readonly importedAt: number;
  /** Makes an event that is larger than the log takes fit, by eliding values. Without it events stay as they are. */
  readonly fitEvent?: (event: Event) => Event;
}

/** What a stored chat is as events. */
export interface ImportedChat {
  /** One `message` event for each message, or for each step of one, in order. Each opens and completes its step. */
  readonly events: readonly EventOf<'message'>[];
  /** What was passed over, by name, and how often: parts, messages and what is said of them, that no event can say. */
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

/** Ids of steps are made of ids of messages and numbers. */
const ID_LENGTH_MAX = 180;

/**
 * Gathers the events of one chat.
 *
 * 1. Every event is one that the codec takes; what is none is passed over and counted.
 * 2. **Idempotent.** A step is named after its message (`ID`, of an assistant `ID.0`, `ID.1`, …; without an id after its place),
 *    and its event has the same `producer` and `seq` each time: what is imported again is a duplicate.
 * 3. **Nothing is invented.** A part without a time of its own is marked as untimed. A step without parts is none: it
 *    says nothing, and has no place for the mark that its time is not its own.
 */
export function createImportedChat(options: ImportOptions & { readonly producer: string }) {
  const { chatId, importedAt, producer, fitEvent = (event: Event) => event } = options;
  const codec = createEventCodec();
  const providerIds = createProviderIds();
  const counter = createPartCounter();
  const names = createStepNames();
  const events: EventOf<'message'>[] = [];
  let place = 0;

  function add({ id, role, at, steps }: GivenMessage): void {
    const given = textOf(id);
    const base = given === undefined || given === '' ? `message-${place}` : given;
    place++;
    if (steps.every((parts) => parts.length === 0)) return counter.passOver('a message without parts');
    const isNumbered = role === 'assistant';
    const { messageId, stepIds } = names.name(base, steps.length, isNumbered);
    for (const [index, given] of steps.entries()) {
      if (given.length > PARTS_MAX) counter.passOver(`parts beyond ${PARTS_MAX}`);
      const parts = given.slice(0, PARTS_MAX).map((part, number) => {
        const marks: ImportMarks = at === undefined ? { undated: true } : {};
        return marked(part, number > 0 ? marks : { ...marks, message_id: providerIds.idOf(messageId)! });
      });
      if (parts.length === 0) continue;
      push({
        ...{ v: 1, chat_id: chatId, step_id: stepIds[index], at: at ?? importedAt },
        ...{ type: 'message', role, parts },
      });
    }
  }

  function push(fields: Fields): void {
    const read = codec.check({ ...fields, producer, seq: 0 });
    if (read.ok) events.push(fitEvent(read.event) as EventOf<'message'>);
    else counter.passOver(`a message: ${read.detail}`);
  }

  function marked(part: Fields, marks: ImportMarks): Fields {
    const isTimed = part['created_at'] !== undefined || part['partial'] === true;
    const entries = { ...marks, ...(isTimed ? {} : { untimed: true }) };
    const metadata = metadataOf(part['metadata'], { provider: IMPORT_METADATA, entries });
    return Object.fromEntries(
      Object.entries({ ...part, metadata }).filter(([, value]) => value !== undefined),
    );
  }

  const chat: ImportedChat = { events, passedOver: counter.counts };
  return {
    add,
    passOver: (name: string) => counter.passOver(name),
    /** What a message says of itself that no event has a field for is passed over by its name, if it says anything. */
    passOverFields(given: Fields, fields: readonly string[]): void {
      for (const field of fields) if (!isEmpty(given[field])) counter.passOver(field);
    },
    providerIdOf: (given: unknown) => providerIds.idOf(given),
    chat,
  };
}

export type ChatWriter = ReturnType<typeof createImportedChat>;

/** Ids of steps, of which no two are the same in one chat, whatever the messages are called. */
function createStepNames() {
  const taken = new Set<string>();
  const bases = new Set<string>();
  /** How often an id was tried: a hostile chat may have the same one any number of times. */
  const tries = new Map<string, number>();

  function name(base: string, count: number, isNumbered: boolean) {
    const id = idOf(base);
    for (let number = tries.get(id) ?? 0; ; number++) {
      const free = number === 0 ? id : `${id}~${number}`;
      const stepIds = isNumbered ? Array.from({ length: count }, (_, index) => `${free}.${index}`) : [free];
      if (stepIds.some((stepId) => taken.has(stepId))) continue;
      for (const stepId of stepIds) taken.add(stepId);
      tries.set(id, number + 1);
      const isRepeated = bases.has(base);
      bases.add(base);
      return { messageId: isRepeated ? free : base, stepIds };
    }
  }
  return { name };
}

/** The id that an event may have for one of the source. */
function idOf(given: string): string {
  const id = given
    .slice(0, ID_LENGTH_MAX)
    .replaceAll(/[^A-Za-z0-9._~@/-]/g, '-')
    .replace(/^\./, '-');
  return id === '' ? '-' : id;
}
