import { argumentsOf } from './arguments-of.js';
import { fieldsOf } from './fields-of.js';

type Fields = Readonly<Record<string, unknown>>;

/** What kind of call an item is, as far as its type and its fields say. */
export interface Tool {
  readonly toolName: unknown;
  readonly isProviderExecuted: boolean;
  readonly isDynamic: boolean;
  /** The item's own id names the call: there is no call id that could still change. */
  readonly isNamedByItem: boolean;
  /** When the call has been made: as the item begins, as its input ends, or as it is done. */
  readonly madeAt: 'start' | 'input' | 'done';
}

export type CallArguments = ReturnType<typeof argumentsOf>;

export interface ToolOutput {
  readonly result: unknown;
  readonly isError: boolean;
}

interface ToolDefinition {
  readonly name?: string;
  readonly isProviderExecuted?: (item: Fields, isXai: boolean) => boolean;
  readonly isNamedByItem?: (item: Fields) => boolean;
  readonly isDynamic?: true;
  readonly madeAt?: 'start' | 'input';
  readonly args: (item: Fields, text: string, isXai: boolean) => CallArguments;
  readonly announced?: (item: Fields) => Fields;
  /** Undefined: the result is an item of its own, or the client's. */
  readonly result?: (item: Fields, isXai: boolean) => unknown;
  /** Fields that are told by the call, its arguments or its result. */
  readonly told?: readonly string[];
}

const always = () => true;
/** Tools that run at the provider and have their result in the same item. */
const hosted = { isProviderExecuted: always, isNamedByItem: always } as const;

/**
 * The calls of the Responses API. Names, arguments and results have the shapes that the AI SDK gives them, so that
 * whoever reads both need not tell them apart; but a web search and a file search have what was searched for as
 * arguments, where the AI SDK, which makes the call before that is known, has none.
 */
