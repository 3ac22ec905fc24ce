import type { OpenStep, Publisher } from '@stepfold/publisher';
import type { Runtime } from '@stepfold/runtime';

export interface AgentSessionOptions {
  readonly publisher: Publisher;
  readonly runtime: Pick<Runtime, 'nowMicros'>;
  readonly chatId: string;
  /** Lets time of the story pass. Its rejection ends the session in the middle. */
  readonly wait: (storyMs: number) => Promise<void>;
  /** Tells the person before the screen what is being done to the agent. */
  readonly tell: (what: string) => void;
  /** A good moment for an accident: a long text has begun to stream. */
  readonly onMidStream: () => void;
}

/** About how long the story takes, in milliseconds. */
export const SESSION_MS = 28_000;

/** From one word of a streamed text to the next. */
const WORD_MS = 75;
/** From the question that is sent to the first sign of the model. */
const FIRST_WORD_MS = 500;

const model = { provider: 'stepfold-demo', model: 'demo-1', runId: 'trip' };

/**
 * Plays the afternoon of an agent that finds somebody another way to Basel, as an application would publish it:
 * two tools in parallel of which one fails, a provider that breaks off in mid-text and is asked again, a
 * booking that waits for the user's consent, and a stop in mid-thought while a tool is running.
 * @throws what `wait` rejects with; steps that are open then stay so
 */
export async function playAgentSession(options: AgentSessionOptions): Promise<void> {
  await playSearch(options);
  await playBrokenAnswer(options);
  await playBooking(options);
  await playStoppedThought(options);
  await playMessage(options);
}

async function playSearch(options: AgentSessionOptions): Promise<void> {
  const { wait } = options;
  await say(options, 'user.0', 'My 14:05 to Basel is cancelled, and I give a talk there at seven. Help!');
  const step = openStep(options, 0);
  await wait(FIRST_WORD_MS);
  await think(
    options,
    step,
    'Basel before seven, with time to get to the hall. Trains first, but so many people will look for a seat ' +
      'now that I should ask for buses at the same time.',
  );
  await write(options, step, 'I look for trains and buses at once.');
  await call(options, step, 'c1', 'find_trains', { to: 'Basel SBB', after: '14:05' });
  await call(options, step, 'c2', 'find_buses', { to: 'Basel', after: '14:05' });
  await step.finish({
    finishReason: 'tool-calls',
    usage: { inputTokens: 1_834, outputTokens: 96, reasoningTokens: 41 },
  });
  await Promise.all([
    runTool(options, step, 'c1', 1_400, {
      result: [
        { departs: '14:36', arrives: '18:10', changes: 2, seats: 0 },
        { departs: '15:05', arrives: '17:53', changes: 0, seats: 3 },
      ],
    }),
    runTool(options, step, 'c2', 2_600, {
      result: { error: 'the bus company did not answer in time' },
      isError: true,
    }),
  ]);
  await step.end();
}

/** The provider breaks off in the middle of the answer; the next attempt says it anew, and asks for consent. */
async function playBrokenAnswer(options: AgentSessionOptions): Promise<void> {
  const { wait, tell, onMidStream } = options;
  const broken = openStep(options, 1);
  await wait(FIRST_WORD_MS);
  await broken.textStart('t1');
  await stream(options, 'There is a way: the direct train at 15:05 still', (piece) =>
    broken.textDelta('t1', piece),
  );
  await broken.error({
    message: 'the model is overloaded',
    code: 'overloaded_error',
    retryable: true,
    fatal: true,
  });
  tell('The provider broke off in mid-text. The agent asks it again: attempt 1.');
  await wait(1_200);

  const step = broken.retry();
  await wait(FIRST_WORD_MS);
  await step.textStart('t1');
  await stream(options, 'There is a way: the direct train at 15:05', (piece) => step.textDelta('t1', piece));
  onMidStream();
  await stream(
    options,
    ' still has three seats and is in Basel at 17:53. From there tram 2 needs nine minutes to the hall, so ' +
      'you will be on the stage half an hour early. The buses cannot be asked just now, but no bus would be ' +
      'faster. Shall I book the seat? It costs 71 francs.',
    (piece) => step.textDelta('t1', piece),
  );
  await step.textEnd('t1');
  await call(options, step, 'c3', 'book_seat', { train: '15:05', seat: 'window', francs: 71 });
  await step.toolApproval({
    toolCallId: 'c3',
    approvalId: 'a1',
    state: 'requested',
    reason: 'spends money',
  });
  await step.finish({ finishReason: 'tool-calls', usage: { inputTokens: 2_310, outputTokens: 88 } });
  await step.end();
  tell('The agent may not spend money by itself: the call waits for its user.');
  await wait(2_800);
}

