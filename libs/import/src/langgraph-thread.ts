import type { Role } from '@stepfold/events';
import { fieldsOf, isObject, textOf } from '@stepfold/formats';
import { createImportedChat, type Fields, type ImportedChat, type ImportOptions } from './imported-chat.js';
import { langchainParts } from './langchain-message.js';
import { firstTimeOf } from './time-of.js';

/**
 * A thread of LangGraph, as JSON: its state (`{values: {messages}}`), its history (a list of states, as its API or its
 * library gives them, or of checkpoints as a saver does), or the messages alone. Messages may be plain (`{type: 'ai', content, …}`)
 * or serialised by LangChain (`{lc, id, kwargs}`). Of a history the messages are those of its newest state.
 *
 * LangGraph has no time of a message. With the history, one that a state has and the state before it has not was made by when that state was, and has its
 * `created_at`. Parts have none.
 */
export function importLangGraphThread(thread: unknown, options: ImportOptions): ImportedChat {
  const writer = createImportedChat({ ...options, producer: 'import-langgraph' });
  const states = statesOf(thread);
  const times = timesOf(states);
  const newest = states.find(({ messages }) => messages !== undefined);
  for (const [index, given] of (newest?.messages ?? []).entries()) {
    const message = plainOf(given);
    const role = roleOf(message);
    if (role === undefined) {
      writer.passOver('a message that is none');
      continue;
    }
    writer.passOverFields(message, ['usage_metadata', 'response_metadata', 'artifact']);
    writer.add({
      id: message['id'],
      role,
      at: times.get(keyOf(message, index)),
      steps: [langchainParts(message, role, writer)],
    });
  }
  return writer.chat;
}

interface State {
  /** Undefined if it has none: then it says nothing about when they were made. */
  readonly messages: readonly unknown[] | undefined;
  readonly createdAt: number | undefined;
  /** Nothing was before it. */
  readonly isFirst: boolean;
}

/** Newest first. */
function statesOf(thread: unknown): readonly State[] {
  if (!Array.isArray(thread)) return [stateOf(thread)];
  const isHistory = thread.some((item) => valuesOf(item) !== undefined);
  if (!isHistory) return [{ messages: thread, createdAt: undefined, isFirst: false }];
  const states = thread.map((item) => stateOf(item));
  const times = states.flatMap(({ createdAt }) => (createdAt === undefined ? [] : [createdAt]));
  // As LangGraph gives them, unless somebody has turned them round.
  return times.length > 0 && times[0]! < times.at(-1)! ? states.toReversed() : states;
}

function stateOf(given: unknown): State {
  const state = fieldsOf(given);
  const { messages } = valuesOf(state) ?? state;
  const parents = [state['parent_checkpoint'], state['parent_config'], state['parentConfig']];
  return {
    messages: Array.isArray(messages) ? messages : undefined,
    createdAt: firstTimeOf(state['created_at'], state['createdAt'], fieldsOf(state['checkpoint'])['ts']),
    isFirst: parents.includes(null) || fieldsOf(state['metadata'])['step'] === FIRST_STEP,
  };
}

/** The number of the checkpoint of the input that a thread begins with. */
const FIRST_STEP = -1;

function valuesOf(given: unknown): Fields | undefined {
  const state = fieldsOf(given);
  const values = state['values'] ?? fieldsOf(state['checkpoint'])['channel_values'];
  return isObject(values) ? values : undefined;
}

/** When messages were first there, where the state before is known. */
function timesOf(states: readonly State[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  let before: ReadonlySet<string> | undefined;
  for (const { messages, createdAt, isFirst } of states.toReversed()) {
    if (messages === undefined && !isFirst) continue;
    const present = new Set((messages ?? []).map((given, index) => keyOf(plainOf(given), index)));
    const former = before ?? (isFirst ? new Set<string>() : undefined);
    if (former !== undefined && createdAt !== undefined) {
      for (const key of present) if (!former.has(key) && !times.has(key)) times.set(key, createdAt);
    }
    before = present;
  }
  return times;
}

function keyOf({ id }: Fields, index: number): string {
  return textOf(id) ?? `#${index}`;
}

/** LangChain writes `{lc: 1, type: 'constructor', id: ['langchain_core', 'messages', 'AIMessage'], kwargs}`, or `{type, data}`. */
function plainOf(given: unknown): Fields {
  const message = fieldsOf(given);
  const { id, kwargs, data } = message;
  if (isObject(kwargs) && Array.isArray(id)) return { type: textOf(id.at(-1)), ...kwargs };
  return isObject(data) && message['content'] === undefined ? { type: message['type'], ...data } : message;
}

const roles = new Map<string, Role>([
  ['human', 'user'],
  ['user', 'user'],
  ['ai', 'assistant'],
  ['assistant', 'assistant'],
  ['system', 'system'],
  ['developer', 'system'],
  ['tool', 'tool'],
]);

function roleOf(message: Fields): Role | undefined {
  const name = textOf(message['type']) ?? textOf(message['role']) ?? '';
  return roles.get(name.replace(/Message(?:Chunk)?$/, '').toLowerCase());
}
