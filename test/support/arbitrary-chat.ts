import type { JsonValue, Metadata } from '@stepfold/events';
import type { Message, Part } from '@stepfold/fold';
import * as fc from 'fast-check';

/**
 * Chats as any store may hold them, rich in what the next request depends on: what providers attach, ids that repeat, blank
 * texts, calls without results and results without calls, files, other roles. Stamps mean nothing here.
 */
const callId = fc.constantFrom(
  'a',
  'b',
  'call_0',
  'srvtoolu_1',
  'srvtoolu_2',
  'mcptoolu_1',
  'x'.repeat(90),
  'é:1',
);
const toolName = fc.constantFrom(
  'look',
  'web_search',
  'code_execution',
  'tool_search_tool_bm25',
  'advisor',
  'mcp.a b',
  'n'.repeat(80),
);
const text = fc.constantFrom('', ' ', '\n', 'said ', 'more\n', 'words');

const searchResult = [
  { type: 'web_search_result', url: 'https://a.example/', title: 'A', encryptedContent: 'e', pageAge: null },
];
const value: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue[]>(
  '',
  ' ',
  'found',
  null,
  0,
  [],
  { error: 'no' },
  searchResult,
  [{ type: 'tool_reference', toolName: 'look' }],
  { type: 'web_search_tool_result_error', errorCode: 'max_uses_exceeded' },
  { type: 'code_execution_result', stdout: '', stderr: '', return_code: 0, content: [] },
  { type: 'bash_code_execution', command: 'ls' },
  { type: 'advisor_result', text: 'do', stopReason: 'end_turn' },
  [{ type: 'text', text: 'listed' }],
  { action: { commands: ['ls'], timeoutMs: 5 } },
  { operation: { type: 'delete_file', path: 'a' } },
);

const anthropic = fc.record(
  {
    signature: fc.constantFrom<JsonValue[]>('signed', '', 3),
    redactedData: fc.constantFrom<JsonValue[]>('hidden', ''),
    type: fc.constantFrom('compaction', 'mcp-tool-use'),
    serverName: fc.constantFrom('server', ''),
    caller: fc.constantFrom<JsonValue[]>(
      { type: 'direct' },
      { type: 'code_execution_20250825', toolId: 'srvtoolu_1' },
      'who',
    ),
    citations: fc.constantFrom<JsonValue[]>(
      [{ type: 'web_search_result_location', url: 'u', title: null, citedText: 't', encryptedIndex: 'i' }],
      [3],
    ),
  },
  { requiredKeys: [] },
);
const openai = fc.record(
  {
    itemId: fc.constantFrom(
      'rs_1',
      'rs_2',
      'rs_3',
      'msg_1',
      'msg_2',
      'fc_1',
      'fc_2',
      'ctc_1',
      'ws_1',
      'sh_1',
      'apc_1',
      'item-7',
    ),
    reasoningEncryptedContent: fc.constantFrom<JsonValue[]>('sealed', '', null),
    phase: fc.constantFrom('commentary', 'other'),
    refusal: fc.constant(true),
    caller: fc.constant({ type: 'program', callerId: 'prog_1' }),
    namespace: fc.constant('crm'),
  },
  { requiredKeys: [] },
);
const metadata: fc.Arbitrary<Metadata | undefined> = fc.option(
  fc.record(
    {
      anthropic,
      openai,
      google: fc.record({ thoughtSignature: fc.constant('thought') }),
      openrouter: fc.record({ reasoning_details: fc.constant([{ type: 'reasoning.encrypted', data: 'd' }]) }),
      'ai-sdk': fc.record({ performance: fc.constant({ stepTimeMs: 1 }) }),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
) as fc.Arbitrary<Metadata | undefined>;

const flag = fc.constantFrom<(true | undefined)[]>(undefined, undefined, undefined, true);
const elided = fc.constantFrom(undefined, undefined, undefined, { bytes: 9, sha256: 'ab', event: 1 });

const part = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('text'), text, text_elided: elided, metadata }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('reasoning'),
      text,
      text_elided: elided,
      redacted: flag,
      metadata,
    }),
  },
  {
    weight: 5,
    arbitrary: fc
      .record({
        type: fc.constant('tool-call'),
        tool_call_id: callId,
        tool_name: fc.option(toolName, { nil: undefined }),
        args: fc.option(value, { nil: undefined }),
        args_text: fc.constantFrom(undefined, '', '{"a'),
        args_elided: elided,
        partial: flag,
        invalid: flag,
        created_at: fc.constantFrom(undefined, 1e15),
        approval: fc.constantFrom(
          undefined,
          { approval_id: 'p', state: 'denied', reason: 'no' },
          { approval_id: 'p', state: 'requested' },
        ),
        provider_executed: flag,
        metadata,
      })
      .map(({ args, args_text, ...more }) => ({
        ...more,
        ...(args === undefined ? { args_text } : { args }),
      })),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('tool-result'),
      tool_call_id: callId,
      result: fc.option(value, { nil: undefined }),
      result_elided: elided,
      is_error: flag,
      preliminary: flag,
      synthetic: flag,
      provider_executed: flag,
      created_at: fc.constant(1e15),
      metadata,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('tool-approval'),
      tool_call_id: callId,
      approval_id: fc.constant('p'),
      state: fc.constantFrom('granted', 'denied'),
      created_at: fc.constant(1e15),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        type: fc.constant('file'),
        media_type: fc.constantFrom(
          'image/png',
          'image/tiff',
          'application/pdf',
          'text/plain',
          'audio/wav',
          '',
        ),
        url: fc.constantFrom('https://a.example/f', 'data:image/png;base64,AAAA', 'blob:1', ''),
        data: fc.constantFrom('AAAA', '', 'ICAg', 'not base64'),
        file_id: fc.constantFrom('file_1', ''),
        name: fc.constantFrom('a.png', ''),
        reasoning: flag,
        metadata,
      },
      { requiredKeys: ['type', 'media_type'] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('data'),
      name: fc.constantFrom('compaction', 'fallback', 'openai.compaction', 'other'),
      data: fc.constantFrom<JsonValue[]>(
        { content: 'so far' },
        { from: { model: 'a' }, to: { model: 'b' } },
        { encrypted_content: 'sealed' },
        null,
        1,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'source', source_type: 'url', url: 'https://a.example/' }) },
) as unknown as fc.Arbitrary<Part>;

const step = fc.record({
  role: fc.constantFrom('assistant', 'assistant', 'assistant', 'user', 'tool', 'system'),
  status: fc.constantFrom('complete', 'complete', 'interrupted', 'failed', 'open'),
  raw_finish_reason: fc.constantFrom(undefined, 'pause_turn'),
  parts: fc.array(part, { maxLength: 7 }),
});

export const arbitraryChat: fc.Arbitrary<readonly Message[]> = fc
  .array(step, { maxLength: 6 })
  .map((steps) =>
    steps.map(
      (fields, n) => defined({ chat_id: 'c', step_id: `s${n}`, attempt: 0, ...fields }) as unknown as Message,
    ),
  );

/** A stored message has no field that is undefined. */
function defined(given: unknown): unknown {
  return JSON.parse(JSON.stringify(given));
}
