import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { AT, AuditWorld } from './testing/audit-world.js';

const createSha256 = () => createHash('sha256');
const nothing = { ok: true, checked: 0, not_yet: 0, beyond_log: 0, differences: [] };

let world: AuditWorld;

beforeEach(() => {
  world = new AuditWorld(createSha256);
});

describe('a store that follows its log', () => {
  it('is fine when both are empty', async () => {
    expect(await world.verify()).toEqual(nothing);
  });

  it('V1: compares a message that has ended', async () => {
    world.appendStep('s');
    world.storeUpTo();
    expect(await world.verify()).toEqual({ ...nothing, checked: 1 });
  });

  it('V1: compares a message of one event', async () => {
    world.append('s', 'message', { role: 'user', parts: [{ type: 'text', text: 'hi' }] });
    world.storeUpTo();
    expect(await world.verify()).toEqual({ ...nothing, checked: 1 });
  });

  it('V2: compares an open message with the fold of its first events, and the log goes on', async () => {
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'a' });
    world.append('s', 'text-delta', { id: '0', text: 'b' });
    world.store.put(world.versions('s')[1]!);
    world.store.setProgress(3);
    expect(await world.verify()).toEqual({ ...nothing, checked: 1, not_yet: 1 });
  });

  it('V2: an open message that has all of its events is nothing but checked', async () => {
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'a' });
    world.storeUpTo();
    expect(await world.verify()).toEqual({ ...nothing, checked: 1 });
  });

  it('V4: a step that had not ended at the progress need not be stored', async () => {
    world.appendStep('before');
    world.append('open', 'step-start');
    const progress = world.append('ends-later', 'step-start') + 1;
    world.storeUpTo(progress);
    world.store.remove('c', 'open');
    world.store.remove('c', 'ends-later');
    world.append('ends-later', 'step-end');
    expect(await world.verify()).toEqual({ ...nothing, checked: 1, not_yet: 2 });
  });

  it('V4: nothing needs to be stored before there is any progress', async () => {
    world.appendStep('s');
    world.append('t', 'step-start');
    expect(await world.verify()).toEqual({ ...nothing, not_yet: 2 });
  });

  it('V4: a step counts once, however many attempts it had', async () => {
    world.appendStep('s');
    world.appendStep('s', { attempt: 1 });
    world.append('s', 'step-start', { attempt: 2 });
    expect(await world.verify()).toEqual({ ...nothing, not_yet: 1 });
  });

  it('V5: compares a newer attempt when the log comes to it', async () => {
    world.appendStep('s');
    world.appendStep('other');
    world.appendStep('s', { attempt: 2 });
    world.storeUpTo();
    expect(await world.verify()).toEqual({ ...nothing, checked: 2 });
  });

  it('V5: compares an attempt that was opened while the one before was still open', async () => {
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'lost' });
    world.appendStep('s', { attempt: 1 });
    world.storeUpTo();
    expect(await world.verify()).toEqual({ ...nothing, checked: 1 });
  });

  it('V6: an older attempt is fine as long as the newer one had not ended at the progress', async () => {
    world.appendStep('s');
    world.append('s', 'step-start', { attempt: 1 });
    const progress = world.append('s', 'heartbeat', { attempt: 1 }) + 1;
    world.append('s', 'step-end', { attempt: 1 });
    world.store.put(world.versions('s')[3]!);
    world.store.setProgress(progress);
    expect(await world.verify()).toEqual({ ...nothing, checked: 1, not_yet: 1 });
  });

  it('V7: a stored message beyond the progress is compared all the same', async () => {
    world.appendStep('s');
    world.append('t', 'step-start');
    world.storeUpTo();
    world.store.setProgress(0);
    expect(await world.verify()).toEqual({ ...nothing, checked: 2 });
  });

  it('passes over records that are no events, events that are refused, and holes', async () => {
    const { log } = world;
    world.append('s', 'text-delta', { id: '0', text: 'not open' });
    world.append('s', 'step-start');
    log.appendRecord({ key: Buffer.from('c'), value: Buffer.from('no JSON') });
    log.appendRecord({ key: Buffer.from('c'), value: null }, 0, 5);
    log.appendRecord({ key: Buffer.from('other'), value: log.records(0)[1]!.value });
    log.appendRecord({ key: null, value: log.records(0)[1]!.value });
    world.append('s', 'step-start', { producer: 'other', seq: 0 });
    world.append('s', 'step-end');
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'late' });
    world.storeUpTo();
    expect(await world.verify()).toEqual({ ...nothing, checked: 1 });
    expect(world.store.get('c', 's')?.events).toBe(2);
  });

  it('compares a message whose values were elided', async () => {
    world.append('s', 'step-start');
    for (let i = 0; i < 2; i++) world.append('s', 'data', { name: 'd', data: 'x'.repeat(6_500_000 + i) });
    world.append('s', 'step-end');
    world.storeUpTo();
    expect(world.store.get('c', 's')?.parts[1]).toHaveProperty('data_elided');
    expect(await world.verify()).toEqual({ ...nothing, checked: 1 });
    world.tamper('s', { 'parts.1.data_elided.bytes': 1 });
    const { differences } = await world.verify();
    expect(differences).toMatchObject([{ kind: 'different', path: 'parts[1].data_elided.bytes' }]);
  });

  it('verifies the chosen chats only', async () => {
    world.appendStep('s');
    world.storeUpTo();
    const chosen = { ...world.versions('s').at(-1)!, chat_id: 'made-up', step_id: 'x' };
    world.store.put(chosen);
    expect(await world.verify({ chats: ['c', 'c', 'unknown'] })).toEqual({ ...nothing, checked: 1 });
    expect(await world.verify({ chats: ['made-up'] })).toMatchObject({
      ok: false,
      checked: 0,
      differences: [{ chat_id: 'made-up', step_id: 'x', kind: 'extra' }],
    });
  });

  it('reads in portions of any size', async () => {
    for (let i = 0; i < 20; i++) world.appendStep(`s${i % 15}`, { attempt: Math.floor(i / 15) });
    world.storeUpTo();
    for (const pageRecordsMax of [1, 2, 7]) {
      expect(await world.verify({ pageRecordsMax, lookupsAtOnceMax: 3 })).toEqual({
        ...nothing,
        checked: 15,
      });
    }
  });

  it('asks the store once for each attempt, and a second time only for what does not fit', async () => {
    for (let i = 0; i < 10; i++) world.appendStep(`s${i}`);
    world.storeUpTo();
    await world.verify();
    expect(world.store.lookups).toBe(10);
    world.tamper('s3', { role: 'user' });
    await world.verify();
    expect(world.store.lookups).toBe(21);
  });
});