/** The user consents, and the call of the step before gets its result in this one. */
async function playBooking(options: AgentSessionOptions): Promise<void> {
  const { wait, runtime } = options;
  await say(options, 'user.1', 'Yes, please. By the window!');
  const step = openStep(options, 2);
  await step.toolApproval({ toolCallId: 'c3', approvalId: 'a1', state: 'granted' });
  const executionStartedAt = runtime.nowMicros();
  await wait(1_300);
  await step.toolResult({
    toolCallId: 'c3',
    toolName: 'book_seat',
    result: { booking: 'QX7-204', coach: 7, seat: 42 },
    executionStartedAt,
  });
  await wait(FIRST_WORD_MS);
  await write(options, step, 'Booked: coach 7, seat 42, by the window. Your ticket is QX7-204.');
  await step.finish({ finishReason: 'stop', usage: { inputTokens: 2_455, outputTokens: 24 } });
  await step.end();
}

/** The user presses the stop button while the model thinks on and a tool of it is running. */
async function playStoppedThought(options: AgentSessionOptions): Promise<void> {
  const { publisher, wait, tell, chatId } = options;
  await say(options, 'user.2', 'Now tell my host, with all the details.');
  const step = openStep(options, 3);
  await wait(FIRST_WORD_MS);
  await call(options, step, 'c4', 'read_calendar', { day: 'today' });
  await step.toolExecutionStart('c4');
  await step.reasoningStart('r1');
  await stream(
    options,
    'While the calendar loads: all the details would be the cancelled train, the two changes of the other one, ' +
      'the seat, the tram, and perhaps the history of the',
    (piece) => step.reasoningDelta('r1', piece),
  );
  await publisher
    .joinStep({ chatId, stepId: step.stepId })
    .interrupt('user', { message: 'the stop button was pressed' });
  tell('The user pressed stop, in mid-thought and while a tool was running.');
  await wait(1_200);
}

async function playMessage(options: AgentSessionOptions): Promise<void> {
  const { wait } = options;
  await say(options, 'user.3', 'No, short! Just when I arrive.');
  const step = openStep(options, 4);
  await wait(FIRST_WORD_MS);
  await call(options, step, 'c5', 'send_message', { to: 'host', text: 'Arriving 17:53, at the hall 18:10.' });
  await runTool(options, step, 'c5', 600, { result: 'delivered' });
  await write(options, step, 'Sent. Have a good journey!');
  await step.finish({ finishReason: 'stop', usage: { inputTokens: 2_671, outputTokens: 39 } });
  await step.end();
}

function openStep({ publisher, chatId }: AgentSessionOptions, stepIndex: number): OpenStep {
  return publisher.openStep({ ...model, chatId, stepId: `agent.${stepIndex}`, stepIndex });
}

async function say(
  { publisher, chatId, wait }: AgentSessionOptions,
  stepId: string,
  text: string,
): Promise<void> {
  await wait(400);
  await publisher.message({ chatId, stepId, role: 'user', parts: [{ type: 'text', text }] });
}

async function think(options: AgentSessionOptions, step: OpenStep, text: string): Promise<void> {
  await step.reasoningStart('r1');
  await stream(options, text, (piece) => step.reasoningDelta('r1', piece));
  await step.reasoningEnd('r1');
}

async function write(options: AgentSessionOptions, step: OpenStep, text: string): Promise<void> {
  await step.textStart('t1');
  await stream(options, text, (piece) => step.textDelta('t1', piece));
  await step.textEnd('t1');
}

async function stream(
  { wait }: AgentSessionOptions,
  text: string,
  publish: (piece: string) => PromiseLike<void>,
): Promise<void> {
  for (const piece of text.split(/(?<=\S )/)) {
    await wait(WORD_MS);
    await publish(piece);
  }
}

async function call(
  options: AgentSessionOptions,
  step: OpenStep,
  toolCallId: string,
  toolName: string,
  args: Readonly<Record<string, string | number>>,
): Promise<void> {
  await step.toolInputStart(toolCallId, { toolName });
  await stream(options, JSON.stringify(args).replaceAll(':"', ': "').replaceAll(',"', ', "'), (piece) =>
    step.toolInputDelta(toolCallId, piece),
  );
  await step.toolInputEnd(toolCallId);
  await step.toolCall({ toolCallId, toolName, args });
}

async function runTool(
  { wait }: AgentSessionOptions,
  step: OpenStep,
  toolCallId: string,
  durationMs: number,
  outcome: { readonly result: unknown; readonly isError?: boolean },
): Promise<void> {
  await step.toolExecutionStart(toolCallId);
  await wait(durationMs);
  await step.toolResult({ toolCallId, ...outcome });
}
