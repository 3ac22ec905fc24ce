/**
 * Asks one version of the AI SDK, which jest cannot import, about messages and streams. Reads from standard input a JSON
 * array of questions `{messages?, chunks?}`, and writes an answer for each: `{validated, converted, read}`, each of them
 * `{ok: value}` or `{error: text}` where the question gave what it needs.
 *
 * @example node ask-ai-sdk.mjs ai-7
 */
import { text } from 'node:stream/consumers';

// Warnings of the SDK about its own deprecations are no answer.
globalThis.AI_SDK_LOG_WARNINGS = false;

const sdk = await import(process.argv[2]);
const questions = JSON.parse(await text(process.stdin));
const answers = [];
for (const { messages, chunks } of questions) {
  answers.push({
    ...(messages === undefined
      ? {}
      : {
          validated: await attempt(() => sdk.validateUIMessages({ messages })),
          converted: await attempt(() => sdk.convertToModelMessages(messages)),
        }),
    ...(chunks === undefined ? {} : { read: await attempt(() => lastMessage(chunks)) }),
  });
}
process.stdout.write(JSON.stringify(answers));

async function attempt(ask) {
  try {
    return { ok: await ask() };
  } catch (error) {
    return { error: String(error.message).slice(0, 2_000) };
  }
}

async function lastMessage(chunks) {
  const errors = [];
  let last;
  const stream = sdk.readUIMessageStream({
    stream: ReadableStream.from(chunks),
    onError: (error) => errors.push(String(error.message)),
  });
  for await (const message of stream) last = message;
  return { message: last, errors };
}
