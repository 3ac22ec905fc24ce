import fs from 'node:fs';
import path from 'node:path';
import type { Part } from '@stepfold/fold';

/** One recording, as far as the same content can be told differently. */
export interface Telling {
  readonly text: string;
  /** Of the raw recording; of the AI SDK's ones `lm`, `full` or `ui`, with the version before it: `v7 lm`. */
  readonly source: string;
  readonly parts: readonly Part[];
}

/**
 * Something that the AI SDK does not tell, or tells in another way, than the stream that it was given. `forget` takes it
 * out of a telling, whichever of the two it is.
 */
export interface Loss {
  /** As the table of `libs/formats/README.md` names it. */
  readonly name: string;
  readonly applies: (raw: Telling, derived: Telling) => boolean;
  readonly forget: (parts: readonly Part[]) => readonly Part[];
}

type Call = Extract<Part, { type: 'tool-call' }>;
type Result = Extract<Part, { type: 'tool-result' }>;

type Change<T> = { readonly [K in keyof T]?: T[K] | undefined };

const ofCalls = (change: (call: Call) => Change<Call>) => (parts: readonly Part[]) =>
  parts.map((part) => (part.type === 'tool-call' ? ({ ...part, ...change(part) } as Part) : part));
const ofResults = (change: (result: Result) => Change<Result>) => (parts: readonly Part[]) =>
  parts.map((part) => (part.type === 'tool-result' ? ({ ...part, ...change(part) } as Part) : part));
const without = (isForgotten: (part: Part) => boolean) => (parts: readonly Part[]) =>
  parts.filter((part) => !isForgotten(part));
const has = (text: string | RegExp) => (raw: Telling) =>
  typeof text === 'string' ? raw.text.includes(text) : text.test(raw.text);
const isFrom = (source: string) => (raw: Telling) => raw.source === source;

