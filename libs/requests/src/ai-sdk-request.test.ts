import { describe, expect, it } from '@jest/globals';
import { callPart, resultPart, storedStep, userStep } from '../../../test/support/stored-step.js';
import { aiSdkRequest } from './ai-sdk-request.js';

describe('a request to the AI SDK', () => {
  it('has nothing of the marks of imported messages', () => {
    const metadata = { stepfold: { untimed: true, undated: true, message_id: 'm' }, google: { a: 1 } };
    const { messages } = aiSdkRequest([
      userStep('go'),
      storedStep([
        { type: 'text', text: 'on', metadata },
        callPart('a', { metadata: { stepfold: metadata.stepfold } }),
        resultPart('a'),
      ]),
    ]);
    expect(JSON.stringify(messages)).not.toContain('stepfold');
    expect(JSON.stringify(messages)).toContain('"google"');
  });

  it('has what providers attached, as options of the part that had it, in the order of the model', () => {
    const request = aiSdkRequest([
      storedStep([{ type: 'text', text: 'Be brief.' }], { role: 'system' }),
      userStep('go'),
      storedStep([
        { type: 'reasoning', text: 'hm', metadata: { anthropic: { signature: 's' }, 'ai-sdk': { x: 1 } } },
        {
          type: 'reasoning',
          text: '',
          metadata: { openai: { itemId: 'rs_1', reasoningEncryptedContent: 'e' } },
        },
        { type: 'text', text: '', metadata: { google: { thoughtSignature: 't' } } },
        { type: 'text', text: '' },
        callPart('a', { metadata: { google: { thoughtSignature: 'u' } } }),
        resultPart('a', { result: { deg: 2 } }),
      ]),
    ]);
    expect(request).toEqual({
      system: 'Be brief.',
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'go' }] },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hm', providerOptions: { anthropic: { signature: 's' } } },
            {
              type: 'reasoning',
              text: '',
              providerOptions: { openai: { itemId: 'rs_1', reasoningEncryptedContent: 'e' } },
            },
            { type: 'text', text: '', providerOptions: { google: { thoughtSignature: 't' } } },
            {
              type: 'tool-call',
              toolCallId: 'a',
              toolName: 'look',
              input: { at: 'a' },
              providerOptions: { google: { thoughtSignature: 'u' } },
            },
          ],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: 'a',
              toolName: 'look',
              output: { type: 'json', value: { deg: 2 } },
            },
          ],
        },
      ],
    });
  });

  it('has what a provider ran in the assistant message, where it stood', () => {
    const ran = { provider_executed: true, tool_name: 'web_search' };
    const { messages } = aiSdkRequest([
      storedStep([callPart('a', ran), resultPart('a', ran), { type: 'text', text: 'Found.' }]),
    ]);
    expect(messages).toEqual([
      {
        role: 'assistant',
        content: [
          expect.objectContaining({ type: 'tool-call', toolCallId: 'a', providerExecuted: true }),
          expect.objectContaining({ type: 'tool-result', toolCallId: 'a', toolName: 'web_search' }),
          { type: 'text', text: 'Found.' },
        ],
      },
    ]);
  });

  it('Tool results are missing: answers each call, with an error where there is no result', () => {
    const { messages } = aiSdkRequest([
      storedStep([callPart('a'), callPart('b'), resultPart('b', { is_error: true, result: { error: 'x' } })]),
      userStep('on'),
    ]);
    expect(messages[1]).toEqual({
      role: 'tool',
      content: [
        expect.objectContaining({
          toolCallId: 'a',
          output: { type: 'error-text', value: 'the tool call never got a result' },
        }),
        expect.objectContaining({ toolCallId: 'b', output: { type: 'error-json', value: { error: 'x' } } }),
      ],
    });
  });

  it('has files, by what can be read where', () => {
    const { messages } = aiSdkRequest([
      storedStep(
        [
          { type: 'file', media_type: 'image/png', data: 'AAAA', name: 'a.png' },
          { type: 'file', media_type: 'image/png', url: 'https://a.example/' },
          { type: 'file', media_type: 'image/png', file_id: 'f' },
        ],
        { role: 'user' },
      ),
    ]);
    expect(messages[0]!.content).toEqual([
      { type: 'file', mediaType: 'image/png', data: 'AAAA', filename: 'a.png' },
      { type: 'file', mediaType: 'image/png', data: 'https://a.example/' },
      { type: 'text', text: '[file not sent: image/png]' },
    ]);
  });
});
