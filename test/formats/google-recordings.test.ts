import { expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { partsOfType } from '../support/convert-parts.js';
import { convertLines, messagesOfLines, mutatedLines } from './convert-lines.js';
import { readLanguageModelParts, readRawRecordings, type RawPart } from './raw-recordings.js';
import { recordedSuite } from './recorded-suite.js';

const recordings = readRawRecordings('google', (part) => Array.isArray(part['candidates']));
const suite = recordedSuite(recordings);

const messagesOf = (lines: readonly string[]) => messagesOfLines('google', lines);

interface PartialArg {
  readonly jsonPath: string;
  readonly stringValue?: string;
  readonly numberValue?: number;
}
interface Part {
  readonly text?: string;
  readonly thought?: boolean;
  readonly thoughtSignature?: string;
  readonly functionCall?: {
    readonly name?: string;
    readonly args?: unknown;
    readonly partialArgs?: readonly PartialArg[];
    readonly willContinue?: boolean;
  };
}
interface Chunk {
  readonly candidates?: readonly {
    readonly content?: { readonly parts?: readonly Part[] };
    readonly finishReason?: string;
  }[];
  readonly usageMetadata?: Readonly<Record<string, number | undefined>>;
  readonly modelVersion?: string;
  readonly responseId?: string;
}
interface SdkPart {
  readonly type: string;
  readonly delta?: string;
  readonly toolName?: string;
  readonly input?: string;
  readonly finishReason?: { readonly unified: string; readonly raw: string };
  readonly usage?: {
    readonly inputTokens: { readonly total: number };
    readonly outputTokens: { readonly total: number; readonly reasoning: number };
  };
}

/** What the chunks plainly say. Each recording is one response. */
interface Said {
  text: string;
  thoughts: string;
  calls: { name: string; args: unknown; fragments: Map<string, string> }[];
  signatures: string[];
  finishReason: string | undefined;
  usage: Readonly<Record<string, number | undefined>>;
  chunk: Chunk | undefined;
}

function saidBy(parts: readonly { readonly part: RawPart }[]): Said {
  const said: Said = {
    text: '',
    thoughts: '',
    calls: [],
    signatures: [],
    finishReason: undefined,
    usage: {},
    chunk: undefined,
  };
  for (const { part: given } of parts) {
    const chunk = given as Chunk;
    said.chunk ??= chunk;
    if (chunk.usageMetadata?.['promptTokenCount'] !== undefined) said.usage = chunk.usageMetadata;
    for (const part of chunk.candidates?.[0]?.content?.parts ?? []) {
      if (part.thought === true) said.thoughts += part.text ?? '';
      else said.text += part.text ?? '';
      if (part.thoughtSignature !== undefined) said.signatures.push(part.thoughtSignature);
      const call = part.functionCall;
      if (call?.name !== undefined)
        said.calls.push({ name: call.name, args: call.args, fragments: new Map() });
      for (const { jsonPath, stringValue, numberValue } of call?.partialArgs ?? []) {
        const { fragments } = said.calls.at(-1)!;
        fragments.set(jsonPath, (fragments.get(jsonPath) ?? '') + (stringValue ?? String(numberValue)));
      }
    }
    said.finishReason = chunk.candidates?.[0]?.finishReason ?? said.finishReason;
  }
  return said;
}

/** The leaves of a value by their JSONPaths. */
function leaves(value: unknown, path = '$'): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, `${path}.${key}`));
}

function expectSaid(message: Message, said: Said): void {
  const joined = (type: 'text' | 'reasoning') =>
    partsOfType(message, type)
      .map(({ text }) => text)
      .join('');
  expect(joined('text')).toBe(said.text);
  expect(joined('reasoning')).toBe(said.thoughts);
  const calls = partsOfType(message, 'tool-call');
  expect(calls.map(({ tool_name }) => tool_name)).toEqual(said.calls.map(({ name }) => name));
  for (const [index, { args, fragments }] of said.calls.entries()) {
    const call = calls[index]!;
    if (args !== undefined) expect(call.args).toEqual(args);
    else if (call.args_text === undefined) expect(leaves(call.args)).toEqual([...fragments]);
    else for (const piece of fragments.values()) expect(call.args_text).toContain(piece);
  }
  const kept = message.parts.flatMap((part) => {
    const { google = {} } = 'metadata' in part && part.metadata !== undefined ? part.metadata : {};
    return google['thoughtSignature'] === undefined ? [] : [google['thoughtSignature']];
  });
  expect(kept).toEqual(said.signatures);
}

