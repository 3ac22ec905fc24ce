import type { MessageJson } from '@stepfold/fold';
import { outputOf } from './spawn-stepfold.js';

/** A short recording of two steps, the second cut off. */
export const stream = [
  { type: 'start-step' },
  { type: 'reasoning-start', id: 'r' },
  { type: 'reasoning-delta', id: 'r', text: 'hm ' },
  { type: 'reasoning-delta', id: 'r', text: 'so' },
  { type: 'reasoning-end', id: 'r' },
  { type: 'tool-call', toolCallId: 'k', toolName: 'look', input: { at: 'it' } },
  { type: 'tool-result', toolCallId: 'k', toolName: 'look', output: 'seen' },
  { type: 'finish-step', finishReason: 'tool-calls', usage: { inputTokens: 3, outputTokens: 2 } },
  { type: 'start-step' },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', text: 'It is ' },
]
  .map((part) => `${JSON.stringify(part)}\n`)
  .join('');

/** How often a test looks before it gives up waiting. */
export const LOOKS_MAX = 300;

/** Asks until the stored messages of a chat are as many as wanted and all ended. */
export async function storedMessages(
  chatId: string,
  data: readonly string[],
  count: number,
): Promise<string> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const json = await outputOf(['messages', chatId, ...data, '--json']);
    const messages = JSON.parse(json) as MessageJson[];
    if (messages.length === count && messages.every(({ status }) => status !== 'open')) return json;
  }
  throw new Error(`${count} messages of chat ${chatId} were not stored`);
}
