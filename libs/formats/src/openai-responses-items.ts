import { fieldsOf, isObject } from './fields-of.js';

type Fields = Readonly<Record<string, unknown>>;

/** What an output item is here: blocks of text or reasoning, a call, the result of one, or anything else. */
export type ItemKind = 'message' | 'reasoning' | 'call' | 'result' | 'other';

/** An output item of the response that is being read, as far as it is known. */
export interface Item {
  readonly kind: ItemKind;
  /** The item's number in the response, in order of start. */
  readonly ordinal: number;
  /** The latest that the stream said of it as a whole; empty while only parts of it came. */
  fields: Fields;
  /** The first id that it was seen with: some services give it another one in every event. */
  id?: string | undefined;
  /** When it began, if the stream said so. */
  addedAt?: number;
  isDone: boolean;
  /** In order of start. */
  readonly blocks: Block[];
  /** The block of each content or summary part. */
  readonly blocksByPart: Map<string, Block>;
  readonly input: CallInput;
  /** What a command printed so far, by its index. */
  readonly printed: Map<unknown, { stdout: string; stderr: string }>;
}

/** One text or reasoning block of an item. */
export interface Block {
  readonly id: string;
  isOpen: boolean;
  hasText: boolean;
  /** When it last said something, if only that it begins. */
  lastAt: number;
  /** The model refuses; its text says why. */
  isRefusal: boolean;
  /** When its last part event said that it is complete. */
  concludedAt?: number | undefined;
  annotations: unknown[];
  /** Indices of those that have become sources. */
  readonly sourced: Set<unknown>;
}

/** What the stream said of the arguments of a call. */
export interface CallInput {
  text: string;
  isStarted: boolean;
  isMade: boolean;
  isRunning: boolean;
  /** Pieces that wait until it is known what the call is named. */
  held: { readonly text: string; readonly at: number }[];
  endedAt?: number | undefined;
  /** What the call is named, once that can no longer change. */
  fixedId?: string | undefined;
}

export interface ResponseItems {
  /** All items of the response, in order of start. */
  readonly all: readonly Item[];
  /** The item that an event is about; a new one if the stream never said that it began. */
  find(kind: ItemKind, part: Fields): Item;
  /** The item that begins; undefined if it had begun. */
  begin(part: Fields, at: number): Item | undefined;
  /** The item that is done. */
  finish(part: Fields): Item;
  /** The items of a whole output, each with what it says. Those that never came in events are new ones. */
  match(output: readonly unknown[]): { readonly item: Item; readonly fields: Fields }[];
  clear(): void;
}

/**
 * Finds output items by `output_index`, which alone stays the same where a service gives an item another id in
 * every event; by id where there is no index, or where the item at the index is another one.
 */
