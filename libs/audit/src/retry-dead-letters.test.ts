import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { DEAD_LETTER_BYTES_KEPT, type LogRecord } from '@stepfold/event-log';
import type { DeadLetterCode } from '@stepfold/events';
import { encodeStepRecord, type Message } from '@stepfold/fold';
import type { DeadLetter } from '@stepfold/message-store';
import { UsageError } from '@stepfold/runtime';
import { isSettled, retryDeadLetters } from './retry-dead-letters.js';
import { AT, AuditWorld } from './testing/audit-world.js';

const createSha256 = () => createHash('sha256');

function retry({ log, store }: AuditWorld, ...letters: readonly DeadLetter[]) {
  return retryDeadLetters({ log, store, createSha256 }, letters);
}

/** The letter of a record, as a writer or projector makes it. */
function letterOf(
  record: LogRecord,
  stage: DeadLetter['stage'],
  fields: Partial<DeadLetter> = {},
): DeadLetter {
  const topic = stage === 'writer' ? 'stepfold.steps' : 'stepfold.events';
  const reason: DeadLetterCode = stage === 'writer' ? 'store-refused' : 'not-open';
  const { key, value, offset } = record;
  return { id: `${topic}:0:${offset}`, stage, reason, detail: 'why', key, value, at: AT, ...fields };
}

function eventLetter(world: AuditWorld, offset: number, fields: Partial<DeadLetter> = {}): DeadLetter {
  return letterOf(world.log.records(0)[offset]!, 'projector', { chat_id: 'c', step_id: 's', ...fields });
}

/** A step of four events of which nothing is stored. */
function unstoredWorld(): AuditWorld {
  const world = new AuditWorld(createSha256);
  world.appendStep('s');
  return world;
}

describe('a letter of the projector', () => {
  it('has its step folded again and stored, and nothing appended to the log', async () => {
    const world = unstoredWorld();
    const letter = eventLetter(world, 1, { reason: 'unknown-type' });
    const end = world.log.nextOffset();
    expect(await retry(world, letter)).toEqual([
      { id: 'stepfold.events:0:1', outcome: 'written', chat_id: 'c', step_id: 's' },
    ]);
    expect(world.store.get('c', 's')).toEqual(world.versions('s').at(-1));
    expect(world.log.nextOffset()).toBe(end);
    expect(world.log.steps).toEqual([[]]);
    expect(await retry(world, letter)).toMatchObject([{ outcome: 'stale' }]);
  });

  it('counts by a higher fold version, and not over a higher one', async () => {
    for (const [foldVersion, outcome] of [
      [0, 'written'],
      [9, 'stale'],
    ] as const) {
      const world = unstoredWorld();
      const stored = { ...world.versions('s').at(-1)!, fold_version: foldVersion, model: 'of that fold' };
      world.store.put(stored);
      expect(await retry(world, eventLetter(world, 1))).toMatchObject([{ outcome }]);
      expect(world.store.get('c', 's')?.model).toBe(outcome === 'stale' ? 'of that fold' : undefined);
    }
  });

  it('is no-step if the record is no event, or its step never takes it', async () => {
    const world = unstoredWorld();
    const late = world.append('s', 'source', { source_type: 'url', url: 'https://example.org' });
    const alone = world.append('never-started', 'source', { source_type: 'url', url: 'https://example.org' });
    const bad = world.log.appendRecord({ key: Buffer.from('c'), value: Buffer.from('{"v":1') });
    const none = world.log.appendRecord({ key: Buffer.from('c'), value: null });
    const stray = world.log.appendRecord({ key: Buffer.from('d'), value: world.log.records(0)[0]!.value });
    const retried = await retry(
      world,
      ...[late, alone, bad, none, stray].map((at) => eventLetter(world, at)),
    );
    expect(retried.map(({ outcome }) => outcome)).toEqual(Array(5).fill('no-step'));
    expect(retried.map(({ detail }) => detail)).toEqual([
      expect.stringContaining('not-open'),
      expect.stringContaining('not-open'),
      expect.stringContaining('bad-json'),
      expect.stringContaining('bad-json'),
      expect.stringContaining('wrong-key'),
    ]);
    expect(retried.some(isSettled)).toBe(false);
    expect(world.store.all()).toEqual([]);
  });

  it('is gone if retention has deleted its record, or the beginning of its step', async () => {
    const world = unstoredWorld();
    const letters = [1, 3].map((offset) => eventLetter(world, offset));
    world.log.deleteBefore(2);
    expect(await retry(world, ...letters)).toMatchObject([{ outcome: 'gone' }, { outcome: 'no-step' }]);
    expect(world.store.all()).toEqual([]);
  });

  it('is never folded with a hole that retention makes in the middle of the reading', async () => {
    const world = unstoredWorld();
    const read = world.log.read.bind(world.log);
    world.log.read = async (topic, partition, from, limits) => {
      const result = await read(topic, partition, from, limits);
      if (limits?.recordsMax !== 1) world.log.deleteBefore(2);
      return result;
    };
    expect(await retry(world, eventLetter(world, 1))).toMatchObject([{ outcome: 'gone' }]);
    expect(world.store.all()).toEqual([]);
  });

  it('says what the store refuses, and writes the step of several letters once', async () => {
    const world = unstoredWorld();
    world.store.refusal = () => 'against a rule';
    expect(await retry(world, eventLetter(world, 1), eventLetter(world, 2))).toMatchObject([
      { outcome: 'refused', detail: 'against a rule' },
      { outcome: 'refused', detail: 'against a rule' },
    ]);
    world.store.refusal = () => undefined;
    world.store.writtenTo.length = 0;
    expect(await retry(world, eventLetter(world, 1), eventLetter(world, 2))).toMatchObject([
      { outcome: 'written' },
      { outcome: 'written' },
    ]);
    expect(world.store.writtenTo).toHaveLength(1);
  });
});

