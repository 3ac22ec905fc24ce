import { spawnSync } from 'node:child_process';
import path from 'node:path';

export const aiSdkVersions = ['ai-5', 'ai-6', 'ai-7'] as const;
export type AiSdkVersion = (typeof aiSdkVersions)[number];

export interface AiSdkQuestion {
  /** UI messages, to be validated and to be made a request of. */
  readonly messages?: unknown;
  /** The chunks of a stream for a page, to be read as the page does. */
  readonly chunks?: readonly unknown[];
}

type Answer<Value> = { readonly ok: Value } | { readonly error: string };

export interface AiSdkAnswer {
  readonly validated?: Answer<unknown>;
  readonly converted?: Answer<readonly ModelMessage[]>;
  readonly read?: Answer<{ readonly message?: { readonly parts: Part[] }; readonly errors: string[] }>;
}

export type Part = Readonly<Record<string, unknown>>;

export interface ModelMessage {
  readonly role: string;
  readonly content: string | readonly Part[];
}

/** Asks a version of the AI SDK in a process of its own: jest cannot import what is an ES module only. */
export function askAiSdk(version: AiSdkVersion, questions: readonly AiSdkQuestion[]): readonly AiSdkAnswer[] {
  const program = path.join(__dirname, 'ask-ai-sdk.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, version], {
    input: JSON.stringify(questions),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${version} gave no answers: ${stderr}`);
  return JSON.parse(stdout) as AiSdkAnswer[];
}
