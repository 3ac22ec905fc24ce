import { expect, it } from '@jest/globals';
import { importUiMessages } from '@stepfold/import';
import { uiMessages, type UiMessage } from '@stepfold/views';
import { recordedSuite } from '../formats/recorded-suite.js';
import { readRecordings } from '../formats/stream-recordings.js';
import { foldAll } from '../support/fold-all.js';
import { aiSdkVersions, askAiSdk, type AiSdkVersion, type Part } from './ai-sdk.js';
import { comparePart, sorted } from './ui-message-differences.js';

/** Holds imported UI messages against the AI SDK: what it read of a stream is imported, and shown again. */

const recordings = readRecordings(['ai-sdk-v6', 'ai-sdk-v7', 'ai-sdk-aborted'], '.ui.jsonl');
const suite = recordedSuite(recordings);

interface SdkMessage {
  readonly id: string;
  readonly role: string;
  readonly metadata?: unknown;
  readonly parts: readonly Part[];
}

/** What a version of the SDK makes of each recorded stream, as an application stores it. */
function messagesOf(version: AiSdkVersion): SdkMessage[] {
  const answers = askAiSdk(
    version,
    recordings.map(({ parts }) => ({ chunks: parts })),
  );
  return answers.flatMap(({ read }, index) => {
    if (read === undefined || 'error' in read || read.ok.message === undefined) return [];
    const { parts } = read.ok.message;
    return [{ id: `message-of-${index}`, role: 'assistant', metadata: { place: index }, parts }];
  });
}

function shown(messages: readonly SdkMessage[]): readonly UiMessage[] {
  const chat = importUiMessages(messages, { chatId: 'chat', importedAt: 1_800_000_000_000_000 });
  expect([...chat.passedOver]).toEqual([]);
  const { outcomes, messages: stored } = foldAll(chat.events);
  expect(outcomes.filter((outcome) => outcome !== 'accepted')).toEqual([]);
  return uiMessages(stored);
}

suite('messages that the AI SDK read of recorded streams, imported', () => {
  it.each(aiSdkVersions)('%s: are shown the same part by part, but for the listed differences', (version) => {
    const messages = messagesOf(version);
    expect(messages.length).toBeGreaterThan(100);
    const unlisted: unknown[] = [];
    for (const message of messages) {
      const [ours, ...others] = shown([message]);
      expect([ours?.id, others]).toEqual([message.id, []]);
      expect(ours!.metadata).toMatchObject(message.metadata as object);
      expect(ours!.parts).toHaveLength(message.parts.length);
      for (const [place, part] of message.parts.entries()) {
        const other = ours!.parts[place]!;
        for (const field of comparePart(part, other).unlisted) {
          unlisted.push([message.id, place, field, part[field], other[field]]);
        }
      }
    }
    expect(unlisted).toEqual([]);
  });

  it.each(aiSdkVersions)('%s: become the same request to a model', (version) => {
    // Another state of a call, or a part that no request has, is another request: those are held above.
    const messages = messagesOf(version).filter((message) => {
      const [ours] = shown([message]);
      return message.parts.every((part, place) => comparePart(part, ours!.parts[place]!).listed.length === 0);
    });
    expect(messages.length).toBeGreaterThan(80);
    const requests = (chats: readonly (readonly unknown[])[]) =>
      askAiSdk(
        version,
        chats.map((chat) => ({ messages: chat })),
      ).map(({ converted }) => sorted(converted));
    const wanted = requests(messages.map((message) => [message]));
    expect(wanted.filter((answer) => !Object.hasOwn(answer as object, 'ok'))).toEqual([]);
    expect(requests(messages.map((message) => shown([message])))).toEqual(wanted);
  });
});
