import { isObject } from './fields-of.js';
import { textOf } from './json-of.js';
import { openaiMetadata, sourceOfAnnotation } from './openai-responses-sources.js';
import { mergedFields, type Block, type Item } from './openai-responses-items.js';
import type { StepWriter } from './step-writer.js';

type Fields = Readonly<Record<string, unknown>>;

export interface ResponseBlocks {
  /** A message or reasoning item has begun. Its first block begins with the first thing that it says. */
  begin(item: Item): void;
  /** What has begun begins to show, because something else happens next, which `item` is about. */
  settle(item?: Item): void;
  /** A part of the item begins: a content part or a summary part. */
  partStart(item: Item, partKey: string, at: number, options?: { isRefusal?: boolean }): void;
  delta(item: Item, partKey: string, at: number, text: unknown, options?: { isRefusal?: boolean }): void;
  /** A part of the item is complete: all of its text, of which nothing may have come before. */
  partEnd(item: Item, partKey: string, at: number, part: Fields): void;
  annotation(item: Item, partKey: string, at: number, part: Fields): void;
  /** The item is complete. What came of it before does not come again. */
  finish(item: Item, at: number, fields: Fields): void;
  /** The whole response has the item again, perhaps with what the next request needs and the item had not. */
  repeat(item: Item, at: number, fields: Fields): void;
  /** The response is over before the item was done. */
  close(item: Item, at: number): void;
  clear(): void;
}

/**
 * Texts and reasoning of a response.
 *
 * 1. A part of an item is a block. The first begins with the first part event, or with the item itself if
 *    anything else comes first: of reasoning that is all hidden nothing else ever does.
 * 2. A block ends where its part did, but says so only when the item goes on or is done, because what the next
 *    request needs comes last. The last block of reasoning ends with the item, whose `encrypted_content` it has.
 * 3. Text that came in pieces does not come again as a whole; text of which no piece came does.
 */
