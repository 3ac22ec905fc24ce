import type { Run } from '@stepfold/recorder';

type Fields = Readonly<Record<string, unknown>>;
type Execute = (...given: unknown[]) => unknown;

/** When the tools of a call of `streamText` began and returned: the stream tells of a result only later. */
export interface ToolTimes {
  /** Options that make the SDK tell, besides those of the caller. */
  readonly options: Fields;
  /** When the tool of a part that tells of a result returned, in microseconds. */
  returnedAt(part: unknown): number | undefined;
}

/** The hooks of AI SDK 6 and 7. Version 5 has none. */
const startHooks = ['onToolExecutionStart', 'experimental_onToolCallStart'];
const endHooks = ['onToolExecutionEnd', 'experimental_onToolCallFinish'];

/**
 * Listens to the hooks of the SDK, beside the caller's own. Where no hook has told of a call when its tool is run, as in
 * version 5, the tool's `execute` tells; it gets and gives what it would without.
 */
export function toolTimes(given: Fields, run: Run): ToolTimes {
  const started = new Set<string>();
  const returned = new Map<string, number>();

  function start(toolCallId: unknown): void {
    if (typeof toolCallId !== 'string' || started.has(toolCallId)) return;
    started.add(toolCallId);
    run.toolExecutionStart(toolCallId);
  }

  function end(toolCallId: unknown): void {
    if (typeof toolCallId === 'string' && !returned.has(toolCallId))
      returned.set(toolCallId, run.nowMicros());
  }

  function hook(name: string, tell: (toolCallId: unknown) => void): Fields {
    const own = given[name];
    return {
      [name]: (event: { readonly toolCall?: { readonly toolCallId?: unknown } }) => {
        tell(event.toolCall?.toolCallId);
        return typeof own === 'function' ? (own as Execute)(event) : undefined;
      },
    };
  }

  /** The newer name counts in version 7, where both are known. The older one is given only if the caller gave it, or has neither. */
  function hooks(): Fields {
    const all: Fields[] = [];
    for (const [names, tell] of [
      [startHooks, start],
      [endHooks, end],
    ] as const) {
      const own = names.find((name) => given[name] !== undefined);
      for (const name of own === undefined ? names : [own]) all.push(hook(name, tell));
    }
    return Object.assign({}, ...all) as Fields;
  }

  function timed(tool: unknown): unknown {
    const execute = (tool as { execute?: unknown } | null)?.execute;
    if (typeof execute !== 'function') return tool;
    const timedTool = Object.assign(Object.create(Object.getPrototypeOf(tool) as object) as object, tool, {
      execute(...received: unknown[]): unknown {
        const { toolCallId } = (received[1] ?? {}) as { toolCallId?: unknown };
        if (typeof toolCallId !== 'string' || started.has(toolCallId)) {
          return (execute as Execute).apply(tool, received);
        }
        start(toolCallId);
        let answer: unknown;
        try {
          answer = (execute as Execute).apply(tool, received);
        } catch (error) {
          end(toolCallId);
          throw error;
        }
        if (isAsyncIterable(answer)) return iterated(answer, () => end(toolCallId));
        if (!isPromiseLike(answer)) {
          end(toolCallId);
          return answer;
        }
        return answer.then(
          (value) => {
            end(toolCallId);
            return value;
          },
          (error: unknown) => {
            end(toolCallId);
            throw error;
          },
        );
      },
    });
    return timedTool;
  }

  const { tools } = given;
  const timedTools =
    typeof tools === 'object' && tools !== null
      ? { tools: Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, timed(tool)])) }
      : {};
  return {
    options: { ...hooks(), ...timedTools },
    returnedAt(given) {
      const part = (given ?? {}) as Fields;
      const isFinal =
        part['type'] === 'tool-error' || (part['type'] === 'tool-result' && part['preliminary'] !== true);
      return isFinal ? returned.get(part['toolCallId'] as string) : undefined;
    },
  };
}

async function* iterated(source: AsyncIterable<unknown>, onEnd: () => void): AsyncGenerator {
  try {
    yield* source;
  } finally {
    onEnd();
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === 'function';
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