describe('a store that does not', () => {
  const changes: readonly (readonly [what: string, path: string, value: unknown, difference: object])[] = [
    ['a field', 'role', 'user', { path: 'role', expected: 'assistant', stored: 'user' }],
    ['a text', 'parts.0.text', 'x', { path: 'parts[0].text', expected: 'text of s', stored: 'x' }],
    [
      'a stamp',
      'parts.0.created_at',
      AT + 2_000_001,
      {
        path: 'parts[0].created_at',
        expected: '2026-04-10T12:00:02.000000Z',
        stored: '2026-04-10T12:00:02.000001Z',
      },
    ],
    ['a removed field', 'finish_reason', undefined, { path: 'finish_reason', expected: 'stop' }],
    ['an added field', 'note', 1, { path: 'note', stored: 1 }],
    ['the digest', 'digest', 'sha256:00', { path: 'digest', stored: 'sha256:00' }],
    ['no digest', 'digest', undefined, { path: 'digest' }],
    ['its place', 'log.first_offset', 1, { path: 'log.first_offset', expected: 0, stored: 1 }],
    ['the number of events', 'events', 9, { path: 'events', expected: 4, stored: 9 }],
    ['the status', 'status', 'open', { path: 'status', expected: 'complete', stored: 'open' }],
    ['another generation', 'log.generation', 1, { path: 'log.generation', expected: 0, stored: 1 }],
  ];

  it.each(changes)('V1: has a message that differs in %s', async (_what, path, value, difference) => {
    world.appendStep('s');
    world.storeUpTo();
    world.tamper('s', { [path]: value });
    expect(await world.verify()).toMatchObject({
      ok: false,
      checked: 1,
      differences: [{ chat_id: 'c', step_id: 's', kind: 'different', ...difference }],
    });
  });

  it('V1: has parts in another order', async () => {
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'a' });
    world.append('s', 'text-delta', { id: '1', text: 'b' });
    world.append('s', 'step-end');
    world.storeUpTo();
    world.tamper('s', { parts: [...world.store.get('c', 's')!.parts].reverse() });
    const { differences } = await world.verify();
    expect(differences).toMatchObject([
      { kind: 'different', path: 'parts[0].id', expected: '0', stored: '1' },
    ]);
  });

  it('V1: has two messages in each other’s place', async () => {
    world.appendStep('s');
    world.appendStep('t');
    world.storeUpTo();
    const [s, t] = [world.store.get('c', 's')!, world.store.get('c', 't')!];
    world.store.put(t, 'c', 's');
    world.store.put(s, 'c', 't');
    const { differences } = await world.verify();
    expect(differences.map(({ step_id, kind, path }) => [step_id, kind, path])).toEqual([
      ['s', 'different', 'step_id'],
      ['t', 'different', 'step_id'],
    ]);
  });

  it('V1: has a log whose record was changed', async () => {
    world.appendStep('s');
    world.storeUpTo();
    const value = world.log.records(0)[1]!.value!;
    value[value.indexOf(' '.charCodeAt(0), 60)] = '_'.charCodeAt(0);
    expect((await world.verify()).differences).toMatchObject([{ kind: 'different', path: 'parts[0].text' }]);
  });

  it('V1: has a log that says the same in other bytes', async () => {
    const offset = world.append('s', 'step-start');
    world.append('s', 'step-end');
    world.storeUpTo();
    const record = world.log.records(0)[offset]!;
    const { at, ...rest } = JSON.parse(Buffer.from(record.value!).toString()) as object & { at: number };
    Object.assign(record, { value: Buffer.from(JSON.stringify({ at, ...rest })) });
    expect((await world.verify()).differences).toMatchObject([{ kind: 'different', path: 'digest' }]);
  });

  it('V2: has an open message that differs, though the log has gone on', async () => {
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'a' });
    world.append('s', 'text-delta', { id: '0', text: 'b' });
    world.store.put(world.versions('s')[1]!);
    world.tamper('s', { 'parts.0.text': 'b' });
    expect(await world.verify()).toMatchObject({
      ok: false,
      differences: [{ kind: 'different', path: 'parts[0].text', expected: 'a', stored: 'b' }],
    });
  });

  it('V3: lacks a message whose step ended before the progress', async () => {
    const last = world.appendStep('s');
    world.storeUpTo();
    world.store.remove('c', 's');
    expect(await world.verify()).toEqual({
      ...nothing,
      ok: false,
      differences: [{ chat_id: 'c', step_id: 's', kind: 'missing' }],
    });
    world.store.setProgress(last);
    expect(await world.verify()).toEqual({ ...nothing, not_yet: 1 });
  });

  it('V3: lacks a message of which an attempt ended before the progress, though a newer one is open', async () => {
    world.appendStep('s');
    world.append('s', 'step-start', { attempt: 1 });
    world.store.setProgress(world.log.nextOffset());
    expect((await world.verify()).differences).toEqual([{ chat_id: 'c', step_id: 's', kind: 'missing' }]);
  });

  it('V3: has an open message of a step that ended before the progress', async () => {
    world.appendStep('s');
    world.store.put(world.versions('s')[1]!);
    world.store.setProgress(4);
    expect(await world.verify()).toMatchObject({
      ok: false,
      checked: 1,
      differences: [{ kind: 'different', path: 'status', expected: 'complete', stored: 'open' }],
    });
  });

  it('V6: has an older attempt though the newer one ended before the progress', async () => {
    world.appendStep('s');
    world.appendStep('s', { attempt: 1 });
    world.store.put(world.versions('s')[3]!);
    world.store.setProgress(8);
    expect((await world.verify()).differences).toMatchObject([
      { kind: 'different', path: 'attempt', expected: 1, stored: 0 },
    ]);
  });

  it('V9: has an attempt, an end or events that the log up to its end does not have', async () => {
    for (const step of ['attempt', 'end', 'events', 'none']) {
      world.append(step, 'step-start');
      world.append(step, 'text-delta', { id: '0', text: 'a' });
    }
    world.storeUpTo();
    world.tamper('attempt', { attempt: 1 });
    world.tamper('end', { status: 'complete' });
    world.tamper('events', { events: 3 });
    world.tamper('none', { events: 0 });
    expect((await world.verify()).differences).toEqual([
      { chat_id: 'c', step_id: 'attempt', kind: 'ahead', path: 'attempt', expected: 0, stored: 1 },
      { chat_id: 'c', step_id: 'end', kind: 'ahead', path: 'status', expected: 'open', stored: 'complete' },
      { chat_id: 'c', step_id: 'events', kind: 'ahead', path: 'events', expected: 2, stored: 3 },
      { chat_id: 'c', step_id: 'none', kind: 'ahead', path: 'events', expected: 2, stored: 0 },
    ]);
  });

  it('V9: has messages of a log that has lost its tail', async () => {
    world.append('s', 'step-start');
    world.append('s', 'step-end');
    world.append('s', 'step-start', { attempt: 1 });
    world.storeUpTo();
    world.log.visibleEnd = 2;
    expect((await world.verify()).differences).toMatchObject([{ kind: 'ahead', path: 'attempt' }]);
    world.log.visibleEnd = 0;
    expect((await world.verify()).differences).toMatchObject([{ kind: 'ahead' }]);
  });

  it('V10: has more of an attempt than the log had before it opened the next', async () => {
    world.append('s', 'step-start');
    world.append('s', 'step-start', { attempt: 2 });
    world.store.put(world.versions('s')[0]!);
    for (const change of [{ events: 2 }, { status: 'failed' }, { attempt: 1 }]) {
      world.store.put({ ...world.versions('s')[0]!, ...change } as Message);
      expect((await world.verify()).differences).toMatchObject([
        { kind: 'ahead', path: Object.keys(change)[0]!, stored: Object.values(change)[0]! },
      ]);
    }
  });

  it('V10: has an attempt that the log never had', async () => {
    world.append('s', 'step-start', { attempt: 3 });
    world.storeUpTo();
    world.tamper('s', { attempt: 2 });
    expect((await world.verify()).differences).toMatchObject([
      { kind: 'ahead', path: 'attempt', expected: 3, stored: 2 },
    ]);
  });

  it('V11: has a message whose step the log never opened', async () => {
    world.appendStep('s');
    world.append('refused', 'heartbeat');
    world.storeUpTo();
    const [message] = world.versions('s').slice(-1);
    world.store.put({ ...message!, step_id: 'extra' });
    world.store.put({ ...message!, step_id: 'refused' });
    world.store.put({ ...message!, chat_id: 'elsewhere' });
    const { differences, checked } = await world.verify();
    expect(checked).toBe(1);
    expect(differences).toEqual([
      { chat_id: 'c', step_id: 'extra', kind: 'extra' },
      { chat_id: 'c', step_id: 'refused', kind: 'extra' },
      { chat_id: 'elsewhere', step_id: 's', kind: 'extra' },
    ]);
  });

  it('V12: has a message that begins where the log has nothing yet', async () => {
    world.appendStep('s');
    world.storeUpTo();
    const [message] = world.versions('s').slice(-1);
    const log = { ...message!.log!, first_offset: 4, last_offset: 4 };
    world.store.put({ ...message!, step_id: 'future', log });
    expect((await world.verify()).differences).toEqual([{ chat_id: 'c', step_id: 'future', kind: 'ahead' }]);
  });

  it('V17: has a message of another version of the fold', async () => {
    world.appendStep('s');
    world.storeUpTo();
    world.tamper('s', { fold_version: 0, role: 'user' });
    expect((await world.verify()).differences).toMatchObject([
      { kind: 'different', path: 'fold_version', expected: 1, stored: 0 },
    ]);
  });

  it.each([
    ['attempt', 'x'],
    ['attempt', -1],
    ['attempt', undefined],
    ['events', null],
    ['events', 0],
    ['status', 7],
    ['parts', 'none'],
    ['parts', undefined],
    ['log', undefined],
    ['log', null],
    ['log', 'here'],
    ['log', { generation: '0', first_offset: -5 }],
    ['started_at', 'noon'],
    ['started_at', 1e300],
    ['fold_version', undefined],
  ])('V20: has a message whose %s is %p', async (name, value) => {
    world.appendStep('s');
    world.storeUpTo();
    world.tamper('s', { [name]: value });
    const { differences } = await world.verify();
    expect(differences).toMatchObject([{ kind: 'different', step_id: 's' }]);
    expect(differences[0]?.path?.startsWith(name)).toBe(true);
  });

  it('reports a step once, and no more differences than asked for', async () => {
    for (let i = 0; i < 5; i++) {
      world.appendStep(`s${i}`);
      world.appendStep(`s${i}`, { attempt: 1 });
    }
    world.store.setProgress(world.log.nextOffset());
    const all = await world.verify();
    expect(all.differences).toHaveLength(5);
    expect(all).not.toHaveProperty('differences_omitted');
    expect(await world.verify({ differencesMax: 2 })).toEqual({
      ...all,
      differences: all.differences.slice(0, 2),
      differences_omitted: 3,
    });
  });
});

