import { describe, expect, it } from '@jest/globals';
import { brief, convertParts, messagesOfParts, partsOfType } from '../../../test/support/convert-parts.js';
import { openaiChat } from './openai-chat.js';

const chunk = (delta: object, more: object = {}, choice: object = {}) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  model: 'm-1',
  choices: [{ index: 0, delta, ...choice }],
  ...more,
});
const finish = (reason: string, more: object = {}) => chunk({}, more, { finish_reason: reason });
const usageChunk = (usage: object) => ({ id: 'c1', model: 'm-1', choices: [], usage });
const calls = (...entries: object[]) => chunk({ tool_calls: entries });
const entry = (index: unknown, id: unknown, name: unknown, args: unknown) => ({
  ...(index === undefined ? {} : { index }),
  ...(id === undefined ? {} : { id }),
  type: 'function',
  function: { ...(name === undefined ? {} : { name }), arguments: args },
});

const messages = (...parts: unknown[]) => messagesOfParts(openaiChat, parts);
const only = (...parts: unknown[]) => {
  const all = messages(...parts);
  expect(all).toHaveLength(1);
  return all[0]!;
};
const events = (...parts: unknown[]) => brief(convertParts(openaiChat, parts).events);
/** `[type, time, text]` of the blocks of a message. */
const blocks = (...parts: unknown[]) =>
  only(...parts).parts.flatMap((part) =>
    part.type === 'text' || part.type === 'reasoning' ? [[part.type, part.text]] : [],
  );
const madeCalls = (...parts: unknown[]) =>
  partsOfType(only(...parts), 'tool-call').map((call) => [
    call.tool_call_id,
    call.tool_name,
    call.args ?? call.args_text,
  ]);