export const documentedLosses: readonly Loss[] = [
  {
    name: 'results-of-the-client',
    applies: (_raw, { source }) => !source.endsWith('lm'),
    forget: without((part) => part.type === 'tool-result' && part.provider_executed !== true),
  },
  {
    name: 'ids-by-chance',
    applies: (raw) => isFrom('google')(raw) || has('"mcp_approval_request"')(raw),
    forget: ordinalIds,
  },
  {
    name: 'spliced-message',
    applies: has(/"message_start"(?![^]*"message_stop"[^]*"message_start")[^]*"message_start"/),
    forget: () => [],
  },
  {
    name: 'compaction-as-text',
    applies: has('"compaction_delta"'),
    forget: (parts) =>
      parts.map((part) =>
        part.type === 'data' && part.name === 'compaction'
          ? ({ ...part, type: 'text', text: (part.data as { content: string }).content } as unknown as Part)
          : part,
      ),
  },
  {
    name: 'code-execution',
    applies: (raw) => isFrom('anthropic')(raw) && has('code_execution')(raw),
    forget: (parts) =>
      ofResults(({ tool_name }) => renamed(tool_name))(
        ofCalls(({ tool_name, args }) => ({ ...renamed(tool_name), args: fieldsWithout(args, 'type') }))(
          parts,
        ),
      ),
  },
  {
    name: 'mcp-arguments',
    applies: (raw) => isFrom('anthropic')(raw) && has('"mcp_tool_use"')(raw),
    forget: ofCalls(({ dynamic, args }) => (dynamic === true ? { args: {} } : { args })),
  },
  {
    name: 'results-in-camel-case',
    applies: isFrom('anthropic'),
    forget: ofResults(({ result }) => ({ result: inCamelCase(result) as Result['result'] })),
  },
  {
    name: 'tool-references-alone',
    applies: (raw) => isFrom('anthropic')(raw) && has('"tool_search_tool_result"')(raw),
    forget: ofResults(({ result }) => {
      const { toolReferences, tool_references: given = toolReferences } = Object(result) as Record<
        string,
        never
      >;
      return { result: given ?? result };
    }),
  },
  {
    name: 'advisor-stop-reason',
    applies: (raw, { source }) => source.startsWith('v6') && has('"advisor_tool_result"')(raw),
    forget: ofResults(({ result }) => ({
      result: fieldsWithout(result, 'stop_reason', 'stopReason') as Result['result'],
    })),
  },
  {
    name: 'citations-of-found-pages',
    applies: (raw) => isFrom('anthropic')(raw) && has('"web_search_tool_result"')(raw),
    forget: eachSourceOnce,
  },
  {
    name: 'reasoning-text',
    applies: has('"response.reasoning_text.delta"'),
    forget: without(({ type }) => type === 'reasoning'),
  },
  {
    name: 'reasoning-by-another-provider',
    // Streams of xAI that were replayed through the provider for OpenAI.
    applies: (raw, { parts }) =>
      isFrom('openai-chat')(raw) &&
      has(/"model":"grok/)(raw) &&
      parts.every(({ type }) => type !== 'reasoning'),
    forget: without(({ type }) => type === 'reasoning'),
  },
  {
    name: 'search-arguments',
    applies: (raw) => isFrom('openai-responses')(raw) && has(/"(?:web|file)_search_call"/)(raw),
    forget: ofCalls(({ tool_name, args }) =>
      tool_name === 'web_search' || tool_name === 'file_search' ? { args: {} } : { args },
    ),
  },
  {
    name: 'image-prompt',
    applies: has('"image_generation_call"'),
    forget: ofResults(({ result }) => ({ result: fieldsWithout(result, 'prompt') as Result['result'] })),
  },
  {
    name: 'shell-limits',
    applies: (raw, { source }) => source.startsWith('v6') && has('"shell_call"')(raw),
    forget: ofCalls(({ args }) => {
      const { action } = Object(args) as { action?: unknown };
      return action === undefined
        ? { args }
        : { args: { action: fieldsWithout(action, 'maxOutputLength') ?? null } };
    }),
  },
  {
    name: 'shell-in-a-container',
    applies: has(/"type":"container_\w+"/),
    forget: (parts) =>
      without((part) => part.type === 'tool-result' && part.tool_name === 'shell')(
        ofCalls(({ tool_name, provider_executed }) =>
          tool_name === 'shell' ? { provider_executed: undefined } : { provider_executed },
        )(parts),
      ),
  },
  {
    name: 'cited-pages',
    applies: (raw, { source }) => source.startsWith('v7') && has('"web_search_call"')(raw),
    forget: without((part) => part.type === 'source' && part.title !== undefined),
  },
  {
    name: 'found-pages',
    applies: (raw, { source }) => source.startsWith('v6') && has('"web_search_call"')(raw),
    forget: without((part) => part.type === 'source' && part.title === undefined),
  },
  {
    name: 'annotations-without-title',
    applies: (raw) => isFrom('openai-responses')(raw) && has(/"model":"grok/)(raw),
    forget: without(({ type }) => type === 'source'),
  },
  {
    name: 'citations-of-a-chunk',
    applies: (raw) => isFrom('openai-chat')(raw) && has('"citations":[')(raw),
    forget: without(({ type }) => type === 'source'),
  },
];

/** The names of the losses that the README documents, in its order. */
export function lossesOfReadme(): string[] {
  const readme = fs.readFileSync(path.resolve(__dirname, '../../libs/formats/README.md'), 'utf8');
  const [, section = ''] = readme.split(/^## What later vocabularies lose$/m);
  return [...section.split(/^## /m)[0]!.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name!);
}

function ordinalIds(parts: readonly Part[]): readonly Part[] {
  const ids = parts.flatMap((part) => (part.type === 'tool-call' ? [part.tool_call_id] : []));
  return parts.map((part) =>
    'tool_call_id' in part && part.tool_call_id !== undefined
      ? { ...part, tool_call_id: String(ids.indexOf(part.tool_call_id)) }
      : part,
  );
}

function eachSourceOnce(parts: readonly Part[]): readonly Part[] {
  const urls = new Set<unknown>();
  return parts.filter((part) => part.type !== 'source' || (!urls.has(part.url) && urls.add(part.url)));
}

function renamed(toolName: string | undefined): { tool_name?: string } {
  if (toolName === undefined) return {};
  return { tool_name: toolName.endsWith('_code_execution') ? 'code_execution' : toolName };
}

function fieldsWithout(value: unknown, ...names: readonly string[]): Call['args'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value as Call['args'];
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))) as Call['args'];
}

/** Keys in camel case, and no fields that are null. */
function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [
        key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase()),
        inCamelCase(item),
      ]),
  );
}
