import type { FormatName } from '@stepfold/formats';
import { between, SeededChance } from '../support/chance.js';

export type BenchedFormat = Exclude<FormatName, 'stepfold'>;

/** What the steps of a workload are made of, whatever their vocabulary: reasoning, a text, and a call with arguments. */
interface MadeStep {
  readonly reasoning: readonly string[];
  readonly text: readonly string[];
  /** JSON text of the arguments, in fragments. */
  readonly input: readonly string[];
}

export interface FormatLines {
  /** JSON lines. */
  readonly lines: readonly string[];
  /** Of text, reasoning and arguments, in UTF-16 units: what a converter has to make of the lines. */
  readonly textUnits: number;
}

/**
 * The lines of a stream with the same content in any vocabulary, in the shape that its source gives it: about as many
 * lines as asked for, nine in ten of them deltas of 3 to 30 characters, as models send them.
 */
export function makeFormatLines(format: BenchedFormat, linesMin: number, seed: number): FormatLines {
  const chance = new SeededChance(seed);
  const lines: string[] = [];
  let textUnits = 0;
  for (let step = 0; lines.length < linesMin; step++) {
    const made = makeStep(chance);
    for (const pieces of [made.reasoning, made.text, made.input]) textUnits += pieces.join('').length;
    for (const part of shapes[format](made, step)) lines.push(JSON.stringify(part));
  }
  return { lines, textUnits };
}

function makeStep(chance: SeededChance): MadeStep {
  const words = (count: number): string[] =>
    Array.from({ length: count }, () => {
      const begin = chance.below(PROSE.length - 30);
      return PROSE.slice(begin, begin + between(chance, 3, 30));
    });
  const input = JSON.stringify({ query: words(4).join(''), limit: between(chance, 1, 99) });
  return {
    reasoning: words(between(chance, 10, 60)),
    text: words(between(chance, 30, 200)),
    input: input.match(/.{1,12}/gsu) ?? [],
  };
}

type Shape = (step: MadeStep, index: number) => Iterable<object>;

