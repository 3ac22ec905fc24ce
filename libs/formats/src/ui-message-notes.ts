import { JSON_DEPTH_MAX, type JsonValue, type Metadata } from '@stepfold/events';
import { aiSdkMetadataOf } from './ai-sdk-part.js';
import { jsonOf } from './json-of.js';
import { mergedJson } from './merged-json.js';
import type { StepWriter } from './step-writer.js';

/** What a stream for a page says of the message that a step belongs to. */
interface MessageEntries {
  readonly messageId?: unknown;
  readonly messageMetadata?: JsonValue | undefined;
  readonly finishReason?: unknown;
}

/** What is said of messages, until a step can carry it. */
export interface MessageNotes {
  /** The name of the message of the next step. */
  name(messageId: unknown): void;
  /** Another message begins: what was said of the former is no longer of the next step. */
  forget(): void;
  add(messageMetadata: unknown, at: number): void;
  /** Metadata of the start of a step, or of its next attempt, which says the same. */
  ofStart(isRetry: boolean): Metadata | undefined;
  /** Metadata of the finish of the step: what was added since, laid over what it had. */
  ofFinish(finishReason?: unknown): Metadata | undefined;
  /** The step ends without a finish: what was added becomes a data part. */
  keepIn(writer: StepWriter): void;
  /** There is no step. Answers how many notes that makes void. */
  drop(): number;
}

/** Levels of nesting that are left for message metadata, within those of metadata of events. */
const LEVELS = JSON_DEPTH_MAX - 2;

export function createMessageNotes(): MessageNotes {
  /** For the start of the next step. */
  let nextId: unknown;
  /** What the start and the finish of the present step have said. */
  let entries: MessageEntries = {};
  let added: { readonly metadata: JsonValue; readonly at: number }[] = [];

  function takeAdded(): void {
    const known = entries.messageMetadata === undefined ? [] : [entries.messageMetadata];
    const messageMetadata = mergedJson([...known, ...added.map(({ metadata }) => metadata)]);
    entries = { ...entries, messageMetadata };
    added = [];
  }

  return {
    name(messageId) {
      nextId = messageId;
    },
    forget() {
      nextId = undefined;
    },
    add(messageMetadata, at) {
      if (messageMetadata === undefined || messageMetadata === null) return;
      added.push({ metadata: jsonOf(messageMetadata, LEVELS), at });
    },
    ofStart(isRetry) {
      if (!isRetry) {
        entries = { messageId: nextId };
        nextId = undefined;
        // What was said before the step was said at its start.
        takeAdded();
      }
      return aiSdkMetadataOf({}, { ...entries });
    },
    ofFinish(finishReason) {
      if (added.length === 0) return aiSdkMetadataOf({}, { finishReason });
      takeAdded();
      return aiSdkMetadataOf({}, { finishReason, messageMetadata: entries.messageMetadata });
    },
    keepIn(writer) {
      const last = added.at(-1);
      if (last === undefined || !writer.isOpen) return;
      const data = mergedJson(added.map(({ metadata }) => metadata));
      writer.data(last.at, { name: 'message-metadata', dataId: 'message-metadata', data });
      added = [];
    },
    drop() {
      const count = added.length;
      added = [];
      return count;
    },
  };
}
