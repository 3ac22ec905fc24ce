import { describe, expect, it } from '@jest/globals';
import { anthropicProblems } from '../../../test/support/provider-rules/anthropic-rules.js';
import { callPart, resultPart, storedStep, userStep } from '../../../test/support/stored-step.js';
import { anthropicRequest } from './anthropic-request.js';

const attached = (entries: object) => ({ metadata: { anthropic: entries } });

describe('a request to Anthropic', () => {
  it('has signed and hidden thinking where it stood, and the results of all calls first behind them', () => {
    const request = anthropicRequest([
      storedStep([{ type: 'text', text: 'Be brief.' }], { role: 'system' }),
      userStep('Look twice'),
      storedStep([
        { type: 'reasoning', text: 'first', ...attached({ signature: 'sig-1' }) },
        { type: 'reasoning', text: '', redacted: true, ...attached({ redactedData: 'hidden' }) },
        { type: 'text', text: 'I look.' },
        callPart('a'),
        callPart('b'),
        resultPart('b', { is_error: true, result: { error: 'dark' } }),
        resultPart('a'),
      ]),
      userStep('and now?'),
    ]);
    expect(request).toEqual({
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Look twice' }] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'first', signature: 'sig-1' },
            { type: 'redacted_thinking', data: 'hidden' },
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: 'a', name: 'look', input: { at: 'a' } },
            { type: 'tool_use', id: 'b', name: 'look', input: { at: 'b' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'a', content: 'seen a' },
            { type: 'tool_result', tool_use_id: 'b', content: '{"error":"dark"}', is_error: true },
            { type: 'text', text: 'and now?' },
          ],
        },
      ],
    });
  });

  it('`tool_use` ids were found without `tool_result`: a result of a later step comes to its call, others are closed', () => {
    const request = anthropicRequest([
      userStep('go'),
      storedStep([callPart('a'), callPart('b')]),
      storedStep([{ type: 'text', text: 'meanwhile' }]),
      storedStep([resultPart('a')], { role: 'tool' }),
      userStep('on'),
    ]);
    expect(anthropicProblems(request)).toEqual([]);
    expect(request.messages[2]).toEqual({
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'seen a' },
        {
          type: 'tool_result',
          tool_use_id: 'b',
          content: 'the tool call never got a result',
          is_error: true,
        },
      ],
    });
  });

  it('an interrupted call has its synthetic answer, and the true one once there is one', () => {
    const synthetic = resultPart('a', { synthetic: true, is_error: true, result: { error: 'cut off' } });
    const stopped = storedStep([callPart('a'), synthetic], { status: 'interrupted' });
    const answers = (...steps: Parameters<typeof anthropicRequest>[0][]) =>
      anthropicRequest([userStep('go'), ...steps.flatMap((given) => [...given])]).messages[2]!.content[0];
    expect(answers([stopped])).toMatchObject({ content: '{"error":"cut off"}', is_error: true });
    expect(answers([stopped, storedStep([resultPart('a')])])).toMatchObject({ content: 'seen a' });
    const both = storedStep([callPart('a'), resultPart('a'), synthetic]);
    expect(answers([both])).toMatchObject({ content: 'seen a' });
  });

  it('leaves the last calls open for a caller who answers them', () => {
    const steps = [userStep('go'), storedStep([callPart('a')])];
    expect(anthropicRequest(steps, { unanswered: 'leave' }).messages).toHaveLength(2);
    expect(
      anthropicRequest([...steps, userStep('x')], { unanswered: 'leave' }).messages[2]!.content,
    ).toHaveLength(2);
  });

  it('says that a call was denied, wherever that was answered', () => {
    const request = anthropicRequest([
      storedStep([callPart('a', { approval: { approval_id: 'p', state: 'requested' } })]),
      storedStep([
        { type: 'tool-approval', tool_call_id: 'a', approval_id: 'p', state: 'denied', reason: 'too dear' },
      ]),
    ]);
    expect(request.messages[2]!.content).toEqual([
      { type: 'tool_result', tool_use_id: 'a', content: 'too dear', is_error: true },
    ]);
  });

  it('leaves out what failed, what was never made, and thinking that nobody signed or that ends a message', () => {
    const request = anthropicRequest([
      userStep('go'),
      storedStep([{ type: 'text', text: 'lost' }, callPart('f')], { status: 'failed' }),
      storedStep(
        [
          { type: 'reasoning', text: 'unsigned' },
          { type: 'text', text: 'Half' },
          callPart('p', { partial: true, created_at: undefined }),
          { type: 'reasoning', text: 'signed', ...attached({ signature: 's' }) },
          resultPart('p', { synthetic: true, is_error: true }),
        ],
        { status: 'interrupted' },
      ),
    ]);
    expect(request.messages.slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'text', text: 'Half' }] },
    ]);
  });

  it('messages: text content blocks must be non-empty; final assistant content cannot end with trailing whitespace', () => {
    const request = anthropicRequest([
      storedStep([{ type: 'text', text: ' ' }], { role: 'user' }),
      storedStep([
        { type: 'text', text: '' },
        { type: 'text', text: 'said \n' },
      ]),
    ]);
    expect(request.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Continue.' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'said' }] },
    ]);
    expect(anthropicRequest([storedStep([callPart('a')])], { opening: 'Hello' }).messages[0]).toEqual({
      role: 'user',
      content: [{ type: 'text', text: 'Hello' }],
    });
  });

  it('roles must alternate: steps of one role become one message', () => {
    const request = anthropicRequest([
      userStep('a'),
      userStep('b'),
      storedStep([{ type: 'text', text: 'c' }]),
      storedStep([{ type: 'text', text: 'd' }]),
    ]);
    expect(request.messages.map(({ role, content }) => [role, content.length])).toEqual([
      ['user', 2],
      ['assistant', 2],
    ]);
  });

  it('takes ids and arguments of other providers, and ids that repeat', () => {
    const request = anthropicRequest([
      userStep('go'),
      storedStep([callPart('call:0', { args_text: '{"a', args: undefined }), resultPart('call:0')]),
      storedStep([callPart('call:0', { args: [1] }), resultPart('call:0', { result: 'second' })]),
    ]);
    expect(anthropicProblems(request)).toEqual([]);
    expect(request.messages.flatMap(({ content }) => content).slice(1)).toEqual([
      { type: 'tool_use', id: 'call_0', name: 'look', input: { rawInvalidInput: '{"a' } },
      { type: 'tool_result', tool_use_id: 'call_0', content: 'seen call:0' },
      { type: 'tool_use', id: 'call_0_2', name: 'look', input: { rawInvalidInput: [1] } },
      { type: 'tool_result', tool_use_id: 'call_0_2', content: 'second' },
    ]);
  });
});

