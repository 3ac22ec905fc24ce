import type { OpenStep, Publisher } from '@stepfold/publisher';
import { sleep, type Runtime } from '@stepfold/runtime';

export interface AgentSessionOptions {
  readonly publisher: Publisher;
  readonly runtime: Runtime;
  readonly chatId: string;
  /** Ends the session in the middle. */
  readonly signal: AbortSignal;
}

/** Milliseconds from one piece of a streamed text to the next. */
const PIECE_MS = 15;

const model = { provider: 'stepfold-demo', model: 'demo-1' };

/**
 * Plays a short session of an agent on the real clock, as an application would publish it: a question, a step
 * with reasoning, text and two tools at once of which one fails, and a step that the user stops.
 * @throws the signal's reason when it is aborted; steps that are open then stay so
 */
export async function playAgentSession(options: AgentSessionOptions): Promise<void> {
  const { publisher, chatId } = options;
  await publisher.message({
    chatId,
    stepId: 'question',
    role: 'user',
    parts: [{ type: 'text', text: 'The nightly export has been empty since Monday. Why?' }],
  });
  await playFirstStep(options);
  await playStoppedStep(options);
}

async function playFirstStep(options: AgentSessionOptions): Promise<void> {
  const { publisher, runtime, chatId, signal } = options;
  const step = publisher.openStep({ ...model, chatId, stepId: 'answer.0', runId: 'answer', stepIndex: 0 });
  await sleep(runtime, 120, signal);

  await step.reasoningStart('thinking');
  await stream(
    options,
    'An export that is empty but does not fail finds no rows, so the filter is wrong and not the connection. ' +
      'The job and its tests will show what changed on Monday; both can be looked at together.',
    (piece) => step.reasoningDelta('thinking', piece),
  );
  await step.reasoningEnd('thinking');

  await step.textStart('announcement');
  await stream(options, 'I will read the job and run its tests.', (piece) =>
    step.textDelta('announcement', piece),
  );
  await step.textEnd('announcement');

  await writeCall(options, step, 'call-read', 'read_file', { path: 'jobs/nightly-export.sql' });
  await writeCall(options, step, 'call-tests', 'run_tests', { filter: 'nightly-export' });
  await step.finish({
    finishReason: 'tool-calls',
    usage: { inputTokens: 1_834, outputTokens: 96, reasoningTokens: 41 },
  });

  await Promise.all([
    runTool(options, step, 'call-read', 280, {
      result: "select * from orders where day = '2026-04-06' -- for the audit",
    }),
    runTool(options, step, 'call-tests', 640, {
      result: { error: '1 of 14 tests failed: exports the orders of the day that has just ended' },
      isError: true,
    }),
  ]);
  await step.end();
}

/** The user presses the stop button while the model explains. */
async function playStoppedStep(options: AgentSessionOptions): Promise<void> {
  const { publisher, runtime, chatId, signal } = options;
  const step = publisher.openStep({ ...model, chatId, stepId: 'answer.1', runId: 'answer', stepIndex: 1 });
  await sleep(runtime, 90, signal);

  await step.reasoningStart('thinking');
  await stream(options, 'The day is written into the query, so only one Monday ever matched.', (piece) =>
    step.reasoningDelta('thinking', piece),
  );
  await step.reasoningEnd('thinking');

  await step.textStart('explanation');
  await stream(
    options,
    'Found it: the query asks for one fixed day instead of yesterday. The failing test says the same. ' +
      'I will now replace the date by',
    (piece) => step.textDelta('explanation', piece),
  );
  await step.interrupt('user', { message: 'stop button' });
}

async function stream(
  { runtime, signal }: AgentSessionOptions,
  text: string,
  publish: (piece: string) => PromiseLike<void>,
): Promise<void> {
  for (const piece of text.split(/(?<= )/)) {
    await sleep(runtime, PIECE_MS, signal);
    await publish(piece);
  }
}

async function writeCall(
  options: AgentSessionOptions,
  step: OpenStep,
  toolCallId: string,
  toolName: string,
  args: Readonly<Record<string, string>>,
): Promise<void> {
  await step.toolInputStart(toolCallId, { toolName });
  await stream(options, JSON.stringify(args).replaceAll(':', ': '), (piece) =>
    step.toolInputDelta(toolCallId, piece),
  );
  await step.toolInputEnd(toolCallId);
  await step.toolCall({ toolCallId, toolName, args });
}

async function runTool(
  { runtime, signal }: AgentSessionOptions,
  step: OpenStep,
  toolCallId: string,
  durationMs: number,
  outcome: { readonly result: unknown; readonly isError?: boolean },
): Promise<void> {
  await step.toolExecutionStart(toolCallId);
  await sleep(runtime, durationMs, signal);
  await step.toolResult({ toolCallId, ...outcome });
}
