import { describe, expect, it } from '@jest/globals';
import type { LogRecord } from '@stepfold/event-log';
import { encodeStepRecord, type Message } from '@stepfold/fold';
import { collapse } from './step-batch.js';

const AT = 1_775_822_400_000_000;

function version(stepId: string, rev: number, foldVersion = 1): Message {
  return {
    chat_id: 'c',
    step_id: stepId,
    attempt: 0,
    role: 'assistant',
    status: 'open',
    rev,
    events: rev,
    parts: [],
    started_at: AT,
    last_event_at: AT,
    log: { generation: 0, topic: 't', partition: 0, first_offset: 0, last_offset: rev },
    fold_version: foldVersion,
  };
}

function records(...entries: { key: Uint8Array | null; value: Uint8Array | null }[]): LogRecord[] {
  return entries.map((entry, offset) => ({ ...entry, offset, headers: {}, appendedAtMs: 0 }));
}

const encoded = (message: Message) => encodeStepRecord({ kind: 'version', message });

describe('collapse', () => {
  it('keeps the highest rev and then fold_version of each message, of equal ones the first', () => {
    const batch = collapse(
      records(
        encoded(version('a', 2)),
        encoded(version('b', 5, 2)),
        encoded(version('a', 3)),
        encoded(version('a', 1, 9)),
        encoded(version('b', 5, 1)),
        encoded(version('a', 3)),
      ),
    );
    expect(
      batch.versions.map(({ message, record }) => [message.step_id, message.rev, record.offset]),
    ).toEqual([
      ['a', 3, 2],
      ['b', 5, 1],
    ]);
  });

  it('keeps the furthest progress of each partition', () => {
    const progress = (partition: number, folded_to: number) =>
      encodeStepRecord({ kind: 'progress', progress: { generation: 0, partition, folded_to } });
    const batch = collapse(records(progress(0, 5), progress(1, 2), progress(0, 9), progress(0, 7)));
    expect(batch.progress).toEqual([
      { generation: 0, partition: 0, folded_to: 9 },
      { generation: 0, partition: 1, folded_to: 2 },
    ]);
  });

  it('sets aside what is no version, and takes the rest', () => {
    const good = encoded(version('a', 1));
    const text = (value: string) => new TextEncoder().encode(value);
    const batch = collapse(
      records(
        { key: text('c:a'), value: text('{') },
        { key: text('c:b'), value: good.value },
        { key: text(':progress'), value: text('{"generation":0}') },
        { key: null, value: null },
        { key: good.key, value: text(JSON.stringify({ ...version('a', 1), rev: '1' })) },
        good,
      ),
    );
    expect(batch.unreadable.map(({ record }) => record.offset)).toEqual([0, 1, 2, 3, 4]);
    expect(batch.versions).toHaveLength(1);
  });
});
