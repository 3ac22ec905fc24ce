import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { detectFormat } from './detect-format.js';

const linesOf = (...parts: readonly unknown[]): string[] => parts.map((part) => JSON.stringify(part));
const told = (...parts: readonly unknown[]) => detectFormat(linesOf(...parts));
const problemOf = (lines: Iterable<string | Uint8Array>): string => {
  const detection = detectFormat(lines);
  return detection.ok ? `told ${detection.format}` : detection.problem;
};

const call = { toolCallId: 'c', toolName: 'look' };

/** Parts each of which tells its format alone. */
const telling: Readonly<Record<string, readonly object[]>> = {
  stepfold: [{ v: 1, chat_id: 'c', step_id: 's', at: 1, type: 'text-delta', id: 'b', text: 'so' }],
  'ai-sdk': [
    { type: 'start-step', request: {}, warnings: [] },
    { type: 'text-delta', id: '0', text: 'so' },
    { type: 'reasoning-delta', id: '0', text: 'so' },
    { type: 'tool-call', ...call, input: { at: 'sea' } },
    { type: 'tool-result', ...call, input: {}, output: 1 },
    { type: 'tool-error', ...call, input: {}, error: 'no' },
    { type: 'tool-output-denied', ...call },
    { type: 'tool-approval-request', approvalId: 'a', toolCall: call },
    { type: 'tool-approval-response', approvalId: 'a', toolCall: call, approved: true },
    { type: 'file', file: { mediaType: 'image/png' } },
    { type: 'finish-step', finishReason: 'stop', usage: {} },
    { type: 'finish', finishReason: 'stop', totalUsage: {} },
  ],
  'language-model': [
    { type: 'stream-start', warnings: [] },
    { type: 'response-metadata', id: 'r' },
    { type: 'tool-call', ...call, input: '{"at":"sea"}' },
    { type: 'tool-result', ...call, result: 1 },
    { type: 'file', mediaType: 'image/png', data: 'AA==' },
    { type: 'finish', finishReason: 'stop', usage: { inputTokens: 1 } },
  ],
  'ui-message': [
    { type: 'start', messageId: 'm' },
    { type: 'reset-step' },
    { type: 'tool-input-start', ...call },
    { type: 'tool-input-delta', toolCallId: 'c', inputTextDelta: '{' },
    { type: 'tool-input-available', ...call, input: {} },
    { type: 'tool-input-error', ...call, input: '{', errorText: 'no' },
    { type: 'tool-output-available', toolCallId: 'c', output: 1 },
    { type: 'tool-output-error', toolCallId: 'c', errorText: 'no' },
    { type: 'tool-approval-response', approvalId: 'a', approved: true },
    { type: 'source-url', sourceId: 's', url: 'https://a' },
    { type: 'file', mediaType: 'image/png', url: 'data:,' },
    { type: 'data-weather', id: 'w', data: {} },
    { type: 'message-metadata', messageMetadata: {} },
    { type: 'error', errorText: 'no' },
    { type: 'finish' },
  ],
  anthropic: [
    { type: 'message_start', message: { id: 'm', role: 'assistant' } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'so' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
    { type: 'message_stop' },
  ],
  'openai-responses': [
    { type: 'response.created', response: { id: 'r' }, sequence_number: 0 },
    { type: 'response.output_text.delta', item_id: 'i', output_index: 0, delta: 'so' },
    { type: 'response.shell_call_command.delta', output_index: 0, delta: 'ls' },
    { type: 'response.new_thing.delta', sequence_number: 3 },
  ],
  'openai-chat': [
    { id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'so' } }] },
    { choices: [], prompt_filter_results: [] },
  ],
  google: [
    { candidates: [{ content: { parts: [{ text: 'so' }] } }] },
    { response: { candidates: [] } },
    { promptFeedback: { blockReason: 'SAFETY' } },
    { usageMetadata: { promptTokenCount: 1 }, modelVersion: 'g' },
  ],
  fantasy: [
    { type: 'text_start', id: '0' },
    { type: 'text_delta', id: '0', delta: 'so' },
    { type: 'reasoning_delta', id: '0', delta: 'so' },
    { type: 'tool_input_start', id: 'c', tool_call_name: 'look' },
    { type: 'tool_call', id: 'c', tool_call_name: 'look', tool_call_input: '{}' },
    { type: 'finish', tool_call_name: '', tool_call_input: '', usage: {}, finish_reason: 'stop' },
    { type: 'warnings', tool_call_input: '', warnings: [] },
  ],
};
const tellingCases = Object.entries(telling).flatMap(([format, parts]) =>
  parts.map((part) => [format, part] as const),
);