/** `fullStream`, and with other fields the stream of a language model and that of a page. */
const shapes: Readonly<Record<BenchedFormat, Shape>> = {
  *'ai-sdk'({ reasoning, text, input }, index) {
    yield { type: 'start-step', request: {}, warnings: [] };
    yield* block('reasoning', reasoning, 'text');
    yield* block('text', text, 'text');
    const toolCallId = `call-${index}`;
    yield* modelInput(toolCallId, input);
    yield { type: 'tool-call', toolCallId, toolName: 'search', input: JSON.parse(input.join('')) as object };
    yield { type: 'finish-step', finishReason: 'tool-calls', usage: { inputTokens: 9, outputTokens: 9 } };
  },
  *'language-model'({ reasoning, text, input }, index) {
    yield { type: 'stream-start', warnings: [] };
    yield { type: 'response-metadata', id: `r-${index}`, modelId: 'm' };
    yield* block('reasoning', reasoning, 'delta');
    yield* block('text', text, 'delta');
    const toolCallId = `call-${index}`;
    yield* modelInput(toolCallId, input);
    yield { type: 'tool-call', toolCallId, toolName: 'search', input: input.join('') };
    yield { type: 'finish', finishReason: 'tool-calls', usage: { inputTokens: 9, outputTokens: 9 } };
  },
  *'ui-message'({ reasoning, text, input }, index) {
    yield { type: 'start-step' };
    yield* block('reasoning', reasoning, 'delta');
    yield* block('text', text, 'delta');
    const toolCallId = `call-${index}`;
    yield { type: 'tool-input-start', toolCallId, toolName: 'search' };
    for (const inputTextDelta of input) yield { type: 'tool-input-delta', toolCallId, inputTextDelta };
    const given = JSON.parse(input.join('')) as object;
    yield { type: 'tool-input-available', toolCallId, toolName: 'search', input: given };
    yield { type: 'finish-step' };
  },
  *anthropic({ reasoning, text, input }, index) {
    const message = { id: `msg-${index}`, type: 'message', role: 'assistant', model: 'm', content: [] };
    yield { type: 'message_start', message: { ...message, usage: { input_tokens: 9, output_tokens: 1 } } };
    const blocks = [
      [{ type: 'thinking', thinking: '' }, 'thinking_delta', 'thinking', reasoning],
      [{ type: 'text', text: '' }, 'text_delta', 'text', text],
      [
        { type: 'tool_use', id: `call-${index}`, name: 'search', input: {} },
        'input_json_delta',
        'partial_json',
        input,
      ],
    ] as const;
    for (const [at, [content_block, type, field, pieces]] of blocks.entries()) {
      yield { type: 'content_block_start', index: at, content_block };
      for (const piece of pieces) {
        yield { type: 'content_block_delta', index: at, delta: { type, [field]: piece } };
      }
      yield { type: 'content_block_stop', index: at };
    }
    yield { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } };
    yield { type: 'message_stop' };
  },
  *'openai-responses'({ reasoning, text, input }, index) {
    let sequence_number = 0;
    const event = (type: string, more: object) => ({
      type: `response.${type}`,
      sequence_number: sequence_number++,
      ...more,
    });
    const [rs, msg, fc] = ['rs', 'msg', 'fc'].map((name) => `${name}_${index}`);
    yield event('created', { response: { id: `resp_${index}`, model: 'm', output: [] } });
    const thought = { item_id: rs, output_index: 0, summary_index: 0 };
    yield event('output_item.added', { output_index: 0, item: { type: 'reasoning', id: rs, summary: [] } });
    yield event('reasoning_summary_part.added', { ...thought, part: { type: 'summary_text', text: '' } });
    for (const delta of reasoning) yield event('reasoning_summary_text.delta', { ...thought, delta });
    const summary = [{ type: 'summary_text', text: reasoning.join('') }];
    yield event('output_item.done', { output_index: 0, item: { type: 'reasoning', id: rs, summary } });
    const said = { item_id: msg, output_index: 1, content_index: 0 };
    const message = { type: 'message', id: msg, role: 'assistant' };
    yield event('output_item.added', { output_index: 1, item: { ...message, content: [] } });
    yield event('content_part.added', { ...said, part: { type: 'output_text', text: '', annotations: [] } });
    for (const delta of text) yield event('output_text.delta', { ...said, delta, logprobs: [] });
    const content = [{ type: 'output_text', text: text.join(''), annotations: [] }];
    yield event('output_item.done', { output_index: 1, item: { ...message, content } });
    const call = { type: 'function_call', id: fc, call_id: `call-${index}`, name: 'search' };
    yield event('output_item.added', { output_index: 2, item: { ...call, arguments: '' } });
    for (const delta of input) {
      yield event('function_call_arguments.delta', { item_id: fc, output_index: 2, delta });
    }
    yield event('output_item.done', { output_index: 2, item: { ...call, arguments: input.join('') } });
    const usage = { input_tokens: 9, output_tokens: 9, total_tokens: 18 };
    yield event('completed', { response: { id: `resp_${index}`, model: 'm', output: [], usage } });
  },
  *'openai-chat'({ reasoning, text, input }, index) {
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      id: `chat-${index}`,
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason }],
    });
    yield chunk({ role: 'assistant', content: '' });
    for (const reasoning_content of reasoning) yield chunk({ reasoning_content });
    for (const content of text) yield chunk({ content });
    const call = { index: 0, id: `call-${index}`, type: 'function' };
    yield chunk({ tool_calls: [{ ...call, function: { name: 'search', arguments: '' } }] });
    for (const piece of input) yield chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] });
    yield chunk({}, 'tool_calls');
    yield { ...chunk({}), choices: [], usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 } };
  },
  *google({ reasoning, text, input }, index) {
    const chunk = (parts: readonly object[], more: object = {}) => ({
      candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 9, totalTokenCount: 18 },
      modelVersion: 'm',
      responseId: `r-${index}`,
    });
    for (const piece of reasoning) yield chunk([{ text: piece, thought: true }]);
    for (const piece of text) yield chunk([{ text: piece }]);
    const args = JSON.parse(input.join('')) as object;
    yield chunk([{ functionCall: { name: 'search', args, id: `call-${index}` } }]);
    yield chunk([{ text: '' }], { finishReason: 'STOP' });
  },
  *fantasy({ reasoning, text, input }, index) {
    const part = (type: string, more: object = {}) => ({
      ...{ type, id: '', tool_call_name: '', tool_call_input: '', delta: '', provider_executed: false },
      ...{ usage: NO_USAGE, finish_reason: '', warnings: null, source_type: '', url: '', title: '' },
      ...{ provider_metadata: null, ...more },
    });
    for (const [kind, pieces] of [
      ['reasoning', reasoning],
      ['text', text],
    ] as const) {
      yield part(`${kind}_start`, { id: '0' });
      for (const delta of pieces) yield part(`${kind}_delta`, { id: '0', delta });
      yield part(`${kind}_end`, { id: '0' });
    }
    const call = { id: `call-${index}`, tool_call_name: 'search' };
    yield part('tool_input_start', call);
    for (const delta of input) yield part('tool_input_delta', { id: call.id, delta });
    yield part('tool_input_end', { id: call.id });
    yield part('tool_call', { ...call, tool_call_input: input.join('') });
    yield part('finish', { finish_reason: 'tool-calls' });
  },
};

export const benchedFormats = Object.keys(shapes) as readonly BenchedFormat[];

const NO_USAGE = {
  ...{ input_tokens: 0, output_tokens: 0, total_tokens: 0 },
  ...{ reasoning_tokens: 0, cache_creation_tokens: 0, cache_read_tokens: 0 },
};

function* block(kind: 'text' | 'reasoning', pieces: readonly string[], field: string): Generator<object> {
  yield { type: `${kind}-start`, id: '0' };
  for (const piece of pieces) yield { type: `${kind}-delta`, id: '0', [field]: piece };
  yield { type: `${kind}-end`, id: '0' };
}

function* modelInput(id: string, input: readonly string[]): Generator<object> {
  yield { type: 'tool-input-start', id, toolName: 'search' };
  for (const delta of input) yield { type: 'tool-input-delta', id, delta };
  yield { type: 'tool-input-end', id };
}

const PROSE =
  'the step ended before its tool had answered, so the model was asked again and said that a fold is not naive but ' +
  'exact: every prefix of the log gives one message, “and a replay gives the same”, 42 times out of 42. Then it went ' +
  'on with files\n- `libs/fold/src/evolve.ts`\nand "quoted" what it had read, Größen included. ';
