import { argumentsOf } from './arguments-of.js';
import { fieldsOf } from './fields-of.js';
import { createJsonProgress, type JsonProgress } from './json-progress.js';
import { textOf } from './json-of.js';
import { metadataOf } from './metadata-of.js';
import type { StepWriter } from './step-writer.js';

/**
 * The calls of one stream of chat completions, put together from the entries of `tool_calls`.
 *
 * Services disagree about what tells the entries of parallel calls apart. In this order: an id that is known; the
 * index; without one, the latest call. An entry with a name begins another call where its id is another, or where the
 * call that it would go on with has another name or whole arguments already (so calls that all have index 0, or
 * none, are still several). An entry without a name never begins one beside those that are there: its id may change,
 * its index may shift.
 *
 * Nothing says where a call ends. It is made when its arguments are whole and something else begins, at the latest
 * where the model stream finishes.
 */
export interface OpenaiChatCalls {
  /** The entries of one delta, in order. */
  add(entries: readonly unknown[], at: number): void;
  /** Something else begins: the latest call is made if its arguments are whole. */
  settle(at: number): void;
  /** The model stream finished: every call that is not yet made is. */
  make(at: number): void;
  /** A new step begins. */
  reset(): void;
}

interface Call {
  /** Undefined until it is known, or until something of the call has to be written without it. */
  id: string | undefined;
  name: string | undefined;
  /** The arguments so far; of a `custom` call its input, which is no JSON. */
  text: string;
  isCustom: boolean;
  progress: JsonProgress;
  startedAt: number;
  isStarted: boolean;
  isMade: boolean;
  /** The number of the delta that last said something of it. */
  deltaNumber: number;
}

interface Entry {
  readonly index: number | string | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly text: string;
  readonly isCustom: boolean;
  readonly metadata: ReturnType<typeof metadataOf>;
}

export function createOpenaiChatCalls(writer: StepWriter): OpenaiChatCalls {
  let byId = new Map<string, Call>();
  let byIndex = new Map<number | string, Call>();
  let latest: Call | undefined;
  let unmade = new Set<Call>();
  let deltaNumber = 0;
  /** By number within the run, because results are looked up across steps. */
  let namelessCount = 0;

  function callFor(entry: Entry, at: number): Call {
    const known = entry.id === undefined ? undefined : byId.get(entry.id);
    // Parallel calls that were all given one id: the later ones cannot keep it.
    if (known !== undefined && !isAnotherOfOneId(known, entry)) return known;
    const former = entry.index === undefined ? latest : (byIndex.get(entry.index) ?? unnamed(entry));
    if (known === undefined && former !== undefined && !beginsAnother(former, entry)) return former;
    settle(at);
    const call: Call = {
      id: known === undefined ? entry.id : undefined,
      name: undefined,
      text: '',
      isCustom: entry.isCustom,
      progress: createJsonProgress(),
      startedAt: at,
      isStarted: false,
      isMade: false,
      deltaNumber,
    };
    unmade.add(call);
    return (latest = call);
  }

  /** An index that is not known and no name: the index has shifted. */
  function unnamed(entry: Entry): Call | undefined {
    return entry.name === undefined && entry.id === undefined ? latest : undefined;
  }

  function isAnotherOfOneId(known: Call, entry: Entry): boolean {
    return (
      entry.name !== undefined &&
      entry.index !== undefined &&
      byIndex.get(entry.index) === undefined &&
      known.progress.isWhole &&
      entry.text.trim() !== ''
    );
  }

  function beginsAnother(former: Call, entry: Entry): boolean {
    if (entry.name === undefined) return false;
    if (entry.id !== undefined && former.id !== undefined) return entry.id !== former.id;
    if (former.name === undefined) return false;
    if (former.name !== entry.name || former.deltaNumber === deltaNumber) return true;
    return former.progress.isWhole && entry.text.trim() !== '';
  }

  function start(call: Call): void {
    if (call.isStarted) return;
    call.isStarted = true;
    if (call.id === undefined) {
      do call.id = `call#${namelessCount++}`;
      while (byId.has(call.id));
      byId.set(call.id, call);
    }
    writer.inputStart(call.startedAt, { toolCallId: call.id, toolName: call.name });
  }

  function add(given: unknown, at: number): void {
    const entry = entryOf(given);
    if (entry.id === undefined && entry.name === undefined && entry.text === '' && !entry.metadata) return;
    const call = callFor(entry, at);
    // Sent again: an entry that begins a call of this id whose arguments were whole.
    if (entry.name !== undefined && call.progress.isWhole && entry.text.trim() !== '') {
      call.text = '';
      call.progress = createJsonProgress();
      call.isStarted = call.isMade;
    }
    call.deltaNumber = deltaNumber;
    call.name ??= entry.name;
    call.id ??= entry.id !== undefined && byId.has(entry.id) ? undefined : entry.id;
    if (call.id !== undefined && !byId.has(call.id)) byId.set(call.id, call);
    if (entry.index !== undefined) byIndex.set(entry.index, call);
    call.text += entry.text;
    call.progress.add(entry.text);
    // Without id and arguments it waits for the next entry, which may have the id.
    if (call.id === undefined && entry.text === '') return;
    start(call);
    if (entry.text === '' && entry.metadata === undefined) return;
    if (!call.isMade) {
      return writer.inputDelta(at, { toolCallId: call.id, text: entry.text, metadata: entry.metadata });
    }
    // It went on after all, so it is made again.
    if (entry.text.trim() !== '') unmade.add(call);
    call.isMade = !unmade.has(call);
  }

  function makeCall(call: Call, at: number): void {
    if (call.isMade) return;
    start(call);
    call.isMade = true;
    unmade.delete(call);
    writer.inputEnd(at, { toolCallId: call.id });
    writer.call(at, {
      toolCallId: call.id,
      toolName: call.name,
      ...(call.isCustom ? { argsText: call.text } : argumentsOf(call.text)),
    });
  }

  function settle(at: number): void {
    if (latest?.progress.isWhole === true) makeCall(latest, at);
  }

  return {
    add(entries, at) {
      deltaNumber++;
      for (const entry of entries) add(entry, at);
    },
    settle,
    make(at) {
      for (const call of unmade) makeCall(call, at);
    },
    reset() {
      byId = new Map();
      byIndex = new Map();
      latest = undefined;
      unmade = new Set();
    },
  };
}

function entryOf(given: unknown): Entry {
  const entry = fieldsOf(given);
  const isCustom = entry['type'] === 'custom' || (entry['function'] === undefined && 'custom' in entry);
  const tool = fieldsOf(isCustom ? entry['custom'] : entry['function']);
  const index = entry['index'];
  const google = fieldsOf(fieldsOf(entry['extra_content'])['google']);
  return {
    index: typeof index === 'number' || typeof index === 'string' ? index : undefined,
    id: nonEmpty(entry['id']),
    name: nonEmpty(tool['name']),
    text: textOf(isCustom ? tool['input'] : tool['arguments']) ?? '',
    isCustom,
    metadata: metadataOf(undefined, {
      provider: 'google',
      entries: { thoughtSignature: nonEmpty(google['thought_signature']) },
    }),
  };
}

function nonEmpty(given: unknown): string | undefined {
  if (typeof given === 'number') return String(given);
  return typeof given === 'string' && given !== '' ? given : undefined;
}
