import {
  elideLargest,
  encodeStepRecord,
  surelyFits,
  toMessage,
  type CreateSha256,
  type Message,
} from '@stepfold/fold';
import type { EventPartition } from './checked-record.js';
import type { FoldedStep } from './step-folder.js';

const encoder = new TextEncoder();

/** The message of a step as the projector emits it: with its place on the log, and what is too large elided. */
export function storedMessage(step: FoldedStep, place: EventPartition, createSha256: CreateSha256): Message {
  const message = toMessage(
    step.state,
    {
      generation: place.log.generation,
      topic: `${place.log.topicPrefix}events`,
      partition: place.partition,
      first_offset: step.firstOffset,
      last_offset: step.lastOffset,
    },
    step.digest,
  );
  const { value } = encodeStepRecord({ kind: 'version', message });
  if (surelyFits(message, value.byteLength)) return message;
  return elideLargest(message, (text) => sha256Hex(createSha256, text));
}

/** SHA-256 of the UTF-8 form of a text. */
export function sha256Hex(createSha256: CreateSha256, text: string): string {
  const hash = createSha256();
  hash.update(encoder.encode(text));
  return hash.digest('hex');
}
