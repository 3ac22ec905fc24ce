import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { convertRecording, type FormatName } from '@stepfold/formats';
import { uiMessages } from '@stepfold/views';
import * as fc from 'fast-check';
import { readRecordings, type StreamRecording } from '../formats/stream-recordings.js';
import { arbitraryEvents } from '../support/arbitrary-events.js';
import { foldAll } from '../support/fold-all.js';
import { aiSdkVersions, askAiSdk, type AiSdkVersion, type ModelMessage, type Part } from './ai-sdk.js';
import { recordedSuite } from '../formats/recorded-suite.js';
import { comparePart, differenceNames } from './ui-message-differences.js';

/** Holds the `ui-message` view against the AI SDK itself, in every version that the view is for. */

const START = 1_767_225_600_000_000;
const TICK = 1_000;
const folders = ['ai-sdk-v6', 'ai-sdk-v7', 'ai-sdk-aborted'];
const ofPages = readRecordings(folders, '.ui.jsonl');
const recordings = [...readRecordings(folders, '.full.jsonl'), ...ofPages];
const suite = recordedSuite(recordings);

function eventsOf({ name, lines }: StreamRecording, runId = 'run'): Event[] {
  const format: FormatName = name.endsWith('.ui.jsonl') ? 'ui-message' : 'ai-sdk';
  const recording = convertRecording({
    format,
    lines,
    chatId: 'chat',
    runId,
    startMicros: START,
    tickMicros: TICK,
  });
  if (!recording.ok) throw new Error(recording.problem);
  return recording.events.map(({ event }) => event);
}

const viewOf = (events: readonly Event[]) => uiMessages(foldAll(events).messages);

/** The calls of a request that no result in it answers, and the results that answer no call. An id may come again. */
function unpaired(messages: readonly ModelMessage[]): { calls: unknown[]; results: unknown[] } {
  const calls: unknown[] = [];
  const results: unknown[] = [];
  const open: unknown[] = [];
  for (const { role, content } of messages) {
    if (role !== 'tool') calls.push(...open.splice(0));
    for (const part of typeof content === 'string' ? [] : content) {
      const id = part['toolCallId'];
      if (part['type'] === 'tool-call') open.push(id);
      if (part['type'] !== 'tool-result') continue;
      if (open.includes(id)) open.splice(open.indexOf(id), 1);
      else results.push(id);
    }
  }
  return { calls: [...calls, ...open], results };
}

describe.each(aiSdkVersions)('%s', (version) => {
  it('is of that version', () => {
    const { version: installed } = jestRequire(`${version}/package.json`);
    expect(`ai-${installed.split('.')[0]}`).toBe(version);
  });

  it('tells a message that it does not take', () => {
    const messages = [{ id: 'm', role: 'assistant', parts: [{ type: 'tool-x', state: 'half-done' }] }];
    expect(askAiSdk(version, [{ messages }])[0]?.validated).toHaveProperty('error');
  });

  it('takes the view of any events that a person answered, and makes a request of it in which calls are answered', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryEvents({ eventsMax: 120 }), { minLength: 25, maxLength: 25 }),
        (chats) => {
          const views = chats.map((events) => viewOf([...events, says('last')]));
          const answers = askAiSdk(
            version,
            views.map((messages) => ({ messages })),
          );
          for (const [index, { validated, converted }] of answers.entries()) {
            expect(validated).toHaveProperty('ok');
            if (converted === undefined || 'error' in converted) throw new Error(JSON.stringify(converted));
            const { calls, results } = unpaired(converted.ok);
            expect(results).toEqual([]);
            // A provider that ran the tool itself is told of the denial alone, and version 5 knows no denial.
            const denied = views[index]!.flatMap(({ parts }) => parts).filter(
              ({ state, providerExecuted }) =>
                state === 'output-denied' && (version === 'ai-5' || providerExecuted === true),
            );
            const ids = denied.map(({ toolCallId }) => toolCallId);
            expect(calls.filter((id) => !ids.includes(id as string))).toEqual([]);
          }
        },
      ),
      // Each run asks a process: to shrink a failure would take hours.
      { numRuns: 4, endOnFailure: true },
    );
  }, 120_000);
});