describe('a log that has lost its beginning', () => {
  it('V13: a message that has left the log is counted apart', async () => {
    world.appendStep('s');
    world.appendStep('t');
    world.storeUpTo();
    world.log.deleteBefore(4);
    expect(await world.verify()).toEqual({ ...nothing, checked: 1, beyond_log: 1 });
    expect(await world.verify({ chats: ['c'] })).toEqual({ ...nothing, checked: 1, beyond_log: 1 });
  });

  it('V13: one whose beginning alone has left the log too', async () => {
    world.appendStep('s');
    world.storeUpTo();
    world.log.deleteBefore(3);
    expect(await world.verify()).toEqual({ ...nothing, beyond_log: 1 });
    world.log.deleteBefore(4);
    expect(await world.verify()).toEqual({ ...nothing, beyond_log: 1 });
  });

  it('V14: an open message whose beginning has left the log is orphaned', async () => {
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'a' });
    world.storeUpTo();
    world.log.deleteBefore(1);
    expect(await world.verify()).toEqual({
      ...nothing,
      ok: false,
      differences: [{ chat_id: 'c', step_id: 's', kind: 'orphaned' }],
    });
  });

  it('V16: a step that the log opens again after it had ended is not held against the second opening', async () => {
    world.appendStep('s');
    world.storeUpTo();
    world.appendStep('s');
    world.store.setProgress(8);
    world.log.deleteBefore(4);
    expect(await world.verify()).toEqual({ ...nothing, beyond_log: 1 });
  });

  it('V16: a newer attempt must be stored if it ended before the progress, and else not yet', async () => {
    world.appendStep('s');
    world.storeUpTo();
    world.appendStep('s', { attempt: 1 });
    world.log.deleteBefore(4);
    expect(await world.verify()).toEqual({ ...nothing, beyond_log: 1, not_yet: 1 });
    world.store.setProgress(8);
    expect((await world.verify()).differences).toMatchObject([{ kind: 'different', path: 'attempt' }]);
    world.storeUpTo();
    expect(await world.verify()).toEqual({ ...nothing, checked: 1 });
  });

  it('V16: an open message that has left the log waits for the newer attempt', async () => {
    world.append('s', 'step-start');
    world.storeUpTo();
    world.append('s', 'step-start', { attempt: 1 });
    world.log.deleteBefore(1);
    expect(await world.verify()).toEqual({ ...nothing, beyond_log: 1, not_yet: 1 });
  });

  it('V16: a message is not hidden by a first offset that has left the log', async () => {
    world.appendStep('before');
    world.appendStep('s');
    world.storeUpTo();
    world.log.deleteBefore(4);
    world.tamper('s', { 'log.first_offset': 0 });
    expect(await world.verify()).toMatchObject({
      ok: false,
      beyond_log: 1,
      differences: [{ kind: 'different', path: 'log.first_offset', expected: 4, stored: 0 }],
    });
  });
});

