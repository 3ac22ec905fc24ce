import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { partitionOf, type LogRecord } from '@stepfold/event-log';
import { createEventCodec, encodeEvent, type Event } from '@stepfold/events';
import { decodeStepRecord, type Message } from '@stepfold/fold';
import { InMemoryMetrics } from '@stepfold/runtime';
import { projectorDefaults } from './config.js';
import {
  checkpointOf,
  countOutcomes,
  createProjection,
  emitDueSteps,
  foldRecord,
  passTo,
  type Projection,
  type ProjectionContext,
} from './projection.js';

const AT = 1_775_822_400_000_000;
const encoder = new TextEncoder();

let nowMs = 0;
let metrics: InMemoryMetrics;
let context: ProjectionContext;
let offset: number;

beforeEach(() => {
  nowMs = 0;
  offset = 0;
  metrics = new InMemoryMetrics();
  context = {
    config: projectorDefaults,
    codec: createEventCodec(),
    generation: 3,
    partition: 0,
    partitionCount: 1,
    topic: 'stepfold.events',
    version: 'test',
    metrics,
    nowMicros: () => AT,
    monotonicMs: () => nowMs,
    createSha256: () => createHash('sha256'),
  };
});

function event(step: string, fields: Record<string, unknown>): Event {
  return { v: 1, chat_id: 'c', step_id: step, at: AT, ...fields } as unknown as Event;
}

function record(value: Uint8Array | null, key: string | null = 'c', at = offset++): LogRecord {
  return {
    offset: at,
    key: key === null ? null : encoder.encode(key),
    value,
    headers: {},
    appendedAtMs: 1_000 + at,
  };
}

function fold(projection: Projection, ...events: Event[]): void {
  for (const each of events) foldRecord(projection, context, record(encodeEvent(each)));
}

function versions(projection: Projection): Message[] {
  return projection.versions.map(({ key, value }) => {
    const decoded = decodeStepRecord(key, value);
    if (typeof decoded === 'string' || decoded.kind !== 'version') throw new Error('no version');
    return decoded.message;
  });
}

const reasons = (projection: Projection) =>
  projection.deadLetters.map(({ headers }) => headers?.['stepfold-reason']);

describe('versions', () => {
  it('emits a step that ended at once, with its place on the log and its digest', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    const events = [
      event('s', { type: 'step-start' }),
      event('s', { type: 'heartbeat' }),
      event('s', { type: 'step-end' }),
    ];
    fold(projection, ...events);
    const hash = createHash('sha256');
    for (const value of events.map(encodeEvent)) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(value.byteLength);
      hash.update(length).update(value);
    }
    expect(versions(projection)).toMatchObject([
      {
        status: 'complete',
        rev: 2 ** 32 - 1,
        log: { generation: 3, topic: 'stepfold.events', partition: 0, first_offset: 0, last_offset: 2 },
        digest: `sha256:${hash.digest('hex')}`,
      },
    ]);
    expect(projection.openSteps.size).toBe(0);
  });

  it('covers only the accepted events of the last attempt by log range and digest', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    const counted = [
      event('s', { attempt: 1, type: 'step-start' }),
      event('s', { attempt: 1, type: 'step-end' }),
    ];
    fold(
      projection,
      event('s', { type: 'step-start' }),
      counted[0]!,
      event('s', { type: 'text-end', id: '0' }),
      counted[1]!,
    );
    const hash = createHash('sha256');
    for (const value of counted.map(encodeEvent)) {
      hash.update(Buffer.from([0, 0, 0, value.byteLength])).update(value);
    }
    expect(versions(projection)).toMatchObject([
      { attempt: 1, log: { first_offset: 1, last_offset: 3 }, digest: `sha256:${hash.digest('hex')}` },
    ]);
  });

  it('shows an open step when its structure changes, but not more often than the interval allows', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    fold(projection, event('s', { type: 'step-start' }));
    expect(emitDueSteps(projection, context)).toBeUndefined();
    fold(projection, event('s', { type: 'text-start', id: '0' }));
    expect(emitDueSteps(projection, context)).toBe(500);
    expect(versions(projection).map(({ events }) => events)).toEqual([1]);
    nowMs = 500;
    expect(emitDueSteps(projection, context)).toBeUndefined();
    expect(versions(projection).map(({ events }) => events)).toEqual([1, 2]);
  });

  it('shows a growing text when it has grown by half, and keeps the bytes emitted linear in the bytes folded', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    fold(projection, event('s', { type: 'step-start' }), event('s', { type: 'text-start', id: '0' }));
    let folded = 0;
    for (let i = 0; i < 3_000; i++) {
      const delta = event('s', { type: 'text-delta', id: '0', text: 'x'.repeat(400) });
      folded += encodeEvent(delta).byteLength;
      fold(projection, delta);
      nowMs += 1_000;
      emitDueSteps(projection, context);
    }
    const emitted = projection.versions.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
    expect(projection.versions.length).toBeGreaterThan(5);
    expect(projection.versions.length).toBeLessThan(40);
    expect(emitted).toBeLessThanOrEqual(4 * folded + 64 * 1024);
  });

  it('never shows heartbeats', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    fold(projection, event('s', { type: 'step-start' }));
    emitDueSteps(projection, context);
    nowMs = 10_000;
    fold(projection, event('s', { type: 'heartbeat' }));
    emitDueSteps(projection, context);
    expect(projection.versions).toHaveLength(1);
  });
});

