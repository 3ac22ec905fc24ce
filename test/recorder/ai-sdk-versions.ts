import * as ai5 from 'ai-5';
import { MockLanguageModelV2 } from 'ai-5/test';
import * as ai6 from 'ai-6';
import { MockLanguageModelV3 } from 'ai-6/test';
import * as ai7 from 'ai-7';
import { MockLanguageModelV4 } from 'ai-7/test';

export type Fields = Readonly<Record<string, unknown>>;

/** What the tests need of a version of the AI SDK. Its own types differ from version to version. */
export interface AiSdk {
  readonly name: string;
  readonly streamText: (options: Fields) => StreamTextResult;
  readonly generateText: (options: Fields) => Promise<Fields>;
  readonly wrapLanguageModel: (options: Fields) => unknown;
  readonly smoothStream: () => unknown;
  readonly jsonSchema: (schema: Fields) => unknown;
  readonly stopAfter: (steps: number) => unknown;
  /** A model that answers as told. */
  readonly mock: (
    doStream: (options: CallOptions) => Promise<{ stream: ReadableStream }>,
    doGenerate?: () => Promise<Fields>,
  ) => unknown;
  /** Parts as AI SDK 7 knows them, as this version does. */
  readonly partsOf: (parts: readonly Fields[]) => readonly Fields[];
}

export interface CallOptions {
  readonly abortSignal?: AbortSignal;
  readonly prompt: readonly Fields[];
  readonly providerOptions?: Fields;
}

export interface StreamTextResult extends Fields {
  readonly fullStream: ReadableStream<Fields> & AsyncIterable<Fields>;
  readonly textStream: ReadableStream<string> & AsyncIterable<string>;
  readonly text: Promise<string>;
  readonly steps: Promise<readonly Fields[]>;
  readonly usage: Promise<Fields>;
  toUIMessageStreamResponse(): Response;
  toUIMessageStream(): ReadableStream<Fields>;
  pipeUIMessageStreamToResponse(response: unknown): void;
  consumeStream(): Promise<void>;
}

type Mock = new (options: object) => unknown;

function sdk(name: string, given: unknown, mock: unknown, partsOf: AiSdk['partsOf']): AiSdk {
  const ai = given as AiSdk & { stepCountIs?: (n: number) => unknown; isStepCount?: (n: number) => unknown };
  const { streamText, generateText, wrapLanguageModel, smoothStream, jsonSchema } = ai;
  return {
    ...{ name, streamText, generateText, wrapLanguageModel, smoothStream, jsonSchema, partsOf },
    stopAfter: (ai.stepCountIs ?? ai.isStepCount)!,
    mock: (doStream, doGenerate) => new (mock as Mock)({ doStream, doGenerate }),
  };
}

export const aiSdks: readonly AiSdk[] = [
  sdk('AI SDK 5', ai5, MockLanguageModelV2, (parts) =>
    parts.flatMap(partOf3).flatMap((part) => partOf2(part)),
  ),
  sdk('AI SDK 6', ai6, MockLanguageModelV3, (parts) => parts.flatMap(partOf3)),
  sdk('AI SDK 7', ai7, MockLanguageModelV4, (parts) => parts),
];

/** Version 3 has none of these, or in another shape that is of no interest here. */
function partOf3(part: Fields): Fields[] {
  return ['custom', 'reasoning-file', 'file'].includes(String(part['type'])) ? [] : [part];
}

function partOf2(part: Fields): Fields[] {
  if (part['type'] === 'tool-approval-request') return [];
  if (part['type'] !== 'finish') return [part];
  const { finishReason, usage } = part as {
    finishReason?: { unified?: string };
    usage?: Record<string, { total?: number }>;
  };
  return [
    {
      ...part,
      finishReason: finishReason?.unified ?? finishReason,
      usage: {
        inputTokens: usage?.['inputTokens']?.total,
        outputTokens: usage?.['outputTokens']?.total,
        totalTokens: undefined,
      },
    },
  ];
}