describe('a log of another generation', () => {
  beforeEach(() => {
    world = new AuditWorld(createSha256, 2);
    world.appendStep('s');
    world.storeUpTo();
  });

  it('V15: a message of an earlier one is beyond the log, an open one is orphaned', async () => {
    const [open, , , ended] = world.versions('s');
    const log = { ...ended!.log!, generation: 1 };
    world.store.put({ ...ended!, step_id: 'former', log });
    expect(await world.verify()).toEqual({ ...nothing, checked: 1, beyond_log: 1 });
    world.store.put({ ...open!, step_id: 'former', log });
    expect((await world.verify()).differences).toMatchObject([{ step_id: 'former', kind: 'orphaned' }]);
  });

  it('V15: a message of a later one is beyond the log, open or not', async () => {
    const [open, , , ended] = world.versions('s');
    const log = { ...ended!.log!, generation: 3, first_offset: 77, last_offset: 78 };
    world.store.put({ ...ended!, log });
    world.store.put({ ...open!, step_id: 'later', log });
    expect(await world.verify()).toEqual({ ...nothing, beyond_log: 2 });
  });

  it('V15: an earlier one’s attempt gives way to a newer one', async () => {
    const log = { ...world.versions('s')[3]!.log!, generation: 1, first_offset: 77, last_offset: 78 };
    world.store.put({ ...world.versions('s')[3]!, log });
    expect(await world.verify()).toEqual({ ...nothing, beyond_log: 1 });
    world.appendStep('s', { attempt: 1 });
    expect(await world.verify()).toEqual({ ...nothing, beyond_log: 1, not_yet: 1 });
    world.store.setProgress(8, 0, 2);
    expect((await world.verify()).differences).toMatchObject([{ kind: 'different', path: 'attempt' }]);
  });

  it('takes the progress of its own generation', async () => {
    world.store.setProgress(4, 0, 1);
    world.store.setProgress(0, 0, 2);
    world.store.remove('c', 's');
    expect(await world.verify()).toEqual({ ...nothing, not_yet: 1 });
  });
});

