import type { Metadata } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { textOf } from './json-of.js';
import { mergedMetadata, metadataOf } from './metadata-of.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The reasoning of one delta, once, although several fields may tell it: `reasoning_content`, `reasoning`,
 * `reasoning_details` and `thinking_blocks` (LiteLLM) hold the same text, and the first that has some counts.
 */
export function openaiChatReasoningOf(delta: Fields): string {
  const details = entriesOf(delta['reasoning_details']).map((detail) => detail['text'] ?? detail['summary']);
  const blocks = entriesOf(delta['thinking_blocks']).map((block) => block['thinking']);
  const told = [delta['reasoning_content'], delta['reasoning'], details, blocks];
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
 * `thinking_blocks` leave `anthropic.signature` and `anthropic.redactedData`.
 */
export function createReasoningProof(): ReasoningProof {
  const details: Record<string, unknown>[] = [];
  let hasMore = false;
  let anthropic: Metadata | undefined;

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
        anthropic = mergedMetadata(anthropic, metadataOf(undefined, { provider: 'anthropic', entries }));
      }
      hasMore ||= saysMoreThanText(delta);
    },
    get metadata() {
      if (!hasMore || details.length === 0) return anthropic;
      return metadataOf(anthropic, { provider: 'openrouter', entries: { reasoning_details: details } });
    },
  };
}

/** True if a delta holds a signature, an encrypted form or an id of its reasoning. */
export function saysMoreThanText(delta: Fields): boolean {
  return [...entriesOf(delta['reasoning_details']), ...entriesOf(delta['thinking_blocks'])].some(
    (entry) => Boolean(entry['signature']) || Boolean(entry['data']) || Boolean(entry['id']),
  );
}

function entriesOf(given: unknown): readonly Fields[] {
  return Array.isArray(given) ? given.map(fieldsOf) : [];
}