/** Parts that leave it open. */
const open: readonly (readonly [object, string])[] = [
  [{ type: 'start' }, 'ai-sdk or ui-message'],
  [{ type: 'start-step' }, 'ai-sdk or ui-message'],
  [{ type: 'abort' }, 'ai-sdk or ui-message'],
  [{ type: 'finish-step' }, 'ai-sdk or ui-message'],
  [{ type: 'text-start', id: '0' }, 'ai-sdk or language-model or ui-message'],
  [{ type: 'custom', kind: 'a.b' }, 'ai-sdk or language-model or ui-message'],
  [{ type: 'text-delta', id: '0', delta: 'so' }, 'language-model or ui-message'],
  [{ type: 'tool-approval-request', approvalId: 'a', toolCallId: 'c' }, 'language-model or ui-message'],
  [{ type: 'tool-input-start', id: 'c', toolName: 'look' }, 'ai-sdk or language-model'],
  [{ type: 'tool-input-delta', id: 'c', delta: '{' }, 'ai-sdk or language-model'],
  [{ type: 'tool-call', ...call, input: 'free text' }, 'ai-sdk or language-model'],
  [{ type: 'tool-call', ...call, input: '{"at":1}', invalid: true }, 'ai-sdk or language-model'],
  [{ type: 'source', sourceType: 'url', id: 's', url: 'https://a' }, 'ai-sdk or language-model'],
  [{ error: { message: 'no' } }, 'openai-chat or google'],
];

/** What is known, and not converted. */
const unsupported: readonly (readonly [string, object])[] = [
  ['Amazon Bedrock’s ConverseStream', { messageStart: { role: 'assistant' } }],
  ['Amazon Bedrock’s ConverseStream', { contentBlockDelta: { contentBlockIndex: 0, delta: { text: 'a' } } }],
  ['Amazon Bedrock’s ConverseStream', { metadata: { usage: {} } }],
  ['Amazon Bedrock’s ConverseStream', { contentBlockIndex: 0, delta: { text: 'a' }, p: 'ab' }],
  ['Amazon Bedrock’s InvokeModelWithResponseStream', { chunk: { bytes: 'e30=' } }],
  ['Google’s Live API', { setupComplete: {} }],
  ['Google’s Live API', { serverContent: { modelTurn: {} }, usageMetadata: {} }],
  ['Google’s Live API', { toolCall: { functionCalls: [] } }],
  ['Google’s Interactions API', { event_type: 'step.delta', index: 0, delta: {} }],
  ['Cohere’s chat', { type: 'message-start', delta: { message: {} } }],
  ['Cohere’s chat', { event_type: 'text-generation', text: 'a' }],
  ['OpenAI’s Realtime API', { type: 'session.created', event_id: 'e', session: {} }],
  ['OpenAI’s Realtime API', { type: 'response.output_item.added', event_id: 'e', item: {}, output_index: 0 }],
  ['OpenAI’s transcription', { type: 'transcript.text.delta', delta: 'a' }],
  ['OpenAI’s speech', { type: 'speech.audio.delta', audio: 'AA==' }],
  ['OpenAI’s image generation', { type: 'image_generation.partial_image', b64_json: 'AA==' }],
  ['OpenAI’s Assistants API', { object: 'thread.message.delta', id: 'm' }],
  ['OpenAI’s legacy completions', { object: 'text_completion', choices: [{ text: 'a' }] }],
  ['Ollama’s own API', { model: 'l', message: { role: 'assistant', content: 'a' }, done: false }],
  ['the stream of AI SDK 4', { type: 'text-delta', textDelta: 'a' }],
  ['the stream of AI SDK 4', { type: 'tool-call', ...call, args: {} }],
  ['Claude Code’s stream-json', { type: 'stream_event', event: { type: 'message_start' } }],
  ['AG-UI', { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'a' }],
  ['LangChain’s stream of events', { event: 'on_chat_model_stream', data: {} }],
  ['a whole answer instead of a stream', { object: 'chat.completion', choices: [{ message: {} }] }],
  ['a list of messages instead of a stream', { id: 'm', role: 'assistant', parts: [] }],
];