describe('a system that is live', () => {
  /** Runs once, at the n-th call of the store or the log. */
  function atCall(n: number, run: () => void): void {
    let calls = 0;
    const onCall = (): void => {
      calls++;
      if (calls === n) run();
    };
    world.log.onCall = onCall;
    world.store.onCall = onCall;
  }

  it('V8: reads on to what was stored after the end of the log was asked for', async () => {
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'a' });
    world.storeUpTo();
    // After the progress and the bounds, before the page.
    atCall(3, () => {
      world.append('s', 'text-delta', { id: '0', text: 'b' });
      world.append('s', 'step-end');
      world.appendStep('s', { attempt: 1 });
      world.appendStep('new');
      world.append('new-open', 'step-start');
      world.storeUpTo();
    });
    expect(await world.verify()).toEqual({ ...nothing, checked: 3 });
  });

  it('V8: finds what is wrong with it', async () => {
    world.append('s', 'step-start');
    world.storeUpTo();
    atCall(3, () => {
      world.append('s', 'step-end');
      world.appendStep('new');
      world.storeUpTo();
      world.tamper('s', { ended_at: AT });
      world.tamper('new', { ended_at: AT });
      world.store.put({ ...world.store.get('c', 'new')!, step_id: 'extra' });
    });
    const { differences } = await world.verify();
    expect(differences.map(({ step_id, kind, path }) => [step_id, kind, path])).toEqual([
      ['s', 'different', 'ended_at'],
      ['new', 'different', 'ended_at'],
      ['extra', 'extra', undefined],
    ]);
  });

  it('V8: leaves alone what is replaced again while it reads on', async () => {
    world.append('s', 'step-start');
    world.storeUpTo();
    let isOn = true;
    const onCall = (): void => {
      if (!isOn || world.log.nextOffset() > 60) return;
      world.append('s', 'text-delta', { id: '0', text: 'a' });
      world.appendStep(`new-${world.log.nextOffset()}`);
      world.storeUpTo();
    };
    world.log.onCall = onCall;
    world.store.onCall = onCall;
    expect(await world.verify({ pageRecordsMax: 1 })).toMatchObject({ ok: true, differences: [] });
    isOn = false;
    expect(await world.verify()).toMatchObject({ ok: true, not_yet: 0 });
  });

  it('V8: a message beyond the log may be followed by a new attempt while it is looked at', async () => {
    world.append('s', 'step-start');
    world.storeUpTo();
    world.append('other', 'message', { role: 'user', parts: [] });
    world.log.deleteBefore(1);
    // Progress, bounds, page, message of other, chats, messages: an orphan, until it is looked up again.
    atCall(7, () => {
      world.appendStep('s', { attempt: 1 });
      world.storeUpTo();
    });
    expect(await world.verify()).toEqual({ ...nothing, not_yet: 2 });
  });

  it('V8: what was not stored yet is not counted as such when its next attempt is', async () => {
    world.appendStep('s');
    world.appendStep('s', { attempt: 1 });
    // Progress, bounds, page, message of the first attempt: it is not there.
    atCall(5, () => world.storeUpTo());
    expect(await world.verify({ pageRecordsMax: 4 })).toEqual({ ...nothing, checked: 1 });
  });

  it('V18: asks for a message that does not fit once more', async () => {
    world.appendStep('s');
    world.storeUpTo();
    const right = world.store.get('c', 's')!;
    world.tamper('s', { role: 'user' });
    // Progress, bounds, page, message: then it is repaired.
    atCall(5, () => world.store.put(right));
    expect(await world.verify()).toEqual({ ...nothing, checked: 1 });
  });

  it('V18: does not report what has been replaced by a later version', async () => {
    world.appendStep('s');
    world.storeUpTo();
    world.tamper('s', { role: 'user' });
    atCall(5, () => {
      world.appendStep('s', { attempt: 1 });
      world.storeUpTo();
    });
    expect(await world.verify()).toMatchObject({ ok: true, differences: [] });
  });

  it('V18: does not report what has gone', async () => {
    world.append('s', 'step-start');
    world.storeUpTo();
    world.tamper('s', { role: 'user' });
    atCall(5, () => world.store.remove('c', 's'));
    expect(await world.verify()).toEqual({ ...nothing, checked: 1, not_yet: 1 });
  });

  it('V18: does not report an extra message that has gone', async () => {
    world.append('s', 'step-start');
    world.storeUpTo();
    world.store.put({ ...world.store.get('c', 's')!, step_id: 'extra' });
    // Progress, bounds, page, message, chats, messages: then it goes.
    atCall(7, () => world.store.remove('c', 'extra'));
    expect(await world.verify()).toEqual({ ...nothing, checked: 1 });
  });

  it('V19: a message whose events were deleted before they were read is beyond the log', async () => {
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'a' });
    world.append('s', 'text-delta', { id: '0', text: 'b' });
    world.append('s', 'step-end');
    world.append('t', 'step-start');
    world.append('t', 'step-end');
    world.append('u', 'step-start');
    world.append('u', 'step-end');
    world.storeUpTo();
    let reads = 0;
    const { log } = world;
    const read = log.read.bind(log);
    log.read = (...parameters) => {
      // The first event of s is read; the rest of it, and all of t, is deleted.
      if (++reads === 2) log.deleteBefore(5);
      return read(...parameters);
    };
    expect(await world.verify({ pageRecordsMax: 1 })).toMatchObject({
      ok: true,
      checked: 1,
      beyond_log: 2,
      differences: [],
    });
  });

  it('V19: a fold with a hole in it is no difference', async () => {
    world.append('s', 'step-start');
    world.append('s', 'text-delta', { id: '0', text: 'a' });
    world.append('s', 'step-end');
    world.storeUpTo();
    let reads = 0;
    const { log } = world;
    const read = log.read.bind(log);
    log.read = (...parameters) => {
      if (++reads === 2) log.deleteBefore(2);
      return read(...parameters);
    };
    expect(await world.verify({ pageRecordsMax: 1 })).toMatchObject({ ok: true, beyond_log: 1 });
  });
});

it('stops when it is told to', async () => {
  world.appendStep('s');
  await expect(world.verify({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
