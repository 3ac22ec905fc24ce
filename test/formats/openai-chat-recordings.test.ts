import { expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { partsOfType } from '../support/convert-parts.js';
import { convertLines, messagesOfLines, mutatedLines } from './convert-lines.js';
import { readLanguageModelParts, readRawRecordings, type RawPart } from './raw-recordings.js';
import { recordedSuite } from './recorded-suite.js';

const recordings = readRawRecordings('openai-chat', (part) => Array.isArray(part['choices']));
const suite = recordedSuite(recordings);

const messagesOf = (lines: readonly string[]) => messagesOfLines('openai-chat', lines);

interface SaidUsage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly total_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number };
  readonly prompt_cache_hit_tokens?: number;
}
interface Chunk {
  readonly id: string;
  readonly choices?: readonly {
    readonly delta?: {
      readonly role?: string;
      readonly content?:
        | string
        | null
        | readonly { readonly text?: string; readonly thinking?: readonly { text: string }[] }[];
      readonly reasoning_content?: string | null;
      readonly reasoning?: string | null;
      readonly reasoning_details?: readonly { readonly signature?: string; readonly data?: string }[];
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly function: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: SaidUsage | null;
  readonly citations?: readonly string[];
}
interface SdkPart {
  readonly type: string;
  readonly delta?: string;
  readonly toolCallId?: string;
  readonly toolName?: string;
  readonly input?: string;
  readonly finishReason?: { readonly unified: string };
}

interface Said {
  text: string;
  reasoning: string;
  calls: { name: string; args: string }[];
  urls: string[];
  signatures: string[];
  finishReason: string | undefined;
  usage: SaidUsage;
}

/** Concatenates each field of the deltas, response by response. A response begins with a role after a finish. */
function saidBy(parts: readonly { part: RawPart }[]): Said[] {
  const said: Said[] = [];
  let current: Said | undefined;
  let indexes = new Map<number, { name: string; args: string }>();
  let id = '';
  for (const { part } of parts) {
    const chunk = part as unknown as Chunk;
    if (!Array.isArray(chunk.choices)) continue;
    const choice = chunk.choices[0];
    const delta = choice?.delta ?? {};
    const isNext = current?.finishReason && chunk.id !== id && delta.role && !choice.finish_reason;
    if (current === undefined || isNext) {
      current = {
        text: '',
        reasoning: '',
        calls: [],
        urls: [],
        signatures: [],
        finishReason: undefined,
        usage: {},
      };
      said.push(current);
      indexes = new Map();
      id = '';
    }
    id ||= chunk.id;
    if (typeof delta.content === 'string') current.text += delta.content;
    for (const item of Array.isArray(delta.content) ? delta.content : []) {
      current.text += item.text ?? '';
      for (const thought of item.thinking ?? []) current.reasoning += thought.text;
    }
    current.reasoning += delta.reasoning_content ?? delta.reasoning ?? '';
    for (const detail of delta.reasoning_details ?? []) {
      for (const proof of [detail.signature, detail.data]) if (proof) current.signatures.push(proof);
    }
    for (const fragment of delta.tool_calls ?? []) {
      let call = indexes.get(fragment.index);
      if (call === undefined) {
        indexes.set(fragment.index, (call = { name: '', args: '' }));
        current.calls.push(call);
      }
      call.name += fragment.function.name ?? '';
      call.args += fragment.function.arguments ?? '';
    }
    for (const url of chunk.citations ?? []) if (!current.urls.includes(url)) current.urls.push(url);
    current.finishReason = choice?.finish_reason ?? current.finishReason;
    if (chunk.usage) current.usage = chunk.usage;
  }
  return said;
}

function expectSaid(message: Message, said: Said): void {
  const isFinished = said.finishReason !== undefined;
  expect(
    partsOfType(message, 'text')
      .map(({ text }) => text)
      .join(''),
  ).toBe(said.text);
  expect(
    partsOfType(message, 'reasoning')
      .map(({ text }) => text)
      .join(''),
  ).toBe(said.reasoning);
  expect(
    partsOfType(message, 'tool-call').map((call) => [call.tool_name, call.args ?? call.args_text]),
  ).toEqual(said.calls.map(({ name, args }) => [name, parsed(args === '' && isFinished ? '{}' : args)]));
  expect(partsOfType(message, 'source').map(({ url }) => url)).toEqual(said.urls);
  const metadata = JSON.stringify(partsOfType(message, 'reasoning').map((part) => part.metadata ?? {}));
  for (const signature of said.signatures) expect(metadata).toContain(JSON.stringify(signature));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

suite('the recorded streams of chat completions', () => {
  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s says the same as messages',
    (_name, { lines, parts }) => {
      const { summary } = convertLines('openai-chat', lines);
      expect(Object.fromEntries(summary.unknownParts)).toEqual({});
      expect(summary.unreadableLines).toBe(0);
      const messages = messagesOf(lines);
      const said = saidBy(parts);
      expect(messages).toHaveLength(said.length);
      for (const [index, message] of messages.entries()) {
        const { usage, finishReason } = said[index]!;
        expectSaid(message, said[index]!);
        expect(message).toMatchObject({ status: 'complete', raw_finish_reason: finishReason });
        expect(message.anomalies ?? []).toEqual([]);
        const reasoning = usage.completion_tokens_details?.reasoning_tokens;
        const {
          prompt_tokens: prompt = 0,
          completion_tokens: completion = 0,
          total_tokens: total = 0,
        } = usage;
        // Less completion than reasoning, or a total of all three: the completion leaves it out.
        const apart =
          reasoning !== undefined && (reasoning > completion || total === prompt + completion + reasoning)
            ? reasoning
            : 0;
        const isSum = total === prompt + completion;
        expect(message.usage).toMatchObject({
          input_tokens: prompt,
          output_tokens: completion + apart,
          total_tokens: total + (isSum ? apart : 0),
          ...(reasoning === undefined ? {} : { reasoning_tokens: reasoning }),
        });
        expect(message.usage?.cache_read_tokens).toBe(
          usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens,
        );
      }
    },
  );

  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s says the same up to any line that it is cut after',
    (_name, { lines, parts }) => {
      const whole = messagesOf(lines);
      const stride = Math.max(1, Math.floor(lines.length / 12));
      for (let count = 1; count < lines.length; count += stride) {
        const messages = messagesOf(lines.slice(0, count));
        const said = saidBy(parts.filter(({ lineIndex }) => lineIndex < count));
        expect(messages).toHaveLength(said.length);
        for (const [index, message] of messages.entries()) {
          expectSaid(message, said[index]!);
          const isFinished = said[index]!.finishReason !== undefined;
          expect(message.status).toBe(isFinished ? 'complete' : 'interrupted');
          // Synthetic results come on top; all else the whole message begins with, too.
          const kinds = (parts: Message['parts']) =>
            parts
              .filter(({ type }) => type !== 'tool-result')
              .map(({ type, created_at }) => [type, type === 'tool-call' || created_at]);
          const begun = kinds(message.parts);
          expect(kinds(whole[index]!.parts).slice(0, begun.length)).toEqual(begun);
        }
      }
    },
  );

  it('become events that the fold accepts, however their lines are dropped, doubled and moved', () => {
    for (const [number, { lines }] of recordings.entries()) {
      for (const share of [0.03, 0.3, 1]) {
        const mutated = mutatedLines(lines, share, number * 7 + share * 100);
        if (mutated.length === 0) continue;
        expect(messagesOf(mutated).map(({ status }) => status)).not.toContain('open');
      }
    }
  }, 60_000);

  it.each(
    recordings.map(({ name }) => [name, readLanguageModelParts(name)] as const).filter(([, parts]) => parts),
  )('%s says what the AI SDK makes of it', (name, given) => {
    const parts = given as unknown as readonly SdkPart[];
    const messages = messagesOf(recordings.find((recording) => recording.name === name)!.lines);
    const joined = (type: string) =>
      parts
        .filter((part) => part.type === type)
        .map((part) => part.delta)
        .join('');
    const all = <T extends Message['parts'][number]['type']>(type: T) =>
      messages.flatMap((message) => partsOfType(message, type));
    expect(
      all('text')
        .map(({ text }) => text)
        .join(''),
    ).toBe(joined('text-delta'));
    // The OpenAI provider of the SDK, which some were replayed through, drops all reasoning.
    if (joined('reasoning-delta') !== '')
      expect(
        all('reasoning')
          .map(({ text }) => text)
          .join(''),
      ).toBe(joined('reasoning-delta'));
    expect(all('tool-call').map((call) => [call.tool_call_id, call.tool_name, call.args])).toEqual(
      parts
        .filter((part) => part.type === 'tool-call')
        .map((part) => [part.toolCallId, part.toolName, JSON.parse(part.input ?? '')]),
    );
    const finishes = parts.filter((part) => part.type === 'finish');
    expect(messages.at(-1)?.finish_reason).toBe(finishes.at(-1)?.finishReason?.unified);
  });
});