/** A world whose only version lies on the topic of steps, refused by a writer. */
function refusedWorld(): { world: AuditWorld; message: Message; letter: DeadLetter } {
  const world = unstoredWorld();
  const message = world.versions('s').at(-1)!;
  world.log.appendStepRecord(encodeStepRecord({ kind: 'version', message }));
  const letter = letterOf(world.log.steps[0]![0]!, 'writer', { chat_id: 'c', step_id: 's' });
  return { world, message, letter };
}

describe('a letter of the writer', () => {
  it('has its version emitted again, byte for byte, and nothing written', async () => {
    const { world, letter } = refusedWorld();
    expect(await retry(world, letter)).toEqual([
      { id: 'stepfold.steps:0:0', outcome: 'emitted', chat_id: 'c', step_id: 's' },
    ]);
    const [first, second] = world.log.steps[0]!;
    expect(second).toMatchObject({ key: first!.key, value: first!.value });
    expect(world.store.all()).toEqual([]);
  });

  it('is stale once the store has that version or a later one', async () => {
    const { world, message, letter } = refusedWorld();
    for (const stored of [message, { ...message, attempt: 1, rev: 2 ** 32 + 5 }]) {
      world.store.put(stored);
      expect(await retry(world, letter)).toMatchObject([{ outcome: 'stale' }]);
    }
    expect(world.log.steps[0]).toHaveLength(1);
  });

  it('is made of the letter itself when the log has deleted the record', async () => {
    const { world, letter } = refusedWorld();
    world.log.stepsBegin = 1;
    world.log.appendStepRecord({ key: null, value: null });
    expect(await retry(world, letter)).toMatchObject([{ outcome: 'emitted' }]);
    expect(Buffer.from(world.log.steps[0]!.at(-1)!.value!)).toEqual(Buffer.from(letter.value!));
  });

  it('is folded again when the letter is cut and the record gone', async () => {
    const { world, message, letter } = refusedWorld();
    const cut = { ...letter, value: new Uint8Array(DEAD_LETTER_BYTES_KEPT).fill(0x7b) };
    world.log.stepsBegin = 1;
    world.log.appendStepRecord({ key: null, value: null });
    expect(await retry(world, cut)).toMatchObject([{ outcome: 'emitted' }]);
    expect(Buffer.from(world.log.steps[0]!.at(-1)!.value!)).toEqual(
      Buffer.from(encodeStepRecord({ kind: 'version', message }).value),
    );
    const { chat_id: _chat, step_id: _step, ...nameless } = cut;
    expect(await retry(world, nameless)).toMatchObject([{ outcome: 'gone' }]);
    world.log.deleteBefore(2);
    expect((await retry(world, cut)).map(isSettled)).toEqual([false]);
  });

  it('is read whole from the log although the letter is cut', async () => {
    const world = new AuditWorld(createSha256);
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'x'.repeat(DEAD_LETTER_BYTES_KEPT) });
    world.append('s', 'step-end');
    const message = world.versions('s').at(-1)!;
    world.log.appendStepRecord(encodeStepRecord({ kind: 'version', message }));
    const record = world.log.steps[0]![0]!;
    const value = record.value!.subarray(0, DEAD_LETTER_BYTES_KEPT);
    expect(await retry(world, letterOf(record, 'writer', { value }))).toMatchObject([{ outcome: 'emitted' }]);
    expect(world.log.steps[0]![1]!.value).toEqual(record.value);
  });

  it('is no-step if the record is no version', async () => {
    const world = unstoredWorld();
    const progress = { generation: 0, partition: 0, folded_to: 4 };
    world.log.appendStepRecord({ key: Buffer.from('c:s'), value: Buffer.from('{') });
    world.log.appendStepRecord(encodeStepRecord({ kind: 'progress', progress }));
    const letters = world.log.steps[0]!.map((record) => letterOf(record, 'writer'));
    expect(await retry(world, ...letters)).toMatchObject([{ outcome: 'no-step' }, { outcome: 'no-step' }]);
    expect(world.log.steps[0]).toHaveLength(2);
  });

  it('is refused if the log no longer takes a version of that size', async () => {
    const { world, letter } = refusedWorld();
    world.log.append = () => Promise.reject(new UsageError('event-oversize', 'too large for the log'));
    expect(await retry(world, letter)).toMatchObject([
      { outcome: 'refused', detail: 'too large for the log' },
    ]);
  });
});