suite('the recorded Gemini streams', () => {
  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s says the same as a message',
    (_name, { lines, parts }) => {
      const { summary } = convertLines('google', lines);
      expect(Object.fromEntries(summary.unknownParts)).toEqual({});
      expect(summary.unreadableLines).toBe(0);
      const said = saidBy(parts);
      const messages = messagesOf(lines);
      expect(messages).toHaveLength(1);
      const [message] = messages as [Message];
      expectSaid(message, said);
      const thoughts = said.usage['thoughtsTokenCount'];
      expect(message).toMatchObject({
        status: 'complete',
        raw_finish_reason: said.finishReason,
        finish_reason: said.calls.length > 0 ? 'tool-calls' : 'stop',
        model: said.chunk?.modelVersion,
        response_id: said.chunk?.responseId,
        usage: {
          input_tokens: said.usage['promptTokenCount'],
          output_tokens: (said.usage['candidatesTokenCount'] ?? 0) + (thoughts ?? 0),
          total_tokens: said.usage['totalTokenCount'],
          ...(thoughts === undefined ? {} : { reasoning_tokens: thoughts }),
        },
      });
      expect(message.anomalies ?? []).toEqual([]);
    },
  );

  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s says the same up to every line that it is cut after',
    (_name, { lines, parts }) => {
      const [whole] = messagesOf(lines);
      for (let count = 1; count < lines.length; count++) {
        const messages = messagesOf(lines.slice(0, count));
        const said = saidBy(parts.filter(({ lineIndex }) => lineIndex < count));
        expect(messages).toHaveLength(1);
        const [message] = messages as [Message];
        expectSaid(message, said);
        expect(message.status).toBe(said.finishReason === undefined ? 'interrupted' : 'complete');
        const begun = message.parts.filter(({ type }) => type !== 'tool-result').map(({ type }) => type);
        expect(whole!.parts.slice(0, begun.length).map(({ type }) => type)).toEqual(begun);
      }
    },
  );

  it('become events that the fold accepts, however their lines are dropped, doubled and moved', () => {
    for (const [number, { lines }] of recordings.entries()) {
      for (const share of [0.1, 0.4, 1]) {
        for (let round = 0; round < 5; round++) {
          const mutated = mutatedLines(lines, share, number * 31 + share * 100 + round * 7);
          if (mutated.length === 0) continue;
          expect(messagesOf(mutated).map(({ status }) => status)).not.toContain('open');
        }
      }
    }
  }, 60_000);

  it.each(
    recordings.map(({ name }) => [name, readLanguageModelParts(name)] as const).filter(([, parts]) => parts),
  )('%s says what the AI SDK makes of it', (name, given) => {
    const parts = given as unknown as readonly SdkPart[];
    const [message] = messagesOf(recordings.find((recording) => recording.name === name)!.lines);
    const joined = (type: string) =>
      parts
        .filter((part) => part.type === type)
        .map((part) => part.delta)
        .join('');
    expect(
      partsOfType(message, 'text')
        .map(({ text }) => text)
        .join(''),
    ).toBe(joined('text-delta'));
    expect(
      partsOfType(message, 'reasoning')
        .map(({ text }) => text)
        .join(''),
    ).toBe(joined('reasoning-delta'));
    expect(partsOfType(message, 'tool-call').map((call) => [call.tool_name, call.args])).toEqual(
      parts
        .filter((part) => part.type === 'tool-call')
        .map((part) => [part.toolName, JSON.parse(part.input ?? '')]),
    );
    const finish = parts.find((part) => part.type === 'finish');
    expect(message).toMatchObject({
      finish_reason: finish?.finishReason?.unified,
      raw_finish_reason: finish?.finishReason?.raw,
      usage: {
        input_tokens: finish?.usage?.inputTokens.total,
        output_tokens: finish?.usage?.outputTokens.total,
      },
    });
  });
});
