import { expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { DOCUMENT_BYTES_MAX, offeredVersionOf } from './offered-version.js';

function messageOf(text: string): Message {
  const at = 1_775_822_400_000_000;
  return {
    ...{ chat_id: 'c', step_id: 's', attempt: 0, role: 'assistant', status: 'open', rev: 1, events: 1 },
    parts: [{ type: 'text', text, created_at: at, first_event: 1, last_event: 1 }],
    ...{ started_at: at, last_event_at: at, fold_version: 1 },
  } as Message;
}

it('a document of DOCUMENT_BYTES_MAX is offered to the server, and one of a byte more is refused', () => {
  const empty = offeredVersionOf(messageOf(''));
  if ('refusal' in empty) throw new Error(empty.refusal);
  const room = DOCUMENT_BYTES_MAX - empty.bytes;
  expect(offeredVersionOf(messageOf('x'.repeat(room)))).toMatchObject({ bytes: DOCUMENT_BYTES_MAX });
  expect(offeredVersionOf(messageOf('x'.repeat(room + 1)))).toEqual({
    refusal: `The message has ${DOCUMENT_BYTES_MAX + 1} bytes of BSON, and at most ${DOCUMENT_BYTES_MAX} can be stored.`,
  });
  // The server takes 16 MiB and the command around it.
  expect(DOCUMENT_BYTES_MAX).toBeLessThan(16 * 1024 * 1024);
});
