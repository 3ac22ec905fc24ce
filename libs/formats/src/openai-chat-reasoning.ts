import type { Metadata } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { textOf } from './json-of.js';
import { mergedMetadata, metadataOf } from './metadata-of.js';

type Fields = Readonly<Record<string, unknown>>;

/** The second is the name of Groq, Cerebras and OpenRouter, the third that of GitHub Copilot. */
const textFields = ['reasoning_content', 'reasoning', 'reasoning_text'];

/**
 * The reasoning of one delta, once, although several fields may tell it: `reasoning_content`, `reasoning`,
 * `reasoning_text`, `reasoning_details` and `thinking_blocks` (LiteLLM) hold the same text, and the first that has some counts.
 */
export function openaiChatReasoningOf(delta: Fields): string {
  const details = entriesOf(delta['reasoning_details']).map((detail) => detail['text'] ?? detail['summary']);
  const blocks = entriesOf(delta['thinking_blocks']).map((block) => block['thinking']);
  const told = [...textFields.map((field) => delta[field]), details, blocks];
  for (const given of told) {
    const text = (Array.isArray(given) ? given : [given]).map((piece) => textOf(piece) ?? '').join('');
    if (text !== '') return text;
  }
  return '';
}

/** What the next request must send back with the text of a reasoning block. */
export interface ReasoningProof {
  /** Takes what one delta holds of it. */
  add(delta: Fields): void;
  readonly metadata: Metadata | undefined;
}

/**
 * Collects `reasoning_details` of one block: `metadata.openrouter.reasoning_details`, as the AI SDK's provider keeps
 * it, whole and in order, because a service checks its signature against all of them. Consecutive texts of one
 * detail are one again. Details that are nothing but text are left out: the block has that already.
 * `thinking_blocks` leave `anthropic.signature` and `anthropic.redactedData`, `reasoning_opaque` of GitHub Copilot
 * leaves `copilot.reasoningOpaque`.
 */
export function createReasoningProof(): ReasoningProof {
  const details: Record<string, unknown>[] = [];
  let hasMore = false;
  let metadata: Metadata | undefined;

  function addDetail(detail: Fields): void {
    const last = details.at(-1);
    const isContinued =
      last !== undefined &&
      last['data'] === undefined &&
      detail['data'] === undefined &&
      last['type'] === detail['type'] &&
      last['index'] === detail['index'];
    const target = isContinued ? last : {};
    if (!isContinued) details.push(target);
    for (const [key, value] of Object.entries(detail)) {
      if (value === undefined || value === null) continue;
      const former = Object.hasOwn(target, key) ? target[key] : undefined;
      const isText = (key === 'text' || key === 'summary') && typeof value === 'string';
      if (isText && typeof former === 'string') target[key] = former + value;
      else if (value !== '' || former === undefined) {
        Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
      }
    }
  }

  return {
    add(delta) {
      for (const detail of entriesOf(delta['reasoning_details'])) addDetail(detail);
      for (const block of entriesOf(delta['thinking_blocks'])) {
        const entries = {
          signature: block['signature'] || undefined,
          redactedData: block['data'] || undefined,
        };
        metadata = mergedMetadata(metadata, metadataOf(undefined, { provider: 'anthropic', entries }));
      }
      const opaque = { reasoningOpaque: delta['reasoning_opaque'] || undefined };
      metadata = mergedMetadata(metadata, metadataOf(undefined, { provider: 'copilot', entries: opaque }));
      hasMore ||= saysMoreThanText(delta);
    },
    get metadata() {
      if (!hasMore || details.length === 0) return metadata;
      return metadataOf(metadata, { provider: 'openrouter', entries: { reasoning_details: details } });
    },
  };
}

/** True if a delta holds a signature, an encrypted form or an id of its reasoning. */
export function saysMoreThanText(delta: Fields): boolean {
  if (delta['reasoning_opaque']) return true;
  return [...entriesOf(delta['reasoning_details']), ...entriesOf(delta['thinking_blocks'])].some(
    (entry) => Boolean(entry['signature']) || Boolean(entry['data']) || Boolean(entry['id']),
  );
}

function entriesOf(given: unknown): readonly Fields[] {
  return Array.isArray(given) ? given.map(fieldsOf) : [];
}