export function createResponseBlocks(writer: StepWriter): ResponseBlocks {
  let begun: Item | undefined;

  function kindOf(item: Item): 'text' | 'reasoning' {
    return item.kind === 'reasoning' ? 'reasoning' : 'text';
  }

  function metadataOf(item: Item, block: Block, entries: Fields = {}) {
    return openaiMetadata({
      itemId: item.id,
      phase: item.fields['phase'],
      refusal: block.isRefusal ? true : undefined,
      ...entries,
    });
  }

  function open(item: Item, block: Block, at: number): void {
    block.isOpen = true;
    block.lastAt = at;
    block.concludedAt = undefined;
    writer.blockStart(kindOf(item), at, { id: block.id, metadata: metadataOf(item, block) });
  }

  function add(item: Item, partKey: string | undefined, at: number, isRefusal: boolean): Block {
    // Rule 2: the one before is no longer the last. Those before that one have ended, or go on.
    const former = item.blocks.at(-1);
    if (former?.isOpen === true && former.concludedAt !== undefined) end(item, former, at);
    const block: Block = {
      id: `${item.ordinal}.${item.blocks.length}`,
      isOpen: false,
      hasText: false,
      lastAt: at,
      isRefusal,
      annotations: [],
      sourced: new Set(),
    };
    item.blocks.push(block);
    if (partKey !== undefined) item.blocksByPart.set(partKey, block);
    open(item, block, at);
    return block;
  }

  function existing(item: Item, partKey: string): Block | undefined {
    const block = item.blocksByPart.get(partKey);
    if (block !== undefined || item.blocksByPart.size > 0) return block;
    // The block with which the item itself began is that of its first part.
    const first = item.blocks[0];
    if (first !== undefined) item.blocksByPart.set(partKey, first);
    return first;
  }

  function end(item: Item, block: Block, at: number, entries: Fields = {}, isRedacted = false): void {
    block.isOpen = false;
    const { annotations } = block;
    // The event holds them now; should the block begin again, they are not of its new text.
    block.annotations = [];
    writer.blockEnd(kindOf(item), block.concludedAt ?? at, {
      id: block.id,
      ...(isRedacted ? { isRedacted } : {}),
      metadata: metadataOf(item, block, {
        annotations: annotations.length === 0 ? undefined : annotations,
        ...entries,
      }),
    });
  }

  function settle(item?: Item): void {
    if (begun === undefined || begun === item) return;
    const shown = begun;
    begun = undefined;
    if (shown.blocks.length === 0) add(shown, undefined, shown.addedAt as number, false);
  }

  /** The block of a part, open. With `isStart` the part says that it begins, and when. */
  function openBlock(item: Item, partKey: string, at: number, isRefusal: boolean, isStart = false): Block {
    const first = begun === item && !isStart ? (item.addedAt ?? at) : at;
    if (begun === item) begun = undefined;
    const block = existing(item, partKey) ?? add(item, partKey, first, isRefusal);
    if (isRefusal) block.isRefusal = true;
    if (!block.isOpen) open(item, block, at);
    return block;
  }

  /** Rule 3. */
  function fill(item: Item, partKey: string, at: number, text: unknown, isRefusal: boolean): void {
    const block = existing(item, partKey) ?? openBlock(item, partKey, at, isRefusal);
    if (block.hasText || typeof text !== 'string' || text === '') return;
    delta(item, partKey, at, text, isRefusal);
  }

  function delta(item: Item, partKey: string, at: number, text: unknown, isRefusal: boolean): void {
    const block = openBlock(item, partKey, at, isRefusal);
    if (textOf(text) !== undefined && text !== '') block.hasText = true;
    block.lastAt = at;
    writer.blockDelta(kindOf(item), at, { id: block.id, text });
  }

  /** If events numbered the parts in another way than the whole item does, they are told by their order. */
  function renumber(item: Item, parts: readonly { readonly partKey: string }[]): void {
    const listed = new Set(parts.map(({ partKey }) => partKey));
    if ([...item.blocksByPart.keys()].every((partKey) => listed.has(partKey))) return;
    item.blocksByPart.clear();
    for (const [index, { partKey }] of parts.entries()) {
      const block = item.blocks[index];
      if (block !== undefined) item.blocksByPart.set(partKey, block);
    }
  }

  /** The annotations of a whole part: each of which no event told becomes a source. */
  function annotate(item: Item, partKey: string, at: number, annotations: unknown): void {
    if (!Array.isArray(annotations) || annotations.length === 0) return;
    const block = existing(item, partKey);
    if (block === undefined) return;
    block.annotations = [...annotations];
    for (const [index, annotation] of annotations.entries()) cite(block, index, annotation, at);
  }

  function cite(block: Block, index: unknown, annotation: unknown, at: number): void {
    if (block.sourced.has(index)) return;
    block.sourced.add(index);
    const source = sourceOfAnnotation(annotation);
    if (source !== undefined) writer.source(at, source);
  }

  return {
    begin(item) {
      begun = item;
    },
    settle,
    partStart(item, partKey, at, { isRefusal = false } = {}) {
      openBlock(item, partKey, at, isRefusal, true);
    },
    delta: (item, partKey, at, text, { isRefusal = false } = {}) => delta(item, partKey, at, text, isRefusal),
    partEnd(item, partKey, at, part) {
      fill(item, partKey, at, part['text'] ?? part['refusal'], part['type'] === 'refusal');
      annotate(item, partKey, at, part['annotations']);
      const block = existing(item, partKey);
      if (block?.isOpen !== true) return;
      block.concludedAt = at;
      if (block !== item.blocks.at(-1)) end(item, block, at);
    },
    annotation(item, partKey, at, part) {
      const block = existing(item, partKey) ?? openBlock(item, partKey, at, false);
      block.annotations.push(part['annotation']);
      const index = part['annotation_index'] ?? block.annotations.length - 1;
      cite(block, index, part['annotation'], at);
    },

    finish(item, at, fields) {
      const isReasoning = item.kind === 'reasoning';
      item.fields = mergedFields(item.fields, fields);
      const parts = partsOf(item, fields);
      renumber(item, parts);
      for (const { partKey, part } of parts) {
        const text = part['text'] ?? part['refusal'];
        if (typeof text === 'string') {
          fill(item, partKey, at, text, part['type'] === 'refusal');
          annotate(item, partKey, at, part['annotations']);
        } else {
          // Something else than text, such as an image.
          writer.data(at, { name: `openai.${textOf(part['type']) ?? 'content'}`, data: part });
        }
      }
      if (item.blocks.length === 0) add(item, undefined, begun === item ? (item.addedAt ?? at) : at, false);
      if (begun === item) begun = undefined;
      item.isDone = true;
      const last = item.blocks.at(-1) as Block;
      const encrypted = encryptedOf(item.fields);
      if (isReasoning) {
        for (const block of item.blocks) if (block !== last && block.isOpen) end(item, block, at);
        if (!last.isOpen && encrypted !== undefined) open(item, last, at);
        last.concludedAt = undefined;
        // Nothing of the reasoning was shown.
        const isRedacted = item.blocks.length === 1 && !last.hasText;
        if (last.isOpen) end(item, last, at, { reasoningEncryptedContent: encrypted }, isRedacted);
        return;
      }
      for (const block of item.blocks) if (block.isOpen) end(item, block, at);
    },
    repeat(item, at, fields) {
      const encrypted = encryptedOf(fields);
      const last = item.blocks.at(-1);
      // Each time it is encrypted anew: one of them is enough.
      if (encrypted === undefined || last === undefined || encryptedOf(item.fields)) return;
      open(item, last, at);
      end(item, last, at, { reasoningEncryptedContent: encrypted });
    },
    close(item, at) {
      const last = item.blocks.at(-1);
      for (const block of item.blocks) {
        if (!block.isOpen) continue;
        const encrypted = block === last ? encryptedOf(item.fields) : undefined;
        const entries = { reasoningEncryptedContent: encrypted };
        if (block.concludedAt !== undefined) end(item, block, at, entries);
        else if (encrypted !== undefined) {
          // It goes on, so that no end can say it; and the model has not said more.
          const metadata = openaiMetadata(entries);
          writer.blockDelta(kindOf(item), block.lastAt, { id: block.id, text: '', metadata });
        }
      }
    },
    clear() {
      begun = undefined;
    },
  };
}

/** What a reasoning item says to the provider alone. */
function encryptedOf(fields: Fields): unknown {
  const encrypted = fields['encrypted_content'];
  return encrypted === null || encrypted === '' ? undefined : encrypted;
}

/** The parts of a whole message or reasoning item, each with the key that its events have. */
function partsOf(item: Item, fields: Fields): { readonly partKey: string; readonly part: Fields }[] {
  const listed = (given: unknown, keyOf: (index: unknown) => string) =>
    Array.isArray(given)
      ? given.flatMap((part, index) => (isObject(part) ? [{ partKey: keyOf(index), part }] : []))
      : [];
  const content = listed(fields['content'], contentKey);
  return item.kind === 'reasoning' ? [...listed(fields['summary'], summaryKey), ...content] : content;
}

/** The key of a content part, by its `content_index`. */
export function contentKey(index: unknown): string {
  return `content ${typeof index === 'number' ? index : 0}`;
}

/** The key of a summary part, by its `summary_index`. */
export function summaryKey(index: unknown): string {
  return `summary ${typeof index === 'number' ? index : 0}`;
}
