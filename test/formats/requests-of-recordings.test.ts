import { expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { aiSdkRequest, anthropicRequest, openaiResponsesRequest } from '@stepfold/requests';
import { expectAccepted, expectAiSdkTakes } from '../support/provider-rules/expect-accepted.js';
import { userStep } from '../support/stored-step.js';
import { messagesOfLines } from './convert-lines.js';
import { recordedSuite } from './recorded-suite.js';
import { readRecordings, type StreamRecording } from './stream-recordings.js';

/**
 * The next request after each recorded stream: the provider accepts it, and has back what only it can read. What that is
 * comes from the recording itself.
 */
const recordings = readRecordings(['ai-sdk-v6', 'ai-sdk-v7', 'ai-sdk-aborted'], '.full.jsonl');
const suite = recordedSuite(recordings);

const chatOf = ({ lines }: StreamRecording): Message[] => messagesOfLines('ai-sdk', lines);

/** The values that a recording has under a name of provider metadata. */
function attached({ parts }: StreamRecording, provider: string, key: string): readonly string[] {
  const values = parts.flatMap(({ providerMetadata }) => {
    const value = (providerMetadata as Record<string, Record<string, unknown>> | undefined)?.[provider]?.[
      key
    ];
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
  return [...new Set(values)];
}

/** Some streams break off and look finished, but for a call that was never made. */
function wasCutOff({ status, parts }: Message): boolean {
  return status !== 'complete' || parts.some((part) => part.type === 'tool-call' && part.partial === true);
}

suite('the request after a recorded stream', () => {
  it.each(recordings.map((recording) => [recording.name, recording] as const))(
    '%s',
    async (_name, recording) => {
      const steps = chatOf(recording);
      const failed = steps.some(({ status }) => status === 'failed');
      const chat = [userStep('go'), ...steps, userStep('and now?')];
      expectAccepted(steps);
      expectAccepted(chat);
      await expectAiSdkTakes(chat);
      if (failed) return;
      const sdk = JSON.stringify(aiSdkRequest(chat));
      for (const [provider, key] of [
        ['anthropic', 'signature'],
        ['anthropic', 'redactedData'],
        ['openai', 'reasoningEncryptedContent'],
        ['google', 'thoughtSignature'],
      ] as const) {
        const values = attached(recording, provider, key);
        // Of reasoning that was encrypted twice the later one counts.
        const wanted = key === 'reasoningEncryptedContent' ? values.slice(-1) : values;
        for (const value of wanted) expect(sdk).toContain(JSON.stringify(value));
      }
      // Thinking at which a stream broke off has nothing behind it, and the providers take none such.
      if (steps.some(wasCutOff)) return;
      const toAnthropic = JSON.stringify(anthropicRequest(chat));
      for (const key of ['signature', 'redactedData']) {
        for (const value of attached(recording, 'anthropic', key))
          expect(toAnthropic).toContain(JSON.stringify(value));
      }
      const toOpenai = JSON.stringify(openaiResponsesRequest(chat, { store: false }));
      for (const value of attached(recording, 'openai', 'reasoningEncryptedContent').slice(-1)) {
        expect(toOpenai).toContain(JSON.stringify(value));
      }
    },
  );
});
