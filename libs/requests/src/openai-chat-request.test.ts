import { describe, expect, it } from '@jest/globals';
import { callPart, resultPart, storedStep, userStep } from '../../../test/support/stored-step.js';
import { openaiChatRequest } from './openai-chat-request.js';

describe('a request to Chat Completions', () => {
  it('has text arguments, null content beside calls, and a tool message for each call right behind', () => {
    const request = openaiChatRequest([
      storedStep([{ type: 'text', text: 'Be brief.' }], { role: 'system' }),
      userStep('go'),
      storedStep([{ type: 'reasoning', text: 'hm' }, callPart('a'), callPart('b'), resultPart('b')]),
      storedStep([
        { type: 'text', text: 'Part ' },
        { type: 'text', text: 'two' },
      ]),
      storedStep([resultPart('a', { result: { deg: 2 } })], { role: 'tool' }),
      userStep('thanks'),
    ]);
    expect(request.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'go' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'look', arguments: '{"at":"a"}' } },
          { id: 'b', type: 'function', function: { name: 'look', arguments: '{"at":"b"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: '{"deg":2}' },
      { role: 'tool', tool_call_id: 'b', content: 'seen b' },
      { role: 'assistant', content: 'Part two' },
      { role: 'user', content: 'thanks' },
    ]);
  });

  it('has no message without content, and none of what a provider ran itself', () => {
    const request = openaiChatRequest([
      storedStep([{ type: 'reasoning', text: 'hm' }]),
      storedStep([callPart('a', { provider_executed: true }), resultPart('a', { provider_executed: true })]),
      userStep(''),
    ]);
    expect(request.messages).toEqual([]);
  });

  it('gives arguments that were no JSON as JSON, and answers calls that nobody did', () => {
    const broken = storedStep([callPart('a', { args: undefined, args_text: '{"a', invalid: true })]);
    expect(openaiChatRequest([broken]).messages).toEqual([
      expect.objectContaining({
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'look', arguments: '{"rawInvalidInput":"{\\"a"}' } },
        ],
      }),
      { role: 'tool', tool_call_id: 'a', content: 'the tool call never got a result' },
    ]);
  });

  it('says what a dialect needs to see again, and nothing of it to others', () => {
    const step = storedStep([
      {
        type: 'reasoning',
        text: 'hm',
        metadata: { openrouter: { reasoning_details: [{ type: 'x', data: 'd' }] } },
      },
      callPart('a', { metadata: { google: { thoughtSignature: 't' } } }),
      resultPart('a'),
    ]);
    const first = (dialect?: 'deepseek' | 'openrouter' | 'google') =>
      openaiChatRequest([step], dialect === undefined ? {} : { dialect }).messages[0];
    const call = { id: 'a', type: 'function', function: { name: 'look', arguments: '{"at":"a"}' } };
    const plain = { role: 'assistant', content: null, tool_calls: [call] };
    expect(first()).toEqual(plain);
    expect(first('deepseek')).toEqual({ ...plain, reasoning_content: 'hm' });
    expect(first('openrouter')).toEqual({ ...plain, reasoning_details: [{ type: 'x', data: 'd' }] });
    expect(first('google')).toEqual({
      ...plain,
      tool_calls: [{ ...call, extra_content: { google: { thought_signature: 't' } } }],
    });
  });

  it('has custom tools of OpenAI, which others know as functions', () => {
    const step = storedStep([callPart('a', { args: 'SELECT 1' }), resultPart('a')]);
    expect(openaiChatRequest([step]).messages[0]).toMatchObject({
      tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'look', input: 'SELECT 1' } }],
    });
    expect(openaiChatRequest([step], { dialect: 'deepseek' }).messages[0]).toMatchObject({
      tool_calls: [{ type: 'function', function: { arguments: '"SELECT 1"' } }],
    });
  });

  it.each([
    [
      { media_type: 'image/png', url: 'https://a.example/' },
      { type: 'image_url', image_url: { url: 'https://a.example/' } },
    ],
    [
      { media_type: 'audio/mpeg', data: 'AAAA' },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
    ],
    [
      { media_type: 'application/pdf', data: 'AAAA' },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'file' } },
    ],
  ])('file %j', (file, content) => {
    const { messages } = openaiChatRequest([storedStep([{ type: 'file', ...file }], { role: 'user' })]);
    expect(messages).toEqual([{ role: 'user', content: [content] }]);
  });
});