describe('the format of a file', () => {
  it.each(tellingCases)('is %s where a line is %j', (format, part) => {
    expect(told(part)).toMatchObject({ ok: true, format });
    // As well behind what leaves everything open.
    expect(told({ type: 'ping' }, { no: 'idea' }, part)).toMatchObject({ ok: true, format });
  });

  it.each(open)('stays open where all there is is %j', (part, formats) => {
    expect(problemOf(linesOf(part))).toMatch(`may be ${formats}: line 1 has `);
  });

  it.each(unsupported)('is known and not supported: %s, by %j', (name, part) => {
    expect(told(part)).toEqual({
      ok: false,
      isUnsupported: true,
      problem: expect.stringMatching(new RegExp(`^${name} is not supported: line 1 has .+`)),
    });
  });

  it('is told by several lines that each leave something open, and says by which', () => {
    expect(told({ type: 'start' }, { type: 'ping' }, { type: 'text-delta', id: '0', delta: 'so' })).toEqual({
      ok: true,
      format: 'ui-message',
      why: 'line 1 has type "start" and line 3 has type "text-delta" with delta',
    });
    expect(
      told(
        { type: 'tool-input-start', id: 'c', toolName: 'n' },
        { type: 'text-delta', id: '0', delta: 'so' },
      ),
    ).toMatchObject({ format: 'language-model' });
  });

  it('is not told of a mixture, whichever part comes first', () => {
    const [anthropic, chat] = [telling['anthropic']![0], telling['openai-chat']![0]];
    expect(problemOf(linesOf(anthropic, chat))).toBe(
      'is a mixture of formats: line 1 has type "message_start", as in anthropic, and line 2 has object ' +
        '"chat.completion.chunk", as in openai-chat',
    );
    expect(problemOf(linesOf(chat, anthropic))).toMatch(/^is a mixture/);
    expect(problemOf(linesOf(chat, unsupported[0]![1]))).toMatch(/^is a mixture .*Amazon Bedrock/);
  });

  it('is not told where nothing is known, and then the line shows what it has', () => {
    expect(problemOf([])).toBe('is empty');
    expect(problemOf(['', ' '])).toBe('is empty');
    expect(problemOf(['', 'hello'])).toBe('is in no format that is known: line 2 is no JSON object');
    expect(problemOf(linesOf({ type: 'odd\u001b[31m' }))).toBe(
      'is in no format that is known: line 1 has type "odd\\u001b[31m"',
    );
    expect(problemOf(linesOf({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }))).toMatch(
      /line 1 has the fields "a", "b", "c", "d", "e", …$/,
    );
    expect(problemOf(linesOf({}))).toMatch(/line 1 has no fields$/);
  });

  it('is told of server-sent events and of one JSON array, at the lines of the file', () => {
    const sse = ['event: message_start', `data: ${JSON.stringify(telling['anthropic']![0])}`, ''];
    expect(detectFormat(sse)).toEqual({
      ok: true,
      format: 'anthropic',
      why: 'line 2 has type "message_start"',
    });
    const array = JSON.stringify(telling['google'], undefined, 2).split('\n');
    expect(detectFormat(array)).toMatchObject({ format: 'google' });
  });

  it('is refused for server-sent events whose parts are read from JSON lines only', () => {
    const line = `data: ${JSON.stringify({ type: 'text-delta', id: '0', text: 'so' })}`;
    expect(problemOf([line, ''])).toMatch(/^holds ai-sdk parts as server-sent events/);
  });

  it('is told of bytes, with a byte order mark or lines that are no text between', () => {
    const part = Buffer.from(JSON.stringify({ type: 'message_stop' }));
    expect(detectFormat([Uint8Array.of(0xef, 0xbb, 0xbf, ...part)])).toMatchObject({ format: 'anthropic' });
    expect(detectFormat([Uint8Array.of(0xff), part])).toMatchObject({ format: 'anthropic' });
  });

  it('is known of the binary event stream of Bedrock', () => {
    const header = Buffer.from(
      '\u0000\u0000\u0000\u0080\u0000\u0000\u0000\u0052abcd\u000b:event-type\u0007\u0000\u0005chunk',
    );
    expect(problemOf([header])).toMatch(/^Amazon Bedrock’s binary event stream is not supported: /);
  });

  it('is looked for in the first lines only', () => {
    let taken = 0;
    function* endless(line: string): Generator<string> {
      for (;;) {
        taken++;
        yield line;
      }
    }
    expect(problemOf(endless('{"type":"ping"}'))).toMatch(/^is in no format/);
    expect(taken).toBe(1_000);
    taken = 0;
    expect(problemOf(endless(JSON.stringify({ type: 'ping', more: 'x'.repeat(1_000_000) })))).toMatch(
      /^is in/,
    );
    expect(taken).toBe(5);
  });

  it('is never another than that of the parts, whichever of them are there', () => {
    const anyStream = fc.constantFrom(...Object.entries(telling)).chain(([format, parts]) =>
      fc.record({
        format: fc.constant(format),
        parts: fc.array(
          fc.oneof(
            fc.constantFrom(...parts),
            fc.constantFrom<object>({ type: 'ping' }, { type: 'error', error: 'e' }),
          ),
        ),
      }),
    );
    fc.assert(
      fc.property(anyStream, ({ format, parts }) => {
        const detection = told(...parts);
        const isTold = parts.some((part) => telling[format]!.includes(part));
        expect(detection.ok ? detection.format : undefined).toBe(isTold ? format : undefined);
      }),
    );
  });

  it('is answered for any lines at all, without an exception and in one line', () => {
    const hostile = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.uint8Array(),
      fc
        .tuple(fc.constantFrom(...tellingCases), fc.dictionary(fc.string(), fc.jsonValue()))
        .map(([[, part], more]) => JSON.stringify({ ...part, ...more })),
      fc.constantFrom(
        '{"__proto__":{"type":"x"},"type":"__proto__"}',
        '{"type":"constructor"}',
        '[',
        '[{',
        'data: {',
      ),
    );
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 8 }), (lines) => {
        const detection = detectFormat(lines);
        // eslint-disable-next-line no-control-regex -- these are what a terminal must not get
        expect(detection.ok ? detection.why : detection.problem).toMatch(/^[^\u0000-\u001f]+$/);
      }),
      { numRuns: 500 },
    );
  });
});