describe('checkpoints', () => {
  it('stay at the first event of the oldest open step', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    fold(
      projection,
      event('a', { type: 'step-start' }),
      event('b', { type: 'step-start' }),
      event('c', { type: 'step-start' }),
      event('a', { type: 'step-end' }),
    );
    expect(checkpointOf(projection)).toEqual({ lowWaterMark: 1, foldedTo: 4 });
    fold(projection, event('b', { attempt: 1, type: 'step-start' }));
    expect(checkpointOf(projection)).toEqual({ lowWaterMark: 2, foldedTo: 5 });
    fold(projection, event('b', { attempt: 1, type: 'step-end' }), event('c', { type: 'step-end' }));
    expect(checkpointOf(projection)).toEqual({ lowWaterMark: 7, foldedTo: 7 });
  });

  it('make nothing below folded_to, then show every step that is open there once', () => {
    const log = [
      event('a', { type: 'step-start' }),
      event('old', { type: 'tool-result', tool_call_id: 'x', result: 1 }),
      event('b', { type: 'step-start' }),
      event('b', { type: 'step-end' }),
      event('a', { type: 'text-start', id: '0' }),
      event('a', { type: 'text-delta', id: '0', text: 'x' }),
    ];
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 5 }, projectorDefaults);
    fold(projection, ...log.slice(0, 5));
    emitDueSteps(projection, context);
    expect(projection.versions).toEqual([]);
    expect(projection.deadLetters).toEqual([]);
    expect(metrics.values.size).toBe(0);
    expect(checkpointOf(projection)).toEqual({ lowWaterMark: 0, foldedTo: 5 });
    fold(projection, log[5]!);
    emitDueSteps(projection, context);
    expect(versions(projection)).toMatchObject([{ step_id: 'a', events: 3 }]);
  });

  it('end the silence when the log ends exactly at folded_to', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 2 }, projectorDefaults);
    fold(projection, event('a', { type: 'step-start' }), event('a', { type: 'heartbeat' }));
    passTo(projection, 2);
    emitDueSteps(projection, context);
    expect(versions(projection)).toMatchObject([{ step_id: 'a', events: 2 }]);
  });
});

