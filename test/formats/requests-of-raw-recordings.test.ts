import { expect, it } from '@jest/globals';
import type { FormatName } from '@stepfold/formats';
import { anthropicRequest, openaiResponsesRequest } from '@stepfold/requests';
import { expectAccepted, expectAiSdkTakes } from '../support/provider-rules/expect-accepted.js';
import { userStep } from '../support/stored-step.js';
import { messagesOfLines } from './convert-lines.js';
import { readRawRecordings, type RawPart, type RawRecording } from './raw-recordings.js';
import { recordedSuite } from './recorded-suite.js';

/**
 * The next request after each recorded stream of an API: accepted, and what the model wrote in it is what the API said,
 * block by block.
 */
type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (value ?? {}) as Fields;
const typeOf = (part: RawPart): string => (typeof part['type'] === 'string' ? part['type'] : '');

function each(
  format: FormatName,
  isPart: (part: RawPart) => boolean,
  more?: (recording: RawRecording, chat: ReturnType<typeof messagesOfLines>) => void,
): void {
  const recordings = readRawRecordings(format, isPart);
  recordedSuite(recordings)(`the request after a recorded stream: ${format}`, () => {
    it.each(recordings.map((recording) => [recording.name, recording] as const))(
      '%s',
      async (_name, recording) => {
        const chat = [userStep('go'), ...messagesOfLines(format, recording.lines), userStep('and now?')];
        expectAccepted(chat);
        expectAccepted(chat.slice(1, -1));
        await expectAiSdkTakes(chat);
        more?.(recording, chat);
      },
    );
  });
}

/** The content blocks of a stream of the Messages API, as a client of it would put them together. */
function blocksOf({ parts }: RawRecording): Fields[] {
  const blocks: Record<string, unknown>[] = [];
  let open = new Map<unknown, { block: Record<string, unknown>; json: string }>();
  for (const { part } of parts) {
    const delta = fieldsOf(part['delta']);
    const state = open.get(part['index']);
    switch (part['type']) {
      case 'message_start':
        open = new Map();
        for (const block of (fieldsOf(part['message'])['content'] ?? []) as Fields[])
          blocks.push({ ...block });
        break;
      case 'content_block_start': {
        const block = { ...fieldsOf(part['content_block']) };
        blocks.push(block);
        open.set(part['index'], { block, json: '' });
        break;
      }
      case 'content_block_delta':
        if (state === undefined) break;
        if (delta['type'] === 'text_delta')
          state.block['text'] = `${state.block['text'] as string}${delta['text'] as string}`;
        if (delta['type'] === 'thinking_delta')
          state.block['thinking'] = `${state.block['thinking'] as string}${delta['thinking'] as string}`;
        if (delta['type'] === 'signature_delta') state.block['signature'] = delta['signature'];
        if (delta['type'] === 'input_json_delta') state.json += delta['partial_json'] as string;
        if (delta['type'] === 'compaction_delta')
          state.block['content'] =
            `${(state.block['content'] as string | null) ?? ''}${(delta['content'] as string | null) ?? ''}`;
        break;
      case 'content_block_stop':
        if (state !== undefined && state.json !== '') {
          try {
            state.block['input'] = JSON.parse(state.json);
          } catch {
            state.block['input'] = { rawInvalidInput: state.json };
          }
        }
    }
  }
  return blocks;
}

const shown = ({
  type,
  text,
  thinking,
  signature,
  data,
  id,
  name,
  input,
  tool_use_id,
  content,
  from,
  to,
}: Fields): unknown =>
  JSON.parse(
    JSON.stringify({
      from,
      to,
      type,
      text,
      thinking,
      signature,
      data,
      id,
      name,
      input,
      tool_use_id,
      content,
    }),
  );

each(
  'anthropic',
  (part) => typeOf(part) === 'message_start',
  (recording, chat) => {
    const steps = chat.slice(1, -1);
    // A retry begins anew: what was spliced away is not told.
    if (steps.some(({ status, attempt }) => status !== 'complete' || attempt > 0)) return;
    const told = anthropicRequest(chat, { beta: true }).messages.flatMap(({ role, content }) =>
      role === 'assistant' ? content.map((block) => shown(block as unknown as Fields)) : [],
    );
    const wanted = blocksOf(recording)
      .filter(({ type, text }) => type !== 'text' || (text as string).trim() !== '')
      .map(shown);
    expect(told).toEqual(wanted);
  },
);

/**
 * Ids that the API did not give are not named, an empty message says nothing, a request for approval that nobody answered
 * is no call, and some tools of the client go as functions.
 */
const differs = new Set([
  'vercel-ai/openai-responses-client-tool-search.1.jsonl',
  'vercel-ai/openai-responses-github-copilot-id-rotation.1.jsonl',
  'vercel-ai/openai-responses-image-generation-tool.1.jsonl',
  'vercel-ai/openai-responses-local-shell-tool.1.jsonl',
  'vercel-ai/openai-responses-mcp-tool-approval.1.jsonl',
  'vercel-ai/openai-responses-mcp-tool-approval.3.jsonl',
]);

each(
  'openai-responses',
  (part) => typeOf(part) === 'response.created',
  (recording, chat) => {
    const steps = chat.slice(1, -1);
    if (steps.some(({ status }) => status !== 'complete')) return;
    if (differs.has(recording.name)) return;
    const items = openaiResponsesRequest(chat).input as unknown as Fields[];
    const output = recording.parts.flatMap(({ part }) =>
      part['type'] === 'response.completed' ? ((fieldsOf(part['response'])['output'] ?? []) as Fields[]) : [],
    );
    const told = (given: readonly Fields[]) =>
      given.flatMap(({ type, id, call_id, encrypted_content }) =>
        type === 'reasoning' || type === 'function_call' || type === 'message'
          ? [[type, id, call_id, encrypted_content !== undefined && encrypted_content !== null]]
          : [],
      );
    expect(told(items)).toEqual(told(output));
  },
);
each('openai-chat', (part) => part['object'] === 'chat.completion.chunk' || Array.isArray(part['choices']));
each('google', (part) => Array.isArray(part['candidates']));
