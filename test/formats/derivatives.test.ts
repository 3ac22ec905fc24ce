import { describe, expect, it } from '@jest/globals';
import type { Part } from '@stepfold/fold';
import { readAllRecordings, type KnownRecording } from './all-recordings.js';
import { messagesOfLines } from './convert-lines.js';
import { documentedLosses, lossesOfReadme, type Loss, type Telling } from './documented-losses.js';

/**
 * A recording of a provider, and what AI SDK 6 and 7 made of it, say the same: texts, reasoning, calls, results of
 * the provider's tools and sources, each in order. Where the SDK says less or says it differently, the README lists it.
 */
const recordings = readAllRecordings();
const raw = recordings.filter(({ name }) => name.startsWith('vercel-ai/'));
const pairs = raw.flatMap((recording) =>
  recordings
    .filter(({ name, baseName }) => /^ai-sdk-v\d/.test(name) && baseName === recording.baseName)
    .map((derived) => ({ name: derived.name, raw: recording, derived })),
);

const tellings = new Map<KnownRecording, Telling>();
function tellingOf(recording: KnownRecording): Telling {
  let telling = tellings.get(recording);
  if (telling === undefined) {
    const { name, format, text, lines } = recording;
    const [, version, kind] = /^ai-sdk-(v\d).*\.(\w+)\.jsonl$/.exec(name) ?? [];
    const parts = messagesOfLines(format, lines).flatMap((message) => message.parts);
    telling = { text, source: version === undefined ? format : `${version} ${kind}`, parts };
    tellings.set(recording, telling);
  }
  return telling;
}

/** What both must say, without the losses that apply. */
function said({ parts }: Telling, losses: readonly Loss[]): unknown {
  const left = losses.reduce((kept, { forget }) => forget(kept), parts);
  const all = <T extends Part['type'], S>(type: T, shown: (part: Extract<Part, { type: T }>) => S): S[] =>
    left.filter((part): part is Extract<Part, { type: T }> => part.type === type).map(shown);
  return {
    // Where a text or reasoning is cut into blocks the SDK decides anew; empty ones say nothing here.
    text: all('text', ({ text }) => text).join(''),
    reasoning: all('reasoning', ({ text }) => text).join(''),
    calls: all('tool-call', ({ tool_call_id, tool_name, args, args_text, provider_executed }) => ({
      id: tool_call_id,
      name: tool_name,
      args: args ?? args_text,
      isOfProvider: provider_executed === true,
    })),
    results: all('tool-result', ({ tool_call_id, result, is_error, synthetic }) =>
      synthetic === true ? [] : [{ id: tool_call_id, result, isError: is_error === true }],
    ).flat(),
    sources: all('source', ({ url, title }) => ({ url, title })),
  };
}

const lossesOf = (pair: (typeof pairs)[number]) =>
  documentedLosses.filter(({ applies }) => applies(tellingOf(pair.raw), tellingOf(pair.derived)));
const isSame = (pair: (typeof pairs)[number], losses: readonly Loss[]) => {
  try {
    expect(said(tellingOf(pair.derived), losses)).toEqual(said(tellingOf(pair.raw), losses));
    return true;
  } catch {
    return false;
  }
};

describe('what AI SDK 6 and 7 made of a recording', () => {
  it('is there, or the lack of it was said', () => {
    expect(pairs.length > 150 || (recordings.length === 0 && !process.env['CI'])).toBe(true);
  });

  it('loses what the README says, and nothing else', () => {
    expect(lossesOfReadme()).toEqual(documentedLosses.map(({ name }) => name));
  });

  if (pairs.length === 0) return;

  it.each(pairs.map((pair) => [pair.name, pair] as const))(
    '%s says what the raw stream says',
    (_name, pair) => {
      const losses = lossesOf(pair);
      expect(said(tellingOf(pair.derived), losses)).toEqual(said(tellingOf(pair.raw), losses));
    },
  );

  it.each(documentedLosses.map((loss) => [loss.name, loss] as const))(
    '%s is a loss that is seen',
    (_name, loss) => {
      const isSeen = pairs.some((pair) => {
        const losses = lossesOf(pair);
        return (
          losses.includes(loss) &&
          !isSame(
            pair,
            losses.filter((other) => other !== loss),
          )
        );
      });
      expect(isSeen).toBe(true);
    },
  );
});