const definitions: ReadonlyMap<unknown, ToolDefinition> = new Map<unknown, ToolDefinition>([
  ['function_call', { args: (item, text) => parsed(item['arguments'], text) }],
  [
    'custom_tool_call',
    {
      // xAI reports its own tools as custom calls; their input is JSON, and a client never runs them.
      isProviderExecuted: isOfXai,
      args: (item, text, isXai) =>
        isOfXai(item, isXai) ? parsed(item['input'], text) : { args: given(item['input'], text) },
      result: (item, isXai) => (isOfXai(item, isXai) ? {} : undefined),
    },
  ],
  [
    'web_search_call',
    {
      ...hosted,
      name: 'web_search',
      args: (item, text) => {
        const { sources: _sources, ...action } = fieldsOf(item['action']);
        return given(item['arguments'], text) === '' ? { args: action } : parsed(item['arguments'], text);
      },
      result: webSearchResult,
      told: ['action'],
    },
  ],
  [
    'file_search_call',
    {
      ...hosted,
      name: 'file_search',
      args: ({ queries }) => ({ args: { queries: queries ?? [] } }),
      result: ({ queries, results }) => ({
        queries,
        results: Array.isArray(results) ? results.map(fileSearchResult) : null,
      }),
      told: ['queries', 'results'],
    },
  ],
  [
    'code_interpreter_call',
    {
      ...hosted,
      name: 'code_interpreter',
      madeAt: 'input',
      args: (item, text) =>
        given(item['arguments'], '') === ''
          ? { args: { code: given(item['code'], text), containerId: item['container_id'] } }
          : parsed(item['arguments'], text),
      announced: (item) => ({ containerId: item['container_id'] }),
      result: ({ outputs }) => ({ outputs }),
      told: ['code', 'container_id', 'outputs'],
    },
  ],
  [
    'image_generation_call',
    {
      ...hosted,
      name: 'image_generation',
      // Previews may come before the item is done, and a result needs its call.
      madeAt: 'start',
      args: () => ({ args: {} }),
      result: ({ result, prompt }) => present({ result, prompt }),
      told: ['result', 'prompt'],
    },
  ],
  [
    'mcp_call',
    {
      ...hosted,
      isDynamic: true,
      madeAt: 'input',
      args: (item, text) => parsed(item['arguments'], text),
      result: (item) => ({
        type: 'call',
        ...present({
          serverLabel: item['server_label'],
          name: item['name'],
          arguments: item['arguments'],
          output: item['output'],
          error: item['error'],
        }),
      }),
      told: ['server_label', 'output', 'error', 'approval_request_id'],
    },
  ],
  [
    'mcp_approval_request',
    { ...hosted, isDynamic: true, args: (item, text) => parsed(item['arguments'], text) },
  ],
  [
    'tool_search_call',
    {
      name: 'tool_search',
      isProviderExecuted: (item) => item['execution'] !== 'client',
      isNamedByItem: (item) => item['execution'] !== 'client',
      args: (item) => ({ args: { arguments: item['arguments'], call_id: item['call_id'] ?? null } }),
      told: ['execution'],
    },
  ],
  [
    'program',
    {
      name: 'programmatic_tool_calling',
      isProviderExecuted: always,
      args: ({ code, fingerprint }) => ({ args: { code, fingerprint } }),
      told: ['code', 'fingerprint'],
    },
  ],
  [
    'computer_call',
    {
      name: 'computer',
      args: (item) => ({
        args: {
          actions: asList(item['actions'] ?? item['action']).map(computerAction),
          pendingSafetyChecks: asList(item['pending_safety_checks']).map((check) => present(fieldsOf(check))),
          status: item['status'],
        },
      }),
      told: ['action', 'actions', 'pending_safety_checks'],
    },
  ],
  [
    'local_shell_call',
    {
      name: 'local_shell',
      args: (item) => {
        const { type, command, env, user, ...action } = fieldsOf(item['action']);
        const timing = { timeoutMs: action['timeout_ms'], workingDirectory: action['working_directory'] };
        return { args: { action: present({ type, command, ...timing, user, env }) } };
      },
      told: ['action'],
    },
  ],
  [
    'shell_call',
    {
      name: 'shell',
      // In a container of the provider; elsewhere the client runs it. An output item in the stream says so too.
      isProviderExecuted: (item) => {
        const type = fieldsOf(item['environment'])['type'];
        return typeof type === 'string' && type.startsWith('container');
      },
      args: (item, text) => {
        const { commands, ...action } = fieldsOf(item['action']);
        const limits = { timeoutMs: action['timeout_ms'], maxOutputLength: action['max_output_length'] };
        return {
          args: { action: { commands: commands ?? (text === '' ? [] : [text]), ...present(limits) } },
        };
      },
      told: ['action'],
    },
  ],
  [
    'apply_patch_call',
    {
      name: 'apply_patch',
      args: (item) => ({ args: { callId: item['call_id'], operation: item['operation'] } }),
      announced: (item) => {
        const { diff: _diff, ...operation } = fieldsOf(item['operation']);
        return { operation };
      },
      told: ['operation'],
    },
  ],
]);

/** A call that is not known here: tools of the provider that came later, and those of other providers. */
const other: ToolDefinition = {
  isProviderExecuted: isOfProvider,
  isNamedByItem: isOfProvider,
  args: (item, text) =>
    given(item['arguments'] ?? item['input'], text) === ''
      ? { args: fieldsOf(item['action']) }
      : parsed(item['arguments'] ?? item['input'], text),
  result: (item, isXai) => (isOfProvider(item, isXai) ? untold(item, ['action']) : undefined),
};

const xaiTools: ReadonlySet<unknown> = new Set([
  'x_user_search',
  'x_keyword_search',
  'x_semantic_search',
  'x_thread_fetch',
  'view_x_video',
]);
/** Fields of every item that events have fields for, or that say nothing which lasts. */
const alwaysTold = [
  ...['id', 'type', 'status', 'call_id', 'name', 'arguments', 'input'],
  ...['caller', 'namespace', 'async'],
];