describe('tools that Anthropic ran', () => {
  const search = { type: 'web_search_result', url: 'u', title: 't', encrypted_content: 'e', page_age: null };
  const ran = (more = {}) => ({ provider_executed: true, tool_name: 'web_search', ...more });

  it.each([
    ['of the API', search],
    [
      'of the AI SDK',
      { type: 'web_search_result', url: 'u', title: 't', encryptedContent: 'e', pageAge: null },
    ],
  ])('come back as the API gave them, in the assistant message: a recording %s', (_name, found) => {
    const cited = {
      citations: [
        { type: 'web_search_result_location', url: 'u', title: 't', citedText: 'c', encryptedIndex: 'i' },
      ],
    };
    const { messages } = anthropicRequest([
      userStep('go'),
      storedStep([
        callPart('srvtoolu_1', ran()),
        resultPart('srvtoolu_1', ran({ result: [found] })),
        { type: 'text', text: 'Found.', ...attached(cited) },
      ]),
    ]);
    expect(messages[1]!.content).toEqual([
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { at: 'srvtoolu_1' } },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [search] },
      {
        type: 'text',
        text: 'Found.',
        citations: [
          { type: 'web_search_result_location', url: 'u', title: 't', cited_text: 'c', encrypted_index: 'i' },
        ],
      },
    ]);
  });

  it('are told from the arguments where the AI SDK has one name for several', () => {
    const { messages } = anthropicRequest([
      userStep('go'),
      storedStep([
        callPart(
          'srvtoolu_1',
          ran({ tool_name: 'code_execution', args: { type: 'bash_code_execution', command: 'ls' } }),
        ),
        resultPart('srvtoolu_1', ran({ result: { type: 'bash_code_execution_result', stdout: 'x' } })),
        { type: 'text', text: 'Done.' },
      ]),
    ]);
    expect(messages[1]!.content.slice(0, 2)).toEqual([
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'bash_code_execution', input: { command: 'ls' } },
      {
        type: 'bash_code_execution_tool_result',
        tool_use_id: 'srvtoolu_1',
        content: { type: 'bash_code_execution_result', stdout: 'x' },
      },
    ]);
  });

  it('are left out with their results where another provider ran them, or where there is no result', () => {
    const { messages } = anthropicRequest([
      userStep('go'),
      storedStep([
        callPart('ws_1', ran()),
        resultPart('ws_1', ran({ result: { action: {} } })),
        callPart('srvtoolu_1', ran()),
        { type: 'text', text: 'Found.' },
      ]),
    ]);
    expect(messages[1]!.content).toEqual([{ type: 'text', text: 'Found.' }]);
  });

  it('are left open where the API paused: the next request goes on there', () => {
    const paused = storedStep([{ type: 'text', text: 'I search.' }, callPart('srvtoolu_1', ran())], {
      raw_finish_reason: 'pause_turn',
    });
    expect(anthropicRequest([userStep('go'), paused]).messages[1]!.content).toHaveLength(2);
    expect(anthropicRequest([userStep('go'), paused, userStep('x')]).messages[1]!.content).toHaveLength(1);
  });

  it('are beta where they gave advice, and so is the word that another model went on', () => {
    const advised = storedStep([
      { type: 'data', name: 'fallback', data: { from: { model: 'a' }, to: { model: 'b' } } },
      callPart('srvtoolu_1', ran({ tool_name: 'advisor', args: {} })),
      resultPart(
        'srvtoolu_1',
        ran({ result: { type: 'advisor_result', text: 't', stopReason: 'end_turn' } }),
      ),
      { type: 'text', text: 'Done.' },
    ]);
    expect(anthropicRequest([userStep('go'), advised]).messages[1]!.content).toHaveLength(1);
    expect(anthropicRequest([userStep('go'), advised], { beta: true }).messages[1]!.content).toEqual([
      { type: 'fallback', from: { model: 'a' }, to: { model: 'b' } },
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'advisor', input: {} },
      {
        type: 'advisor_tool_result',
        tool_use_id: 'srvtoolu_1',
        content: { type: 'advisor_result', text: 't', stop_reason: 'end_turn' },
      },
      { type: 'text', text: 'Done.' },
    ]);
  });

  it('are beta where they are of an MCP server, and so is compaction', () => {
    const steps = [
      userStep('go'),
      storedStep([
        { type: 'data', name: 'compaction', data: { content: 'so far' } },
        callPart('mcptoolu_1', ran({ tool_name: 'echo', ...attached({ serverName: 'srv' }) })),
        resultPart('mcptoolu_1', ran({ result: [{ type: 'text', text: 'hi' }] })),
        { type: 'text', text: 'Done.' },
      ]),
    ];
    expect(anthropicRequest(steps).messages[1]!.content).toHaveLength(1);
    expect(anthropicRequest(steps, { beta: true }).messages[1]!.content).toEqual([
      { type: 'compaction', content: 'so far' },
      {
        type: 'mcp_tool_use',
        id: 'mcptoolu_1',
        name: 'echo',
        server_name: 'srv',
        input: { at: 'mcptoolu_1' },
      },
      {
        type: 'mcp_tool_result',
        tool_use_id: 'mcptoolu_1',
        content: [{ type: 'text', text: 'hi' }],
        is_error: false,
      },
      { type: 'text', text: 'Done.' },
    ]);
  });
});

describe('files for Anthropic', () => {
  it.each([
    [
      { media_type: 'image/png', data: 'AAAA' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
    ],
    [
      { media_type: 'image/png', url: 'data:image/gif;base64,AAAA' },
      { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: 'AAAA' } },
    ],
    [
      { media_type: 'application/pdf', url: 'https://a.example/b', name: 'b' },
      { type: 'document', source: { type: 'url', url: 'https://a.example/b' }, title: 'b' },
    ],
    [
      { media_type: 'text/csv', data: btoa('a;b') },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a;b' } },
    ],
    [
      { media_type: 'image/png', file_id: 'file_1' },
      { type: 'image', source: { type: 'file', file_id: 'file_1' } },
    ],
    [
      { media_type: 'video/mp4', data: 'AAAA', name: 'v.mp4' },
      { type: 'text', text: '[file not sent: v.mp4]' },
    ],
    [
      { media_type: 'image/png', data: 'no base64' },
      { type: 'text', text: '[file not sent: image/png]' },
    ],
  ])('%j', (file, block) => {
    const { messages } = anthropicRequest([storedStep([{ type: 'file', ...file }], { role: 'user' })]);
    expect(messages[0]!.content).toEqual([block]);
  });
});
