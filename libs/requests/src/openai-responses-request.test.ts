import { describe, expect, it } from '@jest/globals';
import { callPart, resultPart, storedStep, userStep } from '../../../test/support/stored-step.js';
import { openaiResponsesRequest } from './openai-responses-request.js';

const openai = (entries: object) => ({ metadata: { openai: entries } });
const reasoning = (text: string, entries: object) => ({
  type: 'reasoning' as const,
  text,
  ...openai(entries),
});
const answer = (text: string, entries: object = {}) => ({ type: 'text' as const, text, ...openai(entries) });

const thoughtful = storedStep([
  reasoning('one', { itemId: 'rs_1' }),
  reasoning('two', { itemId: 'rs_1', reasoningEncryptedContent: 'sealed' }),
  answer('I look.', { itemId: 'msg_1', phase: 'commentary' }),
  callPart('call_1', openai({ itemId: 'fc_1' })),
  resultPart('call_1', { result: { found: 1 } }),
]);

describe('a request to the Responses API', () => {
  it('has reasoning as the item that it was, before what followed it, and an output for each call', () => {
    expect(openaiResponsesRequest([userStep('go'), thoughtful])).toEqual({
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'go' }] },
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [
            { type: 'summary_text', text: 'one' },
            { type: 'summary_text', text: 'two' },
          ],
          encrypted_content: 'sealed',
        },
        {
          type: 'message',
          id: 'msg_1',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'I look.', annotations: [] }],
          phase: 'commentary',
        },
        { type: 'function_call', call_id: 'call_1', name: 'look', id: 'fc_1', arguments: '{"at":"call_1"}' },
        { type: 'function_call_output', call_id: 'call_1', output: '{"found":1}' },
      ],
    });
  });

  it('Items are not persisted when `store` is set to false: names reasoning only with its encrypted content', () => {
    const unsealed = storedStep([reasoning('', { itemId: 'rs_2' }), answer('Yes.', { itemId: 'msg_2' })]);
    expect(openaiResponsesRequest([thoughtful, unsealed], { store: false }).input).toEqual([
      expect.objectContaining({ type: 'reasoning', id: 'rs_1', encrypted_content: 'sealed' }),
      { role: 'assistant', content: 'I look.', phase: 'commentary' },
      { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{"at":"call_1"}' },
      { type: 'function_call_output', call_id: 'call_1', output: '{"found":1}' },
      { role: 'assistant', content: 'Yes.' },
    ]);
  });

  it('reasoning was provided without its required following item: leaves it out where it was cut off', () => {
    const cutOff = storedStep([reasoning('thinking', { itemId: 'rs_1', reasoningEncryptedContent: 'x' })], {
      status: 'interrupted',
    });
    expect(openaiResponsesRequest([userStep('go'), cutOff, userStep('on')]).input).toHaveLength(2);
  });

  it('function_call was provided without its required reasoning item: names no item behind reasoning that is left out', () => {
    const elsewhere = storedStep([
      reasoning('thinking', { itemId: 'other-1' }),
      callPart('call_1', openai({ itemId: 'fc_1' })),
      resultPart('call_1'),
    ]);
    expect(openaiResponsesRequest([elsewhere]).input[0]).toEqual({
      type: 'function_call',
      call_id: 'call_1',
      name: 'look',
      arguments: '{"at":"call_1"}',
    });
  });

  it('Expected an ID that begins with msg; Duplicate item found: names items of this API, and each once', () => {
    const input = (...ids: string[]) =>
      openaiResponsesRequest(ids.map((itemId) => storedStep([answer('a', { itemId })]))).input;
    expect(input('item-7')).toEqual([{ role: 'assistant', content: 'a' }]);
    expect(input('msg_1', 'msg_1').map((item) => 'id' in item)).toEqual([true, false]);
  });

  it('No tool output found for function call: closes it, and those of an interrupt have their synthetic output', () => {
    const { input } = openaiResponsesRequest([
      storedStep([callPart('a')]),
      storedStep(
        [callPart('b'), resultPart('b', { synthetic: true, is_error: true, result: { error: 'cut' } })],
        {
          status: 'interrupted',
        },
      ),
    ]);
    expect(input.map((item) => ('output' in item ? item.output : undefined))).toEqual([
      undefined,
      'the tool call never got a result',
      undefined,
      '{"error":"cut"}',
    ]);
  });

  it('has custom tools with free text, and refusals', () => {
    const { input } = openaiResponsesRequest([
      storedStep([
        answer('I cannot.', { itemId: 'msg_1', refusal: true }),
        callPart('call_1', { args: 'SELECT 1', ...openai({ itemId: 'ctc_1' }) }),
        resultPart('call_1'),
      ]),
    ]);
    expect(input).toEqual([
      expect.objectContaining({ content: [{ type: 'refusal', refusal: 'I cannot.' }] }),
      { type: 'custom_tool_call', call_id: 'call_1', name: 'look', id: 'ctc_1', input: 'SELECT 1' },
      { type: 'custom_tool_call_output', call_id: 'call_1', output: 'seen call_1' },
    ]);
  });

  it('has the shell and the patches that the client ran as the items that they are, with outputs of their kind', () => {
    const operation = { type: 'update_file', path: 'a', diff: '@@' };
    const outcome = { type: 'exit', exitCode: 2 };
    const { input } = openaiResponsesRequest([
      storedStep([
        callPart('a', {
          args: { action: { commands: ['ls'], timeoutMs: 5 } },
          ...openai({ itemId: 'sh_1' }),
        }),
        callPart('b', { args: { callId: 'b', operation }, ...openai({ itemId: 'apc_1' }) }),
        callPart('c', { args: { action: { commands: ['ls'] } }, ...openai({ itemId: 'sh_2' }) }),
        callPart('d', { args: { action: { commands: ['ls'] } }, ...openai({ itemId: 'fc_1' }) }),
        resultPart('a', { result: { output: [{ stdout: 'x', stderr: '', outcome }] } }),
        resultPart('b', { result: { status: 'failed', output: 'no such line' } }),
        resultPart('d'),
      ]),
    ]);
    expect(input.slice(0, 3)).toEqual([
      {
        type: 'shell_call',
        call_id: 'a',
        id: 'sh_1',
        action: { commands: ['ls'], timeout_ms: 5 },
        status: 'completed',
      },
      { type: 'apply_patch_call', call_id: 'b', id: 'apc_1', operation, status: 'completed' },
      expect.objectContaining({ type: 'shell_call', call_id: 'c' }),
    ]);
    expect(input[3]).toMatchObject({ type: 'function_call', call_id: 'd' });
    expect(input.slice(4)).toEqual([
      {
        type: 'shell_call_output',
        call_id: 'a',
        output: [{ stdout: 'x', stderr: '', outcome: { type: 'exit', exit_code: 2 } }],
      },
      { type: 'apply_patch_call_output', call_id: 'b', status: 'failed', output: 'no such line' },
      {
        type: 'shell_call_output',
        call_id: 'c',
        output: [
          {
            stdout: '',
            stderr: 'the tool call never got a result',
            outcome: { type: 'exit', exit_code: 1 },
          },
        ],
      },
      { type: 'function_call_output', call_id: 'd', output: 'seen d' },
    ]);
  });

  it('refers to what the tools of the API did, once, or leaves it out', () => {
    const searched = storedStep([
      callPart('ws_1', { provider_executed: true, ...openai({ itemId: 'ws_1' }) }),
      resultPart('ws_1', { provider_executed: true, ...openai({ itemId: 'ws_1' }) }),
      answer('Found.', { itemId: 'msg_1' }),
    ]);
    expect(openaiResponsesRequest([searched]).input[0]).toEqual({ type: 'item_reference', id: 'ws_1' });
    expect(openaiResponsesRequest([searched]).input).toHaveLength(2);
    expect(openaiResponsesRequest([searched], { store: false }).input).toEqual([
      { role: 'assistant', content: 'Found.' },
    ]);
  });

  it('leaves out what another provider thought', () => {
    const signed = { type: 'reasoning' as const, text: 'hm', metadata: { anthropic: { signature: 's' } } };
    expect(openaiResponsesRequest([storedStep([signed, answer('Yes.')])]).input).toEqual([
      { role: 'assistant', content: 'Yes.' },
    ]);
  });

  it('cuts ids that are too long, and keeps them apart', () => {
    const long = 'x'.repeat(80);
    const { input } = openaiResponsesRequest([
      storedStep([
        callPart(`${long}1`),
        callPart(`${long}2`),
        resultPart(`${long}1`),
        resultPart(`${long}2`),
      ]),
    ]);
    const ids = input.map((item) => ('call_id' in item ? item.call_id : ''));
    expect(ids.every((id) => id.length === 64)).toBe(true);
    expect([ids[0], ids[1]]).toEqual([ids[2], ids[3]]);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it.each([
    [
      { media_type: 'image/png', data: 'AAAA' },
      { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,AAAA' },
    ],
    [
      { media_type: 'application/pdf', data: 'AAAA', name: 'a.pdf' },
      { type: 'input_file', file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' },
    ],
    [
      { media_type: 'application/pdf', url: 'https://a.example/' },
      { type: 'input_file', file_url: 'https://a.example/' },
    ],
    [
      { media_type: 'application/pdf', file_id: 'file-1' },
      { type: 'input_file', file_id: 'file-1' },
    ],
    [
      { media_type: 'image/png', url: 'blob:1' },
      { type: 'input_text', text: '[file not sent: image/png]' },
    ],
  ])('file %j', (file, content) => {
    const { input } = openaiResponsesRequest([storedStep([{ type: 'file', ...file }], { role: 'user' })]);
    expect(input).toEqual([{ role: 'user', content: [content] }]);
  });
});
