import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { partitionOf } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { rebuildChats, type RebuildChatsOptions } from './rebuild-chats.js';
import { AT, AuditWorld } from './testing/audit-world.js';
import { InMemoryLog } from './testing/in-memory-log.js';

const createSha256 = () => createHash('sha256');

function rebuild({ log, store }: AuditWorld, options: Partial<RebuildChatsOptions> = {}) {
  return rebuildChats({ log, store, createSha256, chats: ['c'], ...options });
}

/** A chat of two steps that ended and one that is open, all stored. */
function storedWorld(): AuditWorld {
  const world = new AuditWorld(createSha256);
  world.appendStep('a');
  world.appendStep('b');
  world.append('open', 'step-start');
  world.append('open', 'text-delta', { id: '0', text: 'so far' });
  world.storeUpTo();
  return world;
}

/** Damage that leaves the rank of the stored message. */
function damage(world: AuditWorld, stepId: string, fields: object): void {
  world.store.damage({ ...world.store.get('c', stepId)!, ...fields });
}

describe('a rebuild of a chat', () => {
  it('mends damage of ended and open messages and puts back what is missing, and verify finds it so', async () => {
    const world = storedWorld();
    damage(world, 'a', { model: 'forged' });
    damage(world, 'open', { parts: [] });
    world.store.remove('c', 'b');
    expect(await rebuild(world)).toMatchObject({
      ok: true,
      dry_run: false,
      chats: ['c'],
      folded: 3,
      written: 3,
      newer: 0,
      refused: [],
      differences: [
        { step_id: 'a', kind: 'different', path: 'model', stored: 'forged' },
        { step_id: 'b', kind: 'missing' },
        { step_id: 'open', kind: 'different', path: 'parts[0]' },
      ],
      remaining: [],
    });
    expect(await world.verify()).toMatchObject({ ok: true, checked: 3 });
    for (const step of ['a', 'b', 'open']) {
      expect(world.store.get('c', step)).toEqual(world.versions(step).at(-1));
    }
  });

  it('writes nothing in a dry run, and says the same of what differs', async () => {
    const world = storedWorld();
    damage(world, 'a', { model: 'forged' });
    const before = world.store.all();
    const dry = await rebuild(world, { isDryRun: true });
    expect(dry).toMatchObject({ ok: false, dry_run: true, folded: 3, written: 0, newer: 0 });
    expect(world.store.all()).toEqual(before);
    expect(world.store.writtenTo).toEqual([]);
    expect(dry.remaining).toEqual(dry.differences);
    expect((await rebuild(world)).differences).toEqual(dry.differences);
  });

  it('never replaces a higher rev or fold version, and says that it still differs', async () => {
    for (const raise of [
      { fold_version: 9 },
      { rev: Number.MAX_SAFE_INTEGER },
      { attempt: 3, rev: 2 ** 36 },
    ]) {
      const world = storedWorld();
      const forged = { ...world.store.get('c', 'a')!, ...raise, model: 'newer' };
      world.store.put(forged);
      const result = await rebuild(world);
      expect(result).toMatchObject({ ok: false, folded: 3, written: 2, newer: 1 });
      expect(result.remaining.map(({ step_id }) => step_id)).toEqual(['a']);
      expect(world.store.get('c', 'a')).toEqual(forged);
    }
  });

  it('mends a retried step by its last attempt, and counts it once', async () => {
    const world = storedWorld();
    world.appendStep('a', { attempt: 1 });
    world.storeUpTo();
    damage(world, 'a', { role: 'user' });
    expect(await rebuild(world, { pageRecordsMax: 2 })).toMatchObject({
      ok: true,
      folded: 3,
      written: 3,
      newer: 0,
    });
    expect(world.store.get('c', 'a')).toEqual(world.versions('a').at(-1));
  });

  it('leaves alone what the log knows nothing of, and names it', async () => {
    const world = storedWorld();
    const extra = { ...world.store.get('c', 'a')!, step_id: 'extra' };
    world.store.put(extra);
    const result = await rebuild(world);
    expect(result.remaining).toMatchObject([{ step_id: 'extra', kind: 'extra' }]);
    expect(result.ok).toBe(false);
    expect(world.store.get('c', 'extra')).toEqual(extra);
  });

  it('leaves messages that are older than the log as they are, and does not fail for them', async () => {
    const world = storedWorld();
    world.log.deleteBefore(4);
    damage(world, 'a', { model: 'who knows' });
    expect(await rebuild(world)).toMatchObject({ ok: true, folded: 2, beyond_log: 1 });
    expect(world.store.get('c', 'a')).toMatchObject({ model: 'who knows' });
  });

  it('does not take the repetition of a start, whose first telling has left the log, for the step', async () => {
    const world = new AuditWorld(createSha256);
    world.append('a', 'step-start', { producer: 'p', seq: 0 });
    world.append('a', 'text-delta', { id: '0', text: 'all of it', producer: 'p', seq: 1 });
    world.append('a', 'step-start', { producer: 'p', seq: 0 });
    world.append('a', 'step-end', { producer: 'p', seq: 2 });
    world.storeUpTo();
    const whole = world.store.get('c', 'a');
    world.log.deleteBefore(2);
    expect(await rebuild(world)).toMatchObject({ folded: 1, written: 0, newer: 1 });
    expect(world.store.get('c', 'a')).toEqual(whole);
  });

  it('never stores a fold with a hole, if retention deletes in the middle of the reading', async () => {
    const world = storedWorld();
    const whole = world.store.get('c', 'a');
    const { log } = world;
    let reads = 0;
    const read = log.read.bind(log);
    log.read = (topic, ...rest) => {
      // In the second pass, between the first and the second record of the step.
      if (topic === 'events' && ++reads === 12) log.deleteBefore(3);
      return read(topic, ...rest);
    };
    await rebuild(world, { pageRecordsMax: 1 });
    expect(reads).toBeGreaterThan(12);
    expect(world.store.get('c', 'a')).toEqual(whole);
  });

  it('keeps what a live writer stores meanwhile', async () => {
    const world = storedWorld();
    damage(world, 'open', { parts: [] });
    const { log, store } = world;
    const end = log.nextOffset();
    world.append('open', 'text-delta', { id: '0', text: ' and more' });
    world.append('open', 'step-end');
    const [more, ended] = world.versions('open').slice(-2);
    log.visibleEnd = end;
    const repair = store.repair.bind(store);
    store.repair = (collection, versions) => {
      // The writer comes first, between the folding and the repair.
      log.visibleEnd = Infinity;
      void store.write(collection, [more!]);
      void store.write(collection, [ended!]);
      return repair(collection, versions);
    };
    expect(await rebuild(world)).toMatchObject({ ok: true, newer: 1 });
    expect(store.get('c', 'open')).toEqual(ended);
  });

  it('writes to the collection that becomes the live one meanwhile, too', async () => {
    const world = storedWorld();
    world.store.liveNames = ['messages', 'shadow'];
    await rebuild(world, { pageRecordsMax: 1_000 });
    // The ended steps to both, the open one, which comes later, to the new one.
    expect(world.store.writtenTo).toEqual(['messages', 'shadow', 'shadow']);
  });

  it('names what the store refuses', async () => {
    const world = storedWorld();
    world.store.remove('c', 'b');
    world.store.refusal = ({ step_id }) => (step_id === 'b' ? 'too large' : undefined);
    expect(await rebuild(world)).toMatchObject({
      ok: false,
      written: 2,
      refused: [{ chat_id: 'c', step_id: 'b', detail: 'too large' }],
      remaining: [{ step_id: 'b', kind: 'missing' }],
    });
  });

  it('is fine about a chat that nobody knows', async () => {
    expect(await rebuild(storedWorld(), { chats: ['nobody', 'nobody'] })).toMatchObject({
      ok: true,
      chats: ['nobody'],
      folded: 0,
      written: 0,
    });
  });

  it('rebuilds chats of several partitions and leaves every other chat alone', async () => {
    const log = new InMemoryLog(4);
    const world = new AuditWorld(createSha256);
    const chats = ['x', 'y', 'z', 'other'];
    const event = (chat_id: string, type: string): Event =>
      ({ v: 1, chat_id, step_id: 's', at: AT, type }) as unknown as Event;
    for (const type of ['step-start', 'step-end'])
      for (const chat of chats) log.appendEvent(event(chat, type));
    expect(new Set(chats.map((chat) => partitionOf(Buffer.from(chat), 4))).size).toBeGreaterThan(1);
    const result = await rebuildChats({ log, store: world.store, createSha256, chats: ['x', 'y', 'z'] });
    expect(result).toMatchObject({ ok: true, folded: 3, written: 3 });
    expect(
      world.store
        .all()
        .map(({ chat_id }) => chat_id)
        .sort(),
    ).toEqual(['x', 'y', 'z']);
  });

  it('tells how far it is, up to the end, and never back', async () => {
    const world = storedWorld();
    const told: [number, number][] = [];
    await rebuild(world, { pageRecordsMax: 3, onProgress: (done, total) => void told.push([done, total]) });
    const dones = told.map(([done]) => done);
    expect(dones).toEqual(dones.toSorted((a, b) => a - b));
    expect(told.at(-1)).toEqual([30, 30]);
    expect(told.length).toBeGreaterThan(9);
  });
});
