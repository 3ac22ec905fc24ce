import type { FinishReason } from '@stepfold/events';
import { textOf } from './json-of.js';

/** The AI SDK's words for how a model stream ended, which are the neutral ones. */
const known: ReadonlySet<string> = new Set<FinishReason>([
  'stop',
  'length',
  'tool-calls',
  'content-filter',
  'error',
  'interrupted',
  'other',
]);

/**
 * A finish reason of the AI SDK: a word, or `{unified, raw}` (language models V3 and V4). A word that is not
 * known here (`unknown` of AI SDK 5 too) is `other`, and stays readable as the raw reason where the source has
 * none. Absent stays absent.
 */
export function aiSdkFinishReasonOf(
  given: unknown,
  givenRaw?: unknown,
): { readonly finishReason?: FinishReason; readonly rawFinishReason?: string } {
  const isPair = typeof given === 'object' && given !== null;
  const word = textOf(isPair ? (given as { unified?: unknown }).unified : given);
  const raw = textOf(givenRaw ?? (isPair ? (given as { raw?: unknown }).raw : undefined));
  const isKnown = word !== undefined && known.has(word);
  const rawReason = raw ?? (isKnown ? undefined : word);
  return {
    ...(word === undefined ? {} : { finishReason: isKnown ? (word as FinishReason) : 'other' }),
    ...(rawReason === undefined ? {} : { rawFinishReason: rawReason }),
  };
}