describe('a stream of chat completions', () => {
  it('becomes a step: role-only chunks and obfuscation are nothing, ends are inferred (case 4)', () => {
    expect(
      events(
        chunk({ role: 'assistant', content: '' }, { obfuscation: 'xyz' }),
        chunk({ content: 'Hel' }),
        chunk({ content: 'lo' }, { obfuscation: 'x' }),
        finish('stop'),
        usageChunk({ prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }),
      ),
    ).toEqual([
      ['step-start', 'run.0', 0, { model: 'm-1', step_index: 0, run_id: 'run' }],
      ['text-start', 'run.0', 1, { id: 'text#0' }],
      ['text-delta', 'run.0', 1, { id: 'text#0', text: 'Hel' }],
      ['text-delta', 'run.0', 2, { id: 'text#0', text: 'lo' }],
      ['text-end', 'run.0', 3, { id: 'text#0' }],
      [
        'finish',
        'run.0',
        3,
        { finish_reason: 'stop', raw_finish_reason: 'stop', response_id: 'c1', model: 'm-1' },
      ],
      [
        'finish',
        'run.0',
        4,
        {
          usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
          response_id: 'c1',
          model: 'm-1',
        },
      ],
      ['step-end', 'run.0', 4, {}],
    ]);
  });

  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool_calls', 'tool-calls'],
    ['function_call', 'tool-calls'],
    ['content_filter', 'content-filter'],
    ['error', 'error'],
    ['insufficient_system_resource', 'other'],
  ])('finish reason %s is %s', (raw, neutral) => {
    expect(only(chunk({ content: 'x' }), finish(raw))).toMatchObject({
      status: 'complete',
      finish_reason: neutral,
      raw_finish_reason: raw,
    });
  });

  it('may give its finish reason twice, and the finish stays where it was first (case 19)', () => {
    const message = only(chunk({ content: 'x' }), finish('tool_calls'), finish('tool_calls'));
    expect(message.finished_at! - message.started_at!).toBe(1);
  });

  describe('usage (case 19)', () => {
    it('counts once, of several chunks the last of each number', () => {
      expect(
        only(
          chunk({ content: 'x' }, { usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 } }),
          finish('stop', { usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 } }),
          usageChunk({ completion_tokens: 4, total_tokens: 13 }),
        ).usage,
      ).toEqual({ input_tokens: 9, output_tokens: 4, total_tokens: 13 });
    });

    it('is told once, however many chunks come after it', () => {
      const usage = { prompt_tokens: 9 };
      const own = events(chunk({ content: 'x' }), finish('stop', { usage }), chunk({}), finish('stop'));
      expect(own.filter(([type]) => type === 'finish')).toHaveLength(1);
    });

    it('before the finish goes with it', () => {
      const own = events(chunk({ content: 'x' }, { usage: { prompt_tokens: 9 } }), finish('stop'));
      expect(own.filter(([type]) => type === 'finish')).toMatchObject([
        ['finish', 'run.0', 1, { finish_reason: 'stop', usage: { input_tokens: 9 } }],
      ]);
    });

    it('in a chunk without choices is found', () => {
      const last = { id: 'c1', choices: null, usage: { prompt_tokens: 7 } };
      expect(only(chunk({ content: 'x' }), finish('stop'), last).usage).toEqual({ input_tokens: 7 });
      expect(convertParts(openaiChat, [last]).events).toEqual([]);
    });

    it.each([
      ['x_groq', finish('stop', { x_groq: { usage: { prompt_tokens: 7 } } })],
      ['the choice (Kimi)', chunk({}, {}, { finish_reason: 'stop', usage: { prompt_tokens: 7 } })],
    ])('in %s is found', (_where, last) => {
      expect(only(chunk({ content: 'x' }), last).usage).toEqual({ input_tokens: 7 });
    });

    it('of the whole response is kept although no finish reason came; running usage is not', () => {
      const cut = only(chunk({ content: 'x' }), usageChunk({ prompt_tokens: 7 }));
      expect(cut).toMatchObject({ status: 'interrupted', usage: { input_tokens: 7 } });
      const running = only(chunk({ content: 'x' }, { usage: { prompt_tokens: 7 } }));
      expect(running.status).toBe('interrupted');
      expect(running).not.toHaveProperty('usage');
      expect(running.parts[0]).toMatchObject({ end_reason: 'interrupt' });
    });
  });

  describe('reasoning', () => {
    it.each([
      ['reasoning_content', (text: string) => ({ reasoning_content: text })],
      ['reasoning', (text: string) => ({ reasoning: text })],
      ['reasoning_text', (text: string) => ({ reasoning_text: text })],
      ['reasoning with its details', (text: string) => ({ reasoning: text, reasoning_details: [{ text }] })],
      ['details alone', (text: string) => ({ reasoning_details: [{ type: 'reasoning.text', text }] })],
      [
        'summaries',
        (text: string) => ({ reasoning_details: [{ type: 'reasoning.summary', summary: text }] }),
      ],
      ['both names', (text: string) => ({ reasoning_content: text, reasoning: text })],
      ['content parts', (text: string) => ({ content: [{ type: 'thinking', thinking: [{ text }] }] })],
      ['thinking blocks', (text: string) => ({ thinking_blocks: [{ type: 'thinking', thinking: text }] })],
    ])('in %s is told once and ends where text begins (case 1)', (_name, delta) => {
      const message = only(
        chunk(delta('Hm')),
        chunk(delta('m.')),
        chunk({ content: 'Yes', reasoning_content: null }),
        finish('stop'),
      );
      expect(message.parts).toMatchObject([
        { type: 'reasoning', text: 'Hmm.' },
        { type: 'text', text: 'Yes' },
      ]);
      const [thought] = partsOfType(message, 'reasoning');
      expect(thought!.last_delta_at! - message.started_at!).toBe(1);
      expect(thought!.completed_at! - message.started_at!).toBe(2);
      expect(thought).not.toHaveProperty('metadata');
    });

    it('keeps signatures with all details of their block (case 6)', () => {
      const [thought] = partsOfType(
        only(
          chunk({
            reasoning: 'a',
            reasoning_details: [{ type: 'reasoning.text', text: 'a', signature: '', index: 0 }],
          }),
          chunk({ reasoning: 'b', reasoning_details: [{ type: 'reasoning.text', text: 'b', index: 0 }] }),
          chunk({
            reasoning: '',
            reasoning_details: [{ type: 'reasoning.text', text: '', signature: 'S', index: 0 }],
          }),
          chunk({
            reasoning: null,
            reasoning_details: [{ type: 'reasoning.encrypted', data: 'E', id: 'rs', index: 0 }],
          }),
          chunk({ content: 'x' }),
          finish('stop'),
        ),
        'reasoning',
      );
      expect(thought).toMatchObject({ text: 'ab' });
      expect(thought).not.toHaveProperty('redacted');
      expect(thought?.metadata).toEqual({
        openrouter: {
          reasoning_details: [
            { type: 'reasoning.text', text: 'ab', signature: 'S', index: 0 },
            { type: 'reasoning.encrypted', data: 'E', id: 'rs', index: 0 },
          ],
        },
      });
    });

    it('that is only encrypted is an empty, redacted block (cases 6, 7)', () => {
      const message = only(
        chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'E', id: 'call_1' }] }),
        calls(entry(0, 'call_1', 'f', '{}')),
        finish('tool_calls'),
      );
      expect(message.parts[0]).toMatchObject({ type: 'reasoning', text: '', redacted: true });
      expect(JSON.stringify(message.parts[0])).toContain('"data":"E"');
    });

    it('that is cut off keeps its signature and stays cut off', () => {
      const message = only(
        chunk({ reasoning_details: [{ type: 'reasoning.text', text: 'a', signature: 'S' }] }),
        chunk({}),
      );
      expect(message.parts).toMatchObject([
        {
          type: 'reasoning',
          text: 'a',
          end_reason: 'interrupt',
          metadata: { openrouter: { reasoning_details: [{ signature: 'S' }] } },
        },
      ]);
      expect(partsOfType(message, 'reasoning')[0]?.last_delta_at).toBe(message.started_at);
    });

    it('keeps the opaque form of GitHub Copilot', () => {
      const message = only(chunk({ reasoning_text: 'a' }), chunk({ reasoning_opaque: 'O' }), finish('stop'));
      expect(message.parts).toMatchObject([{ text: 'a', metadata: { copilot: { reasoningOpaque: 'O' } } }]);
    });

    it('keeps the signature of thinking blocks as that of Anthropic', () => {
      const message = only(
        chunk({ reasoning_content: 'a', thinking_blocks: [{ type: 'thinking', thinking: 'a' }] }),
        chunk({ thinking_blocks: [{ type: 'thinking', thinking: '', signature: 'S' }] }),
        finish('stop'),
      );
      expect(message.parts).toMatchObject([{ text: 'a', metadata: { anthropic: { signature: 'S' } } }]);
    });
  });

  it('keeps every part of a content array (Mistral)', () => {
    const content = [
      {
        type: 'thinking',
        thinking: [
          { type: 'text', text: 'T' },
          { type: 'reference', reference_ids: [4] },
        ],
      },
      { type: 'text', text: 'a' },
      { type: 'reference', reference_ids: [1, 'two', 1] },
      { type: 'text', text: 'b' },
      'c',
      { type: 'hologram' },
    ];
    const message = only(chunk({ content }), finish('stop'));
    expect(message.parts).toMatchObject([
      { type: 'reasoning', text: 'T' },
      { type: 'source', source_type: 'document', source_id: '4' },
      { type: 'text', text: 'abc' },
      { type: 'source', source_id: '1' },
      { type: 'source', source_id: 'two' },
    ]);
    expect(convertParts(openaiChat, [chunk({ content })]).unknown).toEqual({ 'content hologram': 1 });
  });

  it('keeps a refusal, marked (case 8)', () => {
    expect(only(chunk({ refusal: 'I ' }), chunk({ refusal: 'cannot' }), finish('stop')).parts).toMatchObject([
      { type: 'text', text: 'I cannot', metadata: { openai: { refusal: true } } },
    ]);
  });

  it('begins a block wherever the kind changes, and one for text after a call (cases 4, 5)', () => {
    expect(
      blocks(
        chunk({ content: 'a', reasoning: 'r' }),
        chunk({ reasoning: 's' }),
        calls(entry(0, 'c', 'f', '{}')),
        chunk({ content: 'b' }),
        finish('stop'),
      ),
    ).toEqual([
      ['reasoning', 'r'],
      ['text', 'a'],
      ['reasoning', 's'],
      ['text', 'b'],
    ]);
  });

  describe('calls (case 9)', () => {
    it('stream their arguments and are made at the finish', () => {
      const own = events(
        calls(entry(0, 'c1', 'f', '')),
        calls(entry(0, undefined, undefined, '{"a"')),
        calls(entry(0, undefined, undefined, ':1}')),
        finish('tool_calls'),
      );
      expect(own.slice(1, 6)).toEqual([
        ['tool-input-start', 'run.0', 0, { tool_call_id: 'c1', tool_name: 'f' }],
        ['tool-input-delta', 'run.0', 1, { tool_call_id: 'c1', text: '{"a"' }],
        ['tool-input-delta', 'run.0', 2, { tool_call_id: 'c1', text: ':1}' }],
        ['tool-input-end', 'run.0', 3, { tool_call_id: 'c1' }],
        ['tool-call', 'run.0', 3, { tool_call_id: 'c1', tool_name: 'f', args: { a: 1 } }],
      ]);
    });

    it('are made where the next begins, if their arguments are whole', () => {
      const made = events(
        calls(entry(0, 'a', 'f', '{"x":"}"}')),
        calls(entry(1, 'b', 'g', '{')),
        calls(entry(2, 'c', 'h', '{}')),
        finish('tool_calls'),
      ).filter(([type]) => type === 'tool-call');
      expect(made.map(([, , at, { tool_call_id }]) => [tool_call_id, at])).toEqual([
        ['a', 1],
        ['b', 3],
        ['c', 3],
      ]);
    });

    it.each<[string, unknown[]]>([
      [
        'interleaved',
        [
          calls(entry(0, 'a', 'f', '{"x"'), entry(1, 'b', 'g', '{"y"')),
          calls(entry(1, undefined, undefined, ':2}'), entry(0, undefined, undefined, ':1}')),
        ],
      ],
      ['indexes from 1', [calls(entry(1, 'a', 'f', '{"x":1}')), calls(entry(2, 'b', 'g', '{"y":2}'))]],
      [
        'no indexes',
        [
          calls(entry(undefined, 'a', 'f', '{"x"')),
          calls(entry(undefined, undefined, undefined, ':1}')),
          calls(entry(undefined, 'b', 'g', '{"y":2}')),
        ],
      ],
      ['all of index 0', [calls(entry(0, 'a', 'f', '{"x":1}')), calls(entry(0, 'b', 'g', '{"y":2}'))]],
      [
        'names repeated as ""',
        [
          calls(entry(0, 'a', 'f', '')),
          calls(entry(0, '', '', '{"x":1}')),
          calls(entry(1, 'b', 'g', '{"y":2}')),
        ],
      ],
      [
        'ids and names repeated',
        [
          calls(entry(0, 'a', 'f', '{"x"')),
          calls(entry(0, 'a', 'f', ':1}')),
          calls(entry(1, 'b', 'g', '{"y":2}')),
        ],
      ],
      [
        'ids rotating',
        [
          calls(entry(0, 'a', 'f', '{"x"')),
          calls(entry(0, 'zz', undefined, ':1}')),
          calls(entry(1, 'b', 'g', '{"y":2}')),
        ],
      ],
      [
        'an index that shifts',
        [
          calls(entry(0, 'a', 'f', '{"x"')),
          calls(entry(1, undefined, undefined, ':1}')),
          calls(entry(2, 'b', 'g', '{"y":2}')),
        ],
      ],
      [
        'an index that shifts under an id',
        [
          calls(entry(0, 'a', 'f', '{"x"')),
          calls(entry(5, 'a', undefined, ':1}')),
          calls(entry(1, 'b', 'g', '{"y":2}')),
        ],
      ],
      ['all in one delta', [calls(entry(0, 'a', 'f', '{"x":1}'), entry(1, 'b', 'g', '{"y":2}'))]],
      [
        'arguments as objects',
        [calls(entry(undefined, 'a', 'f', { x: 1 }), entry(undefined, 'b', 'g', { y: 2 }))],
      ],
    ])('with %s are two', (_name, parts) => {
      expect(madeCalls(...parts, finish('tool_calls'))).toEqual([
        ['a', 'f', { x: 1 }],
        ['b', 'g', { y: 2 }],
      ]);
    });

    it.each<[string, unknown[]]>([
      [
        'of index 0',
        [calls(entry(0, undefined, 'f', '{"x":1}')), calls(entry(0, undefined, 'f', '{"y":2}'))],
      ],
      [
        'without index',
        [
          calls(
            { function: { name: 'f', arguments: { x: 1 } } },
            { function: { name: 'f', arguments: { y: 2 } } },
          ),
        ],
      ],
      ['of one id', [calls(entry(0, 'call#0', 'f', '{"x":1}'), entry(1, 'call#0', 'f', '{"y":2}'))]],
    ])('without ids of their own are told apart: %s', (_name, parts) => {
      const made = madeCalls(...parts, finish('tool_calls'));
      expect(made.map(([, name, args]) => [name, args])).toEqual([
        ['f', { x: 1 }],
        ['f', { y: 2 }],
      ]);
      expect(new Set(made.map(([id]) => id)).size).toBe(2);
    });

    it('without ids, indexes and arguments are several in one delta', () => {
      const bare = { function: { name: 'f' } };
      expect(madeCalls(calls(bare, bare), finish('tool_calls'))).toEqual([
        ['call#0', 'f', {}],
        ['call#1', 'f', {}],
      ]);
    });

    it('are made where reasoning goes on, if their arguments are whole', () => {
      const message = only(calls(entry(0, 'a', 'f', '{}')), chunk({ reasoning: 'r' }), finish('tool_calls'));
      expect(partsOfType(message, 'tool-call')[0]!.created_at! - message.started_at!).toBe(1);
    });

    it('without ids have other ids in every step', () => {
      const step = (id: string) => [
        { ...chunk({ role: 'assistant' }), id },
        { ...calls(entry(0, undefined, 'f', '{}')), id },
        { ...finish('tool_calls'), id },
      ];
      const ids = messages(...step('c1'), ...step('c2')).map(
        (message) => partsOfType(message, 'tool-call')[0]?.tool_call_id,
      );
      expect(ids).toEqual(['call#0', 'call#1']);
    });

    it('take an id that comes before any argument, however late', () => {
      expect(
        madeCalls(
          calls(entry(0, '', 'f', '')),
          calls(entry(0, 'late', undefined, '{}')),
          finish('tool_calls'),
        ),
      ).toEqual([['late', 'f', {}]]);
    });

    it('of the legacy kind are calls too', () => {
      expect(
        madeCalls(
          chunk({ function_call: { name: 'f', arguments: '' } }),
          chunk({ function_call: { arguments: '{"x":1}' } }),
          finish('function_call'),
        ),
      ).toEqual([['call#0', 'f', { x: 1 }]]);
    });

    it('with empty arguments have {}, and are invalid with text that is no JSON (case 11)', () => {
      const message = only(
        calls(entry(0, 'a', 'f', '')),
        calls(entry(1, 'b', 'g', '{"y":')),
        finish('length'),
      );
      expect(partsOfType(message, 'tool-call')).toMatchObject([
        { tool_call_id: 'a', args: {} },
        { tool_call_id: 'b', args_text: '{"y":', invalid: true },
      ]);
      expect(message.pending_tool_call_ids).toEqual(['a', 'b']);
    });

    it('of the custom kind have text as input (case 25)', () => {
      expect(
        madeCalls(
          calls({ index: 0, id: 'a', type: 'custom', custom: { name: 'sql', input: 'select ' } }),
          calls({ index: 0, custom: { input: '1' } }),
          finish('tool_calls'),
        ),
      ).toEqual([['a', 'sql', 'select 1']]);
    });

    it('that are cut off stay partial, with what had come', () => {
      const message = only(calls(entry(0, 'a', 'f', '{"x')));
      expect(message.status).toBe('interrupted');
      expect(partsOfType(message, 'tool-call')).toMatchObject([{ partial: true, args_text: '{"x' }]);
    });

    it('that go on after they were made are made again, with all of it', () => {
      expect(
        madeCalls(
          calls(entry(0, 'a', 'f', '{}')),
          chunk({ content: 'x' }),
          calls(entry(0, 'a', undefined, '!')),
          finish('tool_calls'),
        ),
      ).toEqual([['a', 'f', '{}!']]);
    });

    it('that are sent whole again are one', () => {
      const whole = calls(entry(0, 'a', 'f', '{"x":1}'));
      expect(madeCalls(whole, whole, finish('tool_calls'))).toEqual([['a', 'f', { x: 1 }]]);
    });

    it('keep the thought signature of Gemini (case 6)', () => {
      const signed = { ...entry(0, 'a', 'f', '{}'), extra_content: { google: { thought_signature: 'S' } } };
      expect(partsOfType(only(calls(signed), finish('tool_calls')), 'tool-call')).toMatchObject([
        { metadata: { google: { thoughtSignature: 'S' } } },
      ]);
    });
  });

  it('that the service ran have a result (Groq)', () => {
    const tool = { index: 0, type: 'search', arguments: '{"q":1}' };
    const message = only(
      chunk({ executed_tools: [tool] }),
      chunk({ executed_tools: [{ ...tool, output: 'found' }] }),
      chunk({ content: 'x' }),
      finish('stop'),
    );
    expect(message.parts).toMatchObject([
      { type: 'tool-call', tool_name: 'search', args: { q: 1 }, provider_executed: true },
      { type: 'tool-result', result: { output: 'found' }, provider_executed: true },
      { type: 'text' },
    ]);
  });

  describe('citations', () => {
    it('repeated in every chunk are one source each, with the title that a search result has', () => {
      const more = {
        citations: ['https://a', 'https://b'],
        search_results: [
          { url: 'https://b', title: 'B', date: '2026' },
          { url: 'https://c', title: 'C' },
        ],
      };
      const message = only(
        chunk({ content: 'x' }, more),
        chunk({ content: 'y' }, more),
        finish('stop', more),
      );
      expect(partsOfType(message, 'source')).toMatchObject([
        { url: 'https://a' },
        { url: 'https://b', title: 'B', metadata: { openai: { searchResult: { date: '2026' } } } },
        { url: 'https://c', title: 'C' },
      ]);
      expect(partsOfType(message, 'text')).toMatchObject([{ text: 'xy' }]);
    });

    it('after the finish (xAI) belong to the step', () => {
      const message = only(chunk({ content: 'x' }), finish('stop'), {
        ...usageChunk({}),
        citations: ['https://a'],
      });
      expect(message.status).toBe('complete');
      expect(partsOfType(message, 'source')).toMatchObject([{ url: 'https://a' }]);
    });

    it('of annotations have their place, and other annotations are data', () => {
      const url_citation = { url: 'https://a', title: 'A', start_index: 1, end_index: 2 };
      const annotations = [
        { type: 'url_citation', url_citation },
        { type: 'file', file: { hash: 'h' } },
      ];
      const message = only(
        chunk({ annotations }),
        chunk({ annotations }, { citations: ['https://a'] }),
        finish('stop'),
      );
      expect(message.parts).toMatchObject([
        {
          type: 'source',
          url: 'https://a',
          title: 'A',
          metadata: { openai: { startIndex: 1, endIndex: 2 } },
        },
        { type: 'data', name: 'annotation', data: { type: 'file', file: { hash: 'h' } } },
      ]);
      expect(message.parts).toHaveLength(2);
    });
  });

  it('keeps images, once each', () => {
    const images = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }];
    const message = only(
      chunk({ images }),
      chunk({ images, content: [{ type: 'image_url', image_url: 'https://x/y.png' }] }),
      finish('stop'),
    );
    expect(partsOfType(message, 'file')).toMatchObject([
      { media_type: 'image/png', data: 'AAAA' },
      { url: 'https://x/y.png' },
    ]);
    expect(convertParts(openaiChat, [chunk({ images: [{}] })]).unknown).toEqual({ image: 1 });
  });

  it('joins speech to one file, padded pieces too, and keeps its transcript', () => {
    const message = only(
      chunk({ audio: { id: 'au', transcript: 'Hel' } }),
      chunk({ audio: { data: btoa('ab'), transcript: 'lo' } }),
      chunk({ audio: { data: btoa('cd'), expires_at: 9 } }),
      finish('stop'),
    );
    expect(message.parts).toMatchObject([
      { type: 'text', text: 'Hello', metadata: { openai: { transcript: true } } },
      { type: 'file', data: btoa('abcd'), metadata: { openai: { audioId: 'au', expiresAt: 9 } } },
    ]);
  });

  describe('errors (case 22)', () => {
    const error = { error: { message: 'overloaded', code: 529 } };
    it('that nothing follows fail the step, usage or not', () => {
      expect(only(chunk({ content: 'x' }), error)).toMatchObject({
        status: 'failed',
        errors: [{ message: 'overloaded', code: '529' }],
      });
      const last = chunk({}, { ...error, provider: 'p' }, { finish_reason: 'error' });
      expect(only(chunk({ content: 'x' }), last, usageChunk({ prompt_tokens: 1 }))).toMatchObject({
        status: 'failed',
        finish_reason: 'error',
        usage: { input_tokens: 1 },
        parts: [{ type: 'text', text: 'x' }],
      });
    });
    it('that the model went on after are noted', () => {
      expect(only(chunk({ content: 'x' }), error, chunk({ content: 'y' }), finish('stop'))).toMatchObject({
        status: 'complete',
        errors: [{ message: 'overloaded' }],
      });
      expect(only(chunk({ content: 'x' }), error, finish('stop'))).toMatchObject({ status: 'complete' });
      expect(only(chunk({ content: 'x' }), error, chunk({ content: 'y' }))).toMatchObject({
        status: 'interrupted',
        errors: [{ message: 'overloaded' }],
      });
    });
    it.each([
      ['alone', error],
      ['as an object of its own kind', { object: 'error', message: 'overloaded', code: 529 }],
      ['as text', { error: 'overloaded' }],
      ['inside the choice', chunk({}, {}, error)],
      ['inside x_groq', { x_groq: { error: 'overloaded' } }],
    ])('%s are a failed step', (_name, part) => {
      expect(only(part)).toMatchObject({ status: 'failed', errors: [{ message: 'overloaded' }] });
    });
  });

  describe('ids of chunks (case 3)', () => {
    it('that change mean nothing, and the first one is that of the response', () => {
      const message = only(
        { ...chunk({ role: 'assistant' }), id: '' },
        { ...chunk({ role: 'assistant', content: 'a' }), id: 'x' },
        { ...chunk({ role: 'assistant', content: 'b' }), id: 'y' },
        { ...chunk({ role: 'assistant' }, {}, { finish_reason: 'stop' }), id: 'z' },
        { ...chunk({ role: 'assistant' }, {}, { finish_reason: 'stop' }), id: 'zz' },
      );
      expect(message).toMatchObject({ response_id: 'x', parts: [{ text: 'ab' }] });
    });

    it('that stay are of the same response, role or not, after a finish reason too', () => {
      const message = only(
        chunk({ content: 'a' }),
        finish('stop'),
        chunk({ role: 'assistant', content: '' }),
      );
      expect(message.parts).toHaveLength(1);
    });

    it('that change with a role after a finish reason begin the next step', () => {
      const own = events(
        chunk({ content: 'a' }),
        finish('stop'),
        { ...chunk({ role: 'assistant', content: '' }), id: 'c2' },
        { ...chunk({ content: 'b' }), id: 'c2' },
      );
      expect(
        own.filter(([type]) => /step|interrupt/.test(type)).map(([type, step, at]) => [type, step, at]),
      ).toEqual([
        ['step-start', 'run.0', 0],
        ['step-end', 'run.0', 1],
        ['step-start', 'run.1', 2],
        ['interrupt', 'run.1', 3],
      ]);
    });
  });

  it('passes other choices over and counts them', () => {
    const choices = [
      { index: 1, delta: { content: 'other' } },
      { index: 0, delta: { content: 'own' } },
    ];
    const { unknown } = convertParts(openaiChat, [{ id: 'c', choices }]);
    expect(unknown).toEqual({ 'choice 1': 1 });
    expect(blocks({ id: 'c', choices })).toEqual([['text', 'own']]);
  });

  it('is an interrupt without a finish reason (case 21), and no step without a chunk', () => {
    expect(only(chunk({ content: 'x' }))).toMatchObject({
      status: 'interrupted',
      interrupt: { reason: 'eof' },
    });
    expect(convertParts(openaiChat, [{ object: 'ping' }, { type: 'text-delta' }, 7, null, []])).toEqual({
      events: [],
      unknown: { ping: 1, 'text-delta': 1, '(no type)': 3 },
    });
  });

  it('counts fields of a delta that it does not know', () => {
    expect(convertParts(openaiChat, [chunk({ smell: 'rose', taste: null })]).unknown).toEqual({
      'delta.smell': 1,
    });
  });

  it('may be a whole completion in one line, or one of the older kind', () => {
    const message = { role: 'assistant', content: 'x', tool_calls: [entry(undefined, 'a', 'f', '{}')] };
    const choices = [{ index: 0, message, finish_reason: 'tool_calls' }];
    expect(only({ id: 'c', choices })).toMatchObject({
      status: 'complete',
      parts: [{ text: 'x' }, { tool_call_id: 'a' }],
    });
    expect(blocks({ id: 'c', choices: [{ index: 0, text: 'old', finish_reason: 'stop' }] })).toEqual([
      ['text', 'old'],
    ]);
  });

  it('names the provider that a gateway chose, and keeps what it says of it', () => {
    const message = only(
      chunk({ content: 'x' }, { provider: 'Azure' }),
      chunk(
        { provider_metadata: { gateway: { cost: '1' } } },
        {},
        { finish_reason: 'stop', native_finish_reason: 'STOP' },
      ),
    );
    expect(message).toMatchObject({
      provider: 'Azure',
      metadata: { gateway: { cost: '1' }, openrouter: { nativeFinishReason: 'STOP' } },
    });
  });
});