export function toolOf(item: Fields, isXai: boolean): Tool {
  const definition = definitionOf(item);
  return {
    toolName: toolNameOf(item, definition),
    isProviderExecuted: definition.isProviderExecuted?.(item, isXai) ?? false,
    isDynamic: definition.isDynamic ?? false,
    isNamedByItem: definition.isNamedByItem?.(item) ?? false,
    madeAt: definition.madeAt ?? 'done',
  };
}

/** The arguments of a call. `text` is what was streamed of them, for items that do not repeat it. */
export function callArgumentsOf(item: Fields, text: string, isXai: boolean): CallArguments {
  return definitionOf(item).args(item, text, isXai);
}

/** What the provider's tool gave, if this item says so. */
export function toolOutputOf(item: Fields, isXai: boolean): ToolOutput | undefined {
  const result = definitionOf(item).result?.(item, isXai);
  if (result === undefined) return undefined;
  const isError = item['status'] === 'failed' || item['status'] === 'incomplete' || isGiven(item['error']);
  return { result, isError };
}

/** Fields of a call that no event has a place for, under their own names. */
export function untoldFieldsOf(item: Fields): Fields {
  const definition = definitionOf(item);
  return definition === other ? {} : untold(item, definition.told ?? []);
}

/** Arguments that are known as a call begins, beside those that are streamed: which file a patch is for. */
export function announcedArgumentsOf(item: Fields): Fields {
  return definitionOf(item).announced?.(item) ?? {};
}

function definitionOf(item: Fields): ToolDefinition {
  return definitions.get(item['type']) ?? other;
}

function toolNameOf(item: Fields, definition: ToolDefinition): unknown {
  const name = item['name'];
  const isNamed = typeof name === 'string' && name !== '';
  if (definition.isDynamic === true) return `mcp.${isNamed ? name : 'unknown'}`;
  if (isNamed || definition.name !== undefined) return isNamed ? name : definition.name;
  return typeof item['type'] === 'string' ? item['type'].replace(/_call$/, '') : undefined;
}

function isOfXai(item: Fields, isXai: boolean): boolean {
  return isXai || xaiTools.has(item['name']);
}

/** Calls that the client is to run have a call id, by which it answers. */
function isOfProvider(item: Fields, isXai = false): boolean {
  return isXai || typeof item['call_id'] !== 'string' || item['call_id'] === '';
}

/** What a web search did, as the AI SDK names it where it does so differently. */
const webActions: ReadonlyMap<unknown, string> = new Map([
  ['open_page', 'openPage'],
  ['find_in_page', 'findInPage'],
]);

function webSearchResult(item: Fields): unknown {
  const status = item['status'];
  if (status === 'failed' || status === 'incomplete') return { status };
  if (!isGiven(item['action'])) return {};
  const { type, sources, ...action } = fieldsOf(item['action']);
  const shown = present({ type: webActions.get(type) ?? type, ...action });
  return { action: shown, ...present({ sources }) };
}

function fileSearchResult(given: unknown): unknown {
  const { file_id: fileId, ...result } = fieldsOf(given);
  return present({ fileId, ...result });
}

function computerAction(given: unknown): unknown {
  const { scroll_x: scrollX, scroll_y: scrollY, ...action } = fieldsOf(given);
  return present({ ...action, scrollX, scrollY });
}

function asList(given: unknown): readonly unknown[] {
  if (Array.isArray(given)) return given;
  return isGiven(given) ? [given] : [];
}

function untold(item: Fields, told: readonly string[]): Fields {
  const isTold = new Set([...alwaysTold, ...told]);
  return present(Object.fromEntries(Object.entries(item).filter(([name]) => !isTold.has(name))));
}

/** Arguments as a value; of text that is no JSON the text itself. Empty text is no arguments. */
function parsed(value: unknown, text: string): CallArguments {
  const source = given(value, text);
  return typeof source === 'string' ? argumentsOf(source) : { args: source };
}

/** What the item gives, unless that is nothing; then what was streamed. */
function given(value: unknown, text: string): unknown {
  return isGiven(value) && value !== '' ? value : text;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isGiven(value)));
}