describe('a letter of another log', () => {
  it('is told by its topic, its partition and what lies at its place, and changes nothing', async () => {
    const { world, letter, message } = refusedWorld();
    const ofEvent = eventLetter(world, 1);
    const earlier = { ...message, log: { ...message.log!, generation: 7 } };
    world.log.appendStepRecord(encodeStepRecord({ kind: 'version', message: earlier }));
    const others: DeadLetter[] = [
      { ...ofEvent, id: 'other.events:0:1' },
      { ...ofEvent, id: 'stepfold.steps:0:1' },
      { ...ofEvent, id: 'stepfold.events:1:1' },
      { ...ofEvent, id: 'stepfold.events:0:99' },
      { ...ofEvent, id: 'stepfold.events:0' },
      { ...ofEvent, id: 'stepfold.events:0:1x' },
      { ...ofEvent, id: 'stepfold.events:0:2' },
      { ...letter, id: 'stepfold.events:0:0' },
      { ...letter, value: Buffer.from('{}') },
      letterOf(world.log.steps[0]![1]!, 'writer'),
    ];
    const end = world.log.nextOffset();
    const retried = await retry(world, ...others);
    expect(retried.map(({ outcome }) => outcome)).toEqual(others.map(() => 'other-log'));
    expect(retried.map(({ id }) => id)).toEqual(others.map(({ id }) => id));
    expect([world.log.nextOffset(), world.log.steps[0]!.length, world.store.all()]).toEqual([end, 2, []]);
  });
});
