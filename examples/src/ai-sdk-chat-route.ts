/**
 * A chat route with the AI SDK: what it streams to the browser is stored as it streams.
 *
 *     node examples/dist/ai-sdk-chat-route.js && npx stepfold replay weather-chat
 */
import { recordStreamText } from '@stepfold/recorder-ai-sdk';
import type { Recorder } from '@stepfold/recorder';
import * as ai from 'ai';
import { weatherModel } from './offline-weather-model.js';
import { openRecorder } from './open-recorder.js';

const tools = {
  weather: ai.tool({
    description: 'The weather of a city',
    inputSchema: ai.jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string' } },
    }),
    execute: async ({ city }) => ({ city, degrees: 21 }),
  }),
};

/** Handles `POST /chat` with `{ id, messages }`, as `useChat` sends it. */
export async function chatRoute(
  recorder: Recorder,
  model: ai.LanguageModel,
  request: Request,
): Promise<Response> {
  const { id: chatId, messages } = (await request.json()) as { id: string; messages: ai.UIMessage[] };
  const question = messages.at(-1)!;
  await recorder.publisher.message({
    chatId,
    stepId: question.id,
    role: 'user',
    parts: question.parts.flatMap((part) =>
      part.type === 'text' ? [{ type: 'text', text: part.text }] : [],
    ),
  });
  // The one line: everything that this streamText does is recorded.
  const streamText = recordStreamText(ai.streamText, recorder.openRun({ chatId }));
  const result = streamText({
    model,
    tools,
    messages: await ai.convertToModelMessages(messages),
    stopWhen: ai.stepCountIs(5),
    abortSignal: request.signal,
  });
  return result.toUIMessageStreamResponse();
}

const recorder = await openRecorder();
const messages = [{ id: 'question-1', role: 'user', parts: [{ type: 'text', text: 'How warm is Vienna?' }] }];
const request = new Request('http://localhost/chat', {
  method: 'POST',
  body: JSON.stringify({ id: 'weather-chat', messages }),
});
const response = await chatRoute(recorder, weatherModel(), request);
console.log(await response.text());
await recorder.close();
process.exit();
