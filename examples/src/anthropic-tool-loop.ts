/**
 * An agent loop with the Anthropic SDK: tools run side by side, and one has to be approved by a person first.
 *
 *     node examples/dist/anthropic-tool-loop.js && npx stepfold replay files-chat --as timeline
 */
import Anthropic from '@anthropic-ai/sdk';
import { recordAnthropic } from '@stepfold/recorder-anthropic';
import type { Run } from '@stepfold/recorder';
import { offlineFetch } from './offline-anthropic.js';
import { openRecorder } from './open-recorder.js';

const tools: Anthropic.Tool[] = ['read_file', 'delete_file'].map((name) => ({
  name,
  input_schema: { type: 'object', properties: { path: { type: 'string' } } },
}));

async function execute(name: string, input: unknown): Promise<string> {
  const { path } = input as { path: string };
  return name === 'read_file' ? `the content of ${path}` : `${path} is deleted`;
}

/** In an application a person answers here. */
async function isApproved(): Promise<boolean> {
  return true;
}

async function answerCall(
  run: Run,
  { id, name, input }: Anthropic.ToolUseBlock,
): Promise<Anthropic.ToolResultBlockParam> {
  const result = { type: 'tool_result', tool_use_id: id } as const;
  if (name === 'delete_file') {
    const approval = { toolCallId: id, approvalId: `approve-${id}` };
    run.toolApproval({ ...approval, state: 'requested' });
    const state = (await isApproved()) ? 'granted' : 'denied';
    run.toolApproval({ ...approval, state });
    if (state === 'denied') return { ...result, content: 'the user refused', is_error: true };
  }
  return { ...result, content: await run.runTool(id, () => execute(name, input)) };
}

const recorder = await openRecorder();
// The step of a model call stays open until its tools have returned.
const run = recorder.openRun({ chatId: 'files-chat', runsTools: true });
const client = recordAnthropic(new Anthropic({ apiKey: 'none', fetch: offlineFetch() }), run);

const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Read a.txt and delete b.txt' }];
for (;;) {
  const stream = client.messages.stream({ model: 'claude-sonnet-4-6', max_tokens: 1024, tools, messages });
  stream.on('text', (text) => process.stdout.write(text));
  const { role, content, stop_reason } = await stream.finalMessage();
  messages.push({ role, content });
  if (stop_reason !== 'tool_use') break;
  const calls = content.filter((block) => block.type === 'tool_use');
  messages.push({ role: 'user', content: await Promise.all(calls.map((call) => answerCall(run, call))) });
}
run.close();
await recorder.close();
process.exit();