describe('dead letters', () => {
  it('are records that are no event of this partition, with the reason, and the rest goes on', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    const good = encodeEvent(event('s', { type: 'step-start' }));
    const two = { ...context, partitionCount: 2, partition: 1 - partitionOf(encoder.encode('c'), 2) };
    foldRecord(projection, context, record(encoder.encode('{"v":1')));
    foldRecord(projection, context, record(Uint8Array.of(0x22, 0xc3)));
    foldRecord(projection, context, record(null));
    foldRecord(projection, context, record(encodeEvent(event('s', { v: 2, type: 'step-start' }))));
    foldRecord(projection, context, record(encodeEvent(event('s', { type: 'new-thing' }))));
    foldRecord(projection, context, record(encodeEvent(event('s', { type: 'text-delta', id: '0' }))));
    foldRecord(projection, context, record(new Uint8Array(8 * 1024 * 1024 + 1)));
    foldRecord(projection, context, record(good, 'd'));
    foldRecord(projection, context, record(good, null));
    foldRecord(projection, two, record(good));
    expect(reasons(projection)).toEqual([
      'bad-json',
      'bad-json',
      'bad-json',
      'unknown-version',
      'unknown-type',
      'bad-event',
      'oversize',
      'wrong-key',
      'wrong-key',
      'wrong-partition',
    ]);
    expect(projection.deadLetters[5]?.headers).toMatchObject({
      'stepfold-detail': 'text: is missing',
      'stepfold-topic': 'stepfold.events',
      'stepfold-partition': '0',
      'stepfold-offset': '5',
      'stepfold-stage': 'projector',
      'stepfold-at': String(AT),
    });
    fold(projection, event('s', { type: 'step-start' }), event('s', { type: 'step-end' }));
    expect(versions(projection)).toHaveLength(1);
  });

  it('keep the first 64 KiB of a value over 1 MiB, with its size and hash', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    const large = new Uint8Array(1024 * 1024 + 1).fill(0x20);
    foldRecord(projection, context, record(large));
    const [letter] = projection.deadLetters;
    expect(letter?.value).toEqual(large.subarray(0, 64 * 1024));
    expect(letter?.headers).toMatchObject({
      'stepfold-bytes': String(large.byteLength),
      'stepfold-sha256': createHash('sha256').update(large).digest('hex'),
    });
  });

  it('are what ends a step whose message cannot be made to fit, and the rest goes on', () => {
    const config = { ...projectorDefaults, versionBytesMax: 14 * 1024 * 1024 };
    const small = { ...context, config };
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, config);
    // No rule elides a title.
    const source = event('s', { type: 'source', source_type: 'url', title: 'x'.repeat(5 * 1024 * 1024) });
    for (const each of [
      event('s', { type: 'step-start' }),
      source,
      source,
      source,
      event('s', { type: 'step-end' }),
    ]) {
      foldRecord(projection, small, record(encodeEvent(each)));
    }
    expect(projection.versions).toEqual([]);
    expect(reasons(projection)).toEqual(['oversize']);
    fold(projection, event('t', { type: 'step-start' }), event('t', { type: 'step-end' }));
    expect(versions(projection)).toHaveLength(1);
  });

  it('are refused events whose content nobody else has, and no others', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    const producer = { producer: 'p' };
    fold(
      projection,
      event('s', { ...producer, seq: 0, type: 'step-start' }),
      event('s', { ...producer, seq: 1, type: 'source', source_type: 'url' }),
      event('s', { ...producer, seq: 3, type: 'interrupt', reason: 'user' }),
    );
    const late: [Record<string, unknown>, boolean][] = [
      [{ ...producer, seq: 1, type: 'source', source_type: 'url' }, false],
      [{ ...producer, seq: 2, type: 'source', source_type: 'url' }, true],
      [{ ...producer, seq: 4, type: 'source', source_type: 'url' }, true],
      [{ type: 'source', source_type: 'url' }, true],
      [{ type: 'text-delta', id: '0', text: 'x' }, false],
      [{ type: 'step-end' }, false],
      [{ type: 'tool-result', tool_call_id: 'x', result: 1 }, true],
      [{ type: 'tool-result', tool_call_id: 'x', result: 1, preliminary: true }, false],
      [{ type: 'data', name: 'x', data: 1 }, true],
      [{ type: 'data', name: 'x', data: 1, transient: true }, false],
      [{ type: 'tool-call', tool_call_id: 'x', tool_name: 'x', args: 1 }, true],
    ];
    for (const [fields, isLost] of late) {
      projection.deadLetters = [];
      fold(projection, event('s', fields));
      expect([fields, projection.deadLetters.length]).toEqual([fields, isLost ? 1 : 0]);
    }
    countOutcomes(projection, metrics);
    expect(metrics.value('events_total', { outcome: 'not-open' })).toBe(late.length);
    // Nothing is counted twice.
    countOutcomes(projection, metrics);
    expect(metrics.value('events_total', { outcome: 'not-open' })).toBe(late.length);
  });

  it('are what a second writer of a stream and an event out of order bring, but no repetition', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    const call = { type: 'tool-call', tool_call_id: 'x', tool_name: 'x', args: 1 };
    fold(
      projection,
      event('s', { producer: 'p', seq: 0, type: 'step-start' }),
      event('s', { producer: 'q', seq: 0, ...call }),
      event('s', { producer: 'p', seq: 2, ...call }),
      event('s', { producer: 'p', seq: 2, ...call }),
      event('s', { producer: 'p', seq: 1, ...call }),
    );
    expect(reasons(projection)).toEqual(['conflict', 'out-of-order']);
  });
});

describe('the memory of ended steps', () => {
  it('keeps a step closed against its own past, and lets a higher attempt begin', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    fold(
      projection,
      event('s', { attempt: 2, type: 'step-start' }),
      event('s', { attempt: 2, type: 'step-end' }),
    );
    fold(
      projection,
      event('s', { attempt: 2, type: 'step-start' }),
      event('s', { attempt: 1, type: 'step-start' }),
    );
    expect(projection.openSteps.size).toBe(0);
    fold(projection, event('s', { attempt: 3, type: 'step-start' }));
    expect(projection.openSteps.size).toBe(1);
  });

  it('knows a whole message that is told again, and is no dead letter', () => {
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, projectorDefaults);
    const told = { producer: 'import', seq: 0, type: 'message', role: 'user' };
    const said = event('s', { ...told, parts: [{ type: 'text', text: 'x' }] });
    fold(projection, said, said);
    expect(versions(projection)).toHaveLength(1);
    expect(projection.deadLetters).toEqual([]);
    // Without a producer nobody can tell that it is the same.
    fold(projection, event('s', { type: 'message', role: 'user', parts: [] }));
    expect(projection.deadLetters).toHaveLength(1);
    fold(projection, { ...said, attempt: 1 } as Event);
    expect(versions(projection)).toMatchObject([{ attempt: 0 }, { attempt: 1 }]);
  });

  it('is bounded', () => {
    const config = { ...projectorDefaults, endedStepsMax: 2 };
    const projection = createProjection({ lowWaterMark: 0, foldedTo: 0 }, config);
    for (const step of ['a', 'b', 'c'])
      fold(projection, event(step, { type: 'message', role: 'user', parts: [] }));
    fold(projection, event('c', { type: 'step-start' }), event('a', { type: 'step-start' }));
    expect([...projection.openSteps.keys()]).toEqual(['c:a']);
  });
});