export function createResponseItems(): ResponseItems {
  let all: Item[] = [];
  let byIndex = new Map<number, Item>();
  let byId = new Map<string, Item>();
  let latest: Partial<Record<ItemKind, Item>> = {};

  function create(kind: ItemKind, index: unknown, fields: Fields, id: string | undefined): Item {
    const item: Item = {
      kind,
      ordinal: all.length,
      fields,
      isDone: false,
      blocks: [],
      blocksByPart: new Map(),
      input: { text: '', isStarted: false, isMade: false, isRunning: false, held: [] },
      printed: new Map(),
    };
    all.push(item);
    if (isIndex(index)) byIndex.set(index, item);
    latest[kind] = item;
    name(item, id);
    return item;
  }

  function name(item: Item, id: string | undefined): void {
    if (id === undefined) return;
    item.id ??= id;
    byId.set(id, item);
  }

  function known(kind: ItemKind, index: unknown, id: string | undefined): Item | undefined {
    const indexed = isIndex(index) ? byIndex.get(index) : undefined;
    const named = id === undefined ? undefined : byId.get(id);
    const fits = (item: Item | undefined) => (item?.kind === kind ? item : undefined);
    if (fits(indexed) !== undefined && (indexed?.id === id || fits(named) === undefined)) return indexed;
    if (fits(named) !== undefined) return named;
    return !isIndex(index) && id === undefined ? latest[kind] : undefined;
  }

  return {
    get all() {
      return all;
    },
    find(kind, part) {
      const id = idOf(part['item_id']);
      return known(kind, part['output_index'], id) ?? create(kind, part['output_index'], {}, id);
    },
    begin(part, at) {
      const fields = fieldsOf(part['item']);
      const kind = itemKindOf(fields['type']);
      const id = idOf(fields['id']);
      const former = known(kind, part['output_index'], id);
      // The same beginning again, or that of an item of which parts came first.
      const isSame =
        former !== undefined && (former.addedAt === undefined ? !former.isDone : former.id === id);
      if (isSame && former.addedAt !== undefined) return undefined;
      const item = isSame ? former : create(kind, part['output_index'], fields, id);
      item.fields = fields;
      item.addedAt = at;
      name(item, id);
      return item;
    },
    finish(part) {
      const fields = fieldsOf(part['item']);
      const kind = itemKindOf(fields['type']);
      const id = idOf(fields['id']);
      const former = known(kind, part['output_index'], id);
      const isAnother = former?.isDone === true && former.fields['id'] !== fields['id'];
      const item =
        former === undefined || isAnother ? create(kind, part['output_index'], fields, id) : former;
      name(item, id);
      return item;
    },
    match(output) {
      const given = output.filter(isObject);
      const byCall = new Map(all.map((item) => [callKey(item.kind, item.fields), item]));
      const taken = new Set<Item>();
      const take = (item: Item | undefined, fields: Fields) => {
        const type = item?.fields['type'] ?? fields['type'];
        const isSame = item?.kind === itemKindOf(fields['type']) && type === fields['type'];
        if (item === undefined || !isSame || taken.has(item)) return undefined;
        taken.add(item);
        return item;
      };
      const exact = given.map((fields) => {
        const call = callKey(itemKindOf(fields['type']), fields);
        const named = take(byId.get(idOf(fields['id']) ?? ''), fields);
        return named ?? (call === undefined ? undefined : take(byCall.get(call), fields));
      });
      return given.map((fields, index) => {
        const item = exact[index] ?? take(byIndex.get(index), fields);
        return {
          item: item ?? create(itemKindOf(fields['type']), undefined, fields, idOf(fields['id'])),
          fields,
        };
      });
    },
    clear() {
      all = [];
      byIndex = new Map();
      byId = new Map();
      latest = {};
    },
  };
}

function itemKindOf(type: unknown): ItemKind {
  if (type === 'message' || type === 'reasoning') return type;
  if (typeof type !== 'string') return 'other';
  if (type.endsWith('_output')) return 'result';
  return type.endsWith('_call') || type === 'program' || type === 'mcp_approval_request' ? 'call' : 'other';
}

function callKey(kind: ItemKind, fields: Fields): string | undefined {
  const id = idOf(fields['call_id']);
  return id === undefined ? undefined : `${kind} ${id}`;
}

/** What an item says when it is done, over what it said before. What the next request needs is not taken back. */
export function mergedFields(former: Fields, fields: Fields): Fields {
  const merged: Record<string, unknown> = { ...former, ...fields };
  for (const name of ['call_id', 'name', 'phase', 'encrypted_content']) {
    if (isNothing(merged[name]) && !isNothing(former[name])) merged[name] = former[name];
  }
  return merged;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** An id that tells items apart: text that is not empty, or a number. */
export function idOf(given: unknown): string | undefined {
  if (typeof given === 'number') return String(given);
  return typeof given === 'string' && given !== '' ? given : undefined;
}

function isIndex(given: unknown): given is number {
  return typeof given === 'number' && Number.isSafeInteger(given) && given >= 0;
}
