import { describe, expect, it } from '@jest/globals';
import { brief, convertParts, messagesOfParts, partsOfType } from '../../../test/support/convert-parts.js';
import { google } from './google.js';

const chunk = (parts: object[], more: object = {}, candidate: object = {}) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...candidate }],
  modelVersion: 'gemini-x',
  responseId: 'r1',
  ...more,
});
const text = (given: string, more: object = {}) => ({ text: given, ...more });
const thought = (given: string, more: object = {}) => text(given, { thought: true, ...more });
const last = (finishReason: string, more: object = {}, parts: object[] = []) =>
  chunk(parts, more, { finishReason });
const functionCall = (call: object, more: object = {}) => ({ functionCall: call, ...more });
const signed = (thoughtSignature: string) => ({ metadata: { google: { thoughtSignature } } });

const messages = (...parts: unknown[]) => messagesOfParts(google, parts);
const only = (...parts: unknown[]) => {
  const all = messages(...parts);
  expect(all).toHaveLength(1);
  return all[0]!;
};
const events = (...parts: unknown[]) => brief(convertParts(google, parts).events);

describe('a Gemini stream', () => {
  it('becomes a step: blocks end where the kind changes (case 4), thoughts apart', () => {
    expect(
      events(
        chunk([thought('Hm')]),
        chunk([thought('m'), text('Hel')]),
        chunk([text('lo')], { usageMetadata: { promptTokenCount: 3 } }),
        last(
          'STOP',
          { usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 } },
          [text('')],
        ),
      ),
    ).toEqual([
      ['step-start', 'run.0', 0, { model: 'gemini-x', step_index: 0, run_id: 'run' }],
      ['reasoning-start', 'run.0', 0, { id: 'reasoning#0' }],
      ['reasoning-delta', 'run.0', 0, { id: 'reasoning#0', text: 'Hm' }],
      ['reasoning-delta', 'run.0', 1, { id: 'reasoning#0', text: 'm' }],
      ['reasoning-end', 'run.0', 1, { id: 'reasoning#0' }],
      ['text-start', 'run.0', 1, { id: 'text#0' }],
      ['text-delta', 'run.0', 1, { id: 'text#0', text: 'Hel' }],
      ['text-delta', 'run.0', 2, { id: 'text#0', text: 'lo' }],
      ['text-end', 'run.0', 3, { id: 'text#0' }],
      [
        'finish',
        'run.0',
        3,
        {
          finish_reason: 'stop',
          raw_finish_reason: 'STOP',
          usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
          response_id: 'r1',
          model: 'gemini-x',
        },
      ],
      ['step-end', 'run.0', 3, {}],
    ]);
  });

  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['BLOCKLIST', 'content-filter'],
    ['PROHIBITED_CONTENT', 'content-filter'],
    ['SPII', 'content-filter'],
    ['IMAGE_SAFETY', 'content-filter'],
    ['MALFORMED_FUNCTION_CALL', 'error'],
    ['LANGUAGE', 'other'],
  ])('finish reason %s is %s', (raw, neutral) => {
    expect(only(last(raw))).toMatchObject({
      status: 'complete',
      finish_reason: neutral,
      raw_finish_reason: raw,
    });
  });

  it('takes the last usage, thoughts put into the output', () => {
    expect(
      only(
        chunk([text('x')], { usageMetadata: { promptTokenCount: 9, thoughtsTokenCount: 1 } }),
        last('STOP', {
          usageMetadata: {
            promptTokenCount: 10,
            toolUsePromptTokenCount: 3,
            cachedContentTokenCount: 4,
            candidatesTokenCount: 5,
            thoughtsTokenCount: 7,
            totalTokenCount: 25,
          },
        }),
        { usageMetadata: { trafficType: 'ON_DEMAND' }, responseId: 'r1', modelVersion: 'gemini-x' },
      ).usage,
    ).toEqual({
      input_tokens: 13,
      output_tokens: 12,
      total_tokens: 25,
      reasoning_tokens: 7,
      cache_read_tokens: 4,
    });
  });

  it('takes usage that comes alone', () => {
    const usageMetadata = { promptTokenCount: 1 };
    expect(only(last('STOP'), { usageMetadata })).toMatchObject({ usage: { input_tokens: 1 } });
    expect(convertParts(google, [{ usageMetadata }])).toEqual({ events: [], unknown: { usageMetadata: 1 } });
  });

  it('may send a finish reason with every chunk, and then has one finish, at the last of them', () => {
    const own = events(last('STOP', {}, [text('a')]), last('STOP', {}, [text('b')]), chunk([text('c')]));
    expect(
      own.filter(([type]) => /finish|text-(start|end)/.test(type)).map(([type, , at]) => [type, at]),
    ).toEqual([
      ['text-start', 0],
      ['text-end', 2],
      ['finish', 2],
    ]);
  });

  describe('thought signatures (case 6)', () => {
    it('stay with their text, with an empty one too', () => {
      expect(
        only(
          chunk([thought('T', { thoughtSignature: 'S0' })]),
          chunk([text('x')]),
          chunk([text('', { thoughtSignature: 'S1' })]),
          last('STOP'),
        ).parts,
      ).toMatchObject([
        { type: 'reasoning', text: 'T', ...signed('S0') },
        { type: 'text', text: 'x', ...signed('S1') },
      ]);
    });

    it('on an empty text, or alone, after a call are an empty block', () => {
      for (const part of [text('', { thoughtSignature: 'S' }), { thoughtSignature: 'S' }]) {
        expect(only(chunk([functionCall({ name: 'f' })]), chunk([part]), last('STOP')).parts).toMatchObject([
          { type: 'tool-call' },
          { type: 'text', text: '', ...signed('S') },
        ]);
      }
    });

    it('begin a block each, so that none is lost', () => {
      const parts = [
        text('a', { thoughtSignature: 'S1' }),
        text('b'),
        text('c', { thoughtSignature: 'S2' }),
        text('d', { thoughtSignature: 'S2' }),
      ];
      expect(only(chunk(parts), last('STOP')).parts).toMatchObject([
        { text: 'ab', ...signed('S1') },
        { text: 'cd', ...signed('S2') },
      ]);
    });

    it('stay with calls, code, results and files', () => {
      const mark = { thoughtSignature: 'S' };
      const { parts } = only(
        chunk([
          { ...functionCall({ name: 'f', args: {} }), ...mark },
          { executableCode: { language: 'PYTHON', code: '1' }, ...mark },
          { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' }, ...mark },
          { inlineData: { mimeType: 'image/png', data: 'AAAA' }, ...mark },
        ]),
        last('STOP'),
      );
      expect(parts).toHaveLength(4);
      for (const part of parts) expect(part).toMatchObject(signed('S'));
    });
  });

  describe('calls', () => {
    it('are whole in one part, with the id they have or one of their own (case 9)', () => {
      const message = only(
        chunk([text('x')]),
        chunk([
          functionCall({ name: 'f', args: { a: 1 } }),
          functionCall({ name: 'g', id: 'given', args: {} }),
          functionCall({ name: 'h' }),
        ]),
        last('STOP'),
      );
      expect(message).toMatchObject({
        finish_reason: 'tool-calls',
        raw_finish_reason: 'STOP',
        pending_tool_call_ids: ['call_0', 'given', 'call_1'],
      });
      expect(partsOfType(message, 'tool-call')).toMatchObject([
        { tool_call_id: 'call_0', tool_name: 'f', args: { a: 1 } },
        { tool_call_id: 'given', tool_name: 'g', args: {} },
        { tool_call_id: 'call_1', tool_name: 'h', args: {} },
      ]);
      expect(partsOfType(message, 'text')[0]!.completed_at! - message.started_at!).toBe(1);
    });

    it('have other ids in every step', () => {
      const ids = messages(
        last('STOP', {}, [functionCall({ name: 'f' })]),
        last('STOP', { responseId: 'r2' }, [functionCall({ name: 'f' })]),
      ).map((message) => partsOfType(message, 'tool-call')[0]?.tool_call_id);
      expect(ids).toEqual(['call_0', 'call_1']);
    });

    const fragment = (jsonPath: string, stringValue: string, isContinued: boolean) => ({
      partialArgs: [{ jsonPath, stringValue, ...(isContinued ? { willContinue: true } : {}) }],
    });

    it('stream their arguments, and are made by the fragment that closes them (case 25)', () => {
      const own = events(
        chunk([functionCall({ name: 'f', willContinue: true }, { thoughtSignature: 'S' })]),
        chunk([functionCall({ ...fragment('$.city', 'Ber', true), willContinue: true })]),
        chunk([functionCall({ ...fragment('$.city', 'n', true), willContinue: true })]),
        chunk([functionCall({ ...fragment('$.city', '', false), willContinue: true })]),
        chunk([functionCall({})]),
        last('STOP'),
      );
      expect(own.slice(1, -2)).toEqual([
        ['tool-input-start', 'run.0', 0, { tool_call_id: 'call_0', tool_name: 'f', ...signed('S') }],
        ['tool-input-delta', 'run.0', 1, { tool_call_id: 'call_0', text: '{"city":"Ber' }],
        ['tool-input-delta', 'run.0', 2, { tool_call_id: 'call_0', text: 'n' }],
        ['tool-input-delta', 'run.0', 3, { tool_call_id: 'call_0', text: '"' }],
        ['tool-input-delta', 'run.0', 4, { tool_call_id: 'call_0', text: '}' }],
        ['tool-input-end', 'run.0', 4, { tool_call_id: 'call_0' }],
        ['tool-call', 'run.0', 4, { tool_call_id: 'call_0', tool_name: 'f', args: { city: 'Bern' } }],
      ]);
    });

    it('whose closing fragment never comes are made by the next call, or at the finish (case 25)', () => {
      const message = only(
        chunk([functionCall({ name: 'f', willContinue: true })]),
        chunk([functionCall({ ...fragment('$.a', 'x', true), willContinue: true })]),
        chunk([functionCall({ name: 'g', willContinue: true })]),
        chunk([functionCall({ ...fragment('$.b', 'y', true), willContinue: true })]),
        chunk([text('.')]),
        last('STOP'),
      );
      expect(
        partsOfType(message, 'tool-call').map((call) => [
          call.tool_name,
          call.args,
          call.created_at! - message.started_at!,
        ]),
      ).toEqual([
        ['f', { a: 'x' }, 2],
        ['g', { b: 'y' }, 5],
      ]);
    });

    it('take arguments that come whole beside the fragments', () => {
      const call = { name: 'f', args: { a: 1 }, ...fragment('$.b', 'x', false), willContinue: true };
      const begun = chunk([functionCall(call)]);
      const made = only(begun, chunk([functionCall({ args: { c: 2 } })]), last('STOP'));
      expect(partsOfType(made, 'tool-call')).toMatchObject([{ args: { a: 1, b: 'x', c: 2 } }]);
      expect(partsOfType(only(begun), 'tool-call')).toMatchObject([
        { partial: true, args: { a: 1, b: 'x' } },
      ]);
    });

    it('that are cut off keep what had come, in order or not', () => {
      const begin = chunk([functionCall({ name: 'f', willContinue: true })]);
      const piece = (path: string, value: string, isContinued = false) =>
        chunk([functionCall({ ...fragment(path, value, isContinued), willContinue: true })]);
      expect(partsOfType(only(begin, piece('$.a', 'x', true)), 'tool-call')).toMatchObject([
        { partial: true, args_text: '{"a":"x' },
      ]);
      const muddled = only(begin, piece('$.a.b', 'x'), piece('$.c', 'y'), piece('$.a.d', 'z'));
      expect(muddled.status).toBe('interrupted');
      expect(partsOfType(muddled, 'tool-call')).toMatchObject([
        { partial: true, args: { a: { b: 'x', d: 'z' }, c: 'y' } },
      ]);
    });

    it('pass over fragments of no call, and what is no fragment', () => {
      const { unknown } = convertParts(google, [
        chunk([functionCall({}), functionCall({ willContinue: true })]),
        chunk([functionCall({ name: 'f', willContinue: true, partialArgs: [{ jsonPath: '?' }] })]),
      ]);
      expect(unknown).toEqual({ 'functionCall without name': 1, partialArgs: 1 });
    });
  });

  it('keeps code that the service ran, with its result and its error flag', () => {
    const message = only(
      chunk([{ executableCode: { language: 'PYTHON', code: 'print(1)' } }]),
      chunk([{ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } }]),
      chunk([{ executableCode: { id: 'own', language: 'PYTHON', code: '!' } }]),
      chunk([{ codeExecutionResult: { id: 'own', outcome: 'OUTCOME_FAILED', output: 'no' } }]),
      last('STOP'),
    );
    expect(message.finish_reason).toBe('stop');
    expect(message.parts).toMatchObject([
      {
        type: 'tool-call',
        tool_call_id: 'call_0',
        tool_name: 'code_execution',
        args: { language: 'PYTHON', code: 'print(1)' },
        provider_executed: true,
      },
      { type: 'tool-result', tool_call_id: 'call_0', result: { outcome: 'OUTCOME_OK', output: '1' } },
      { type: 'tool-call', tool_call_id: 'own' },
      { type: 'tool-result', tool_call_id: 'own', is_error: true, provider_executed: true },
    ]);
    expect(message.parts[1]).not.toHaveProperty('is_error');
  });

  it("keeps calls and results of the service's own tools", () => {
    const message = only(
      chunk([{ toolCall: { id: 't', toolType: 'GOOGLE_SEARCH_WEB', args: { q: 1 } } }]),
      chunk([{ toolResponse: { id: 't', toolType: 'GOOGLE_SEARCH_WEB', response: { r: 2 } } }]),
      last('STOP'),
    );
    expect(message.parts).toMatchObject([
      {
        tool_name: 'server:GOOGLE_SEARCH_WEB',
        args: { q: 1 },
        provider_executed: true,
        metadata: { google: { serverToolCallId: 't', serverToolType: 'GOOGLE_SEARCH_WEB' } },
      },
      { type: 'tool-result', tool_call_id: 't', result: { r: 2 } },
    ]);
  });

  it('keeps files where they stand, those of thoughts marked', () => {
    const message = only(
      chunk([
        text('a'),
        { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
        text('b'),
        { fileData: { mimeType: 'video/mp4', fileUri: 'gs://b/v' } },
        { thought: true, inlineData: { mimeType: 'image/png', data: 'BBBB' } },
      ]),
      last('STOP'),
    );
    expect(message.parts).toMatchObject([
      { type: 'text', text: 'a' },
      { type: 'file', media_type: 'image/png', data: 'AAAA' },
      { type: 'text', text: 'b' },
      { type: 'file', media_type: 'video/mp4', url: 'gs://b/v' },
      { type: 'file', data: 'BBBB', reasoning: true },
    ]);
  });

  it('names each source once, although every chunk repeats them', () => {
    const groundingMetadata = {
      webSearchQueries: ['q'],
      groundingChunks: [
        { web: { uri: 'https://a', title: 'A' } },
        { maps: { uri: 'https://m', title: 'M', placeId: 'p' } },
        { retrievedContext: { uri: 'gs://b/doc.pdf', title: 'D', text: 'one' } },
        { retrievedContext: { uri: 'gs://b/doc.pdf', title: 'D', text: 'two' } },
        { retrievedContext: { uri: 'https://c', title: 'C' } },
        { unheard: {} },
      ],
    };
    const citationMetadata = { citations: [{ uri: 'https://a' }, { uri: 'https://d', startIndex: 1 }, {}] };
    const more = { groundingMetadata, citationMetadata };
    const message = only(
      chunk([text('x')], {}, more),
      chunk([text('y')], {}, more),
      chunk([], {}, { ...more, finishReason: 'STOP' }),
    );
    expect(partsOfType(message, 'source')).toMatchObject([
      { source_type: 'url', url: 'https://a', title: 'A' },
      { url: 'https://m', metadata: { google: { placeId: 'p' } } },
      { source_type: 'document', source_id: 'gs://b/doc.pdf', filename: 'doc.pdf', title: 'D' },
      { source_type: 'document', metadata: { google: { text: 'two' } } },
      { url: 'https://c', title: 'C' },
      { url: 'https://d', metadata: { google: { startIndex: 1 } } },
    ]);
    expect(partsOfType(message, 'source')).toHaveLength(6);
    expect(message.metadata).toEqual({ google: { groundingMetadata } });
    expect(partsOfType(message, 'text')).toMatchObject([{ text: 'xy' }]);
  });

  it('that refuses the prompt is a finished step without content', () => {
    const promptFeedback = { blockReason: 'SAFETY' };
    expect(only({ promptFeedback, modelVersion: 'gemini-x' })).toMatchObject({
      status: 'complete',
      finish_reason: 'content-filter',
      raw_finish_reason: 'SAFETY',
      parts: [],
      metadata: { google: { promptFeedback } },
    });
    expect(only({ promptFeedback: { blockReason: 'OTHER' } })).toMatchObject({
      finish_reason: 'content-filter',
    });
  });

  it('fails with an error that nothing follows, and only notes one that something does (case 22)', () => {
    const error = { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } };
    expect(only(error)).toMatchObject({ status: 'failed', errors: [{ message: 'overloaded', code: '503' }] });
    expect(only(chunk([text('x')]), error)).toMatchObject({ status: 'failed' });
    expect(only(chunk([text('x')]), error, chunk([text('y')]), last('STOP'))).toMatchObject({
      status: 'complete',
      errors: [{ message: 'overloaded' }],
    });
  });

  it('is an interrupt without a finish reason (case 21)', () => {
    const message = only(chunk([text('x')], { usageMetadata: { promptTokenCount: 1 } }));
    expect(message).toMatchObject({ status: 'interrupted', interrupt: { reason: 'eof' } });
    expect(message.parts).toMatchObject([{ end_reason: 'interrupt' }]);
  });

  it('with another response id after a finish reason begins the next step; before it that means nothing', () => {
    const own = events(
      chunk([text('a')]),
      chunk([text('b')], { responseId: 'rX' }),
      last('STOP'),
      chunk([text('c')], { responseId: 'r2' }),
    );
    expect(
      own.filter(([type]) => /step|interrupt/.test(type)).map(([type, step, at]) => [type, step, at]),
    ).toEqual([
      ['step-start', 'run.0', 0],
      ['step-end', 'run.0', 2],
      ['step-start', 'run.1', 3],
      ['interrupt', 'run.1', 3],
    ]);
  });

  it('passes over and counts other candidates, unknown parts and what is no chunk', () => {
    const { unknown, events } = convertParts(google, [
      { setupComplete: {} },
      { type: 'interaction.start' },
      7,
      { candidates: [{ index: 1, content: { parts: [text('other')] } }] },
      chunk([{ hologram: {} }, { thought: true, hologram: {}, thoughtSignature: 'S' }, {}]),
    ]);
    expect(unknown).toEqual({
      setupComplete: 1,
      'interaction.start': 1,
      '(no type)': 1,
      'candidate 1': 1,
      'part hologram': 2,
    });
    expect(events.map(({ type }) => type)).toEqual(['step-start', 'interrupt']);
  });

  it('may have its chunks in envelopes', () => {
    expect(only({ response: chunk([text('x')]) }, { response: last('STOP') })).toMatchObject({
      status: 'complete',
      parts: [{ text: 'x' }],
    });
  });
});