/** A person goes on. */
function says(stepId: string): Event {
  return {
    v: 1,
    chat_id: 'chat',
    step_id: stepId,
    at: START,
    type: 'message',
    role: 'user',
    parts: [{ type: 'text', text: 'go on' }],
  };
}

function jestRequire(name: string): { readonly version: string } {
  return require(name) as { readonly version: string };
}

suite('the view of recorded streams', () => {
  describe.each(aiSdkVersions)('%s', (version) => {
    it('takes each of them, and makes a request of it', () => {
      const answers = askAiSdk(
        version,
        recordings.map((recording) => ({ messages: viewOf(eventsOf(recording)) })),
      );
      const problems = answers.flatMap(({ validated, converted }, index) =>
        [validated, converted].flatMap((answer) =>
          answer !== undefined && 'error' in answer ? [[recordings[index]?.name, answer.error]] : [],
        ),
      );
      expect(problems).toEqual([]);
      expect(answers).toHaveLength(recordings.length);
    });

    it('makes a request of them all in one chat, in which every call is answered', () => {
      const events = recordings.flatMap((recording, index) => [
        ...eventsOf(recording, `run-${index}`),
        says(`user-${index}`),
      ]);
      const [answer] = askAiSdk(version, [{ messages: viewOf(events) }]);
      expect(answer?.validated).toHaveProperty('ok');
      const { converted } = answer!;
      if (converted === undefined || 'error' in converted) throw new Error(JSON.stringify(converted));
      expect(unpaired(converted.ok)).toEqual({ calls: [], results: [] });
      expect(JSON.stringify(converted.ok)).toContain('"tool-result"');
    });
  });
});

/** Versions 6 and 7 read what their own version sent. Nothing of version 5 was recorded: it reads what 6 sent. */
const sentBy: Readonly<Record<AiSdkVersion, string>> = { 'ai-5': 'v6', 'ai-6': 'v6', 'ai-7': 'v7' };

suite('the view of a stream for a page, beside what the SDK reads of it', () => {
  const found = new Set<string>();

  it.each(aiSdkVersions)('%s: is the same part by part, but for the listed differences', (version) => {
    const own = ofPages.filter(
      ({ name }) => name.includes(`${sentBy[version]}.ui`) || name.startsWith(`ai-sdk-${sentBy[version]}/`),
    );
    expect(own.length).toBeGreaterThan(50);
    const answers = askAiSdk(
      version,
      own.map(({ parts }) => ({ chunks: parts })),
    );
    const unlisted: unknown[] = [];
    for (const [index, { read }] of answers.entries()) {
      const { name, parts } = own[index]!;
      // Approval came with version 6: version 5 reads such a stream without it, or not to its end.
      const isOfLater = version === 'ai-5' && name.includes('mcp-tool-approval');
      if (isOfLater) continue;
      if (read === undefined || 'error' in read) throw new Error(`${name}: ${JSON.stringify(read)}`);
      // Every complaint of the SDK is one that the stream itself brings.
      const brought = parts.filter(({ type }) => type === 'error').map(({ errorText }) => errorText);
      expect([name, read.ok.errors]).toEqual([name, brought]);

      const theirs = read.ok.message?.parts ?? [];
      const ours = viewOf(eventsOf(own[index]!)).flatMap((message): readonly Part[] => message.parts);
      expect([name, ours.length]).toEqual([name, theirs.length]);
      for (const [place, part] of theirs.entries()) {
        const other = ours[place] as Part;
        const compared = comparePart(part, other);
        for (const difference of compared.listed) found.add(difference);
        for (const field of compared.unlisted) unlisted.push([name, place, field, part[field], other[field]]);
      }
    }
    expect(unlisted).toEqual([]);
  });

  it.each(differenceNames)('needs the difference: %s', (name) => {
    expect([...found]).toContain(name);
  });

  it('is compared in version 5 but for streams that it cannot read to their end', () => {
    const [recording] = ofPages.filter(
      ({ name }) => name === 'ai-sdk-v6/openai-responses-mcp-tool-approval.4.ui.jsonl',
    );
    const [answer] = askAiSdk('ai-5', [{ chunks: recording!.parts }]);
    expect(answer?.read).toMatchObject({ ok: { errors: [expect.stringContaining('must be preceded')] } });
  });
});
