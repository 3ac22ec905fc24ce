import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message } from '@stepfold/fold';
import { FIRST_COLLECTION } from '@stepfold/message-store';
import { createSystemRuntime, UsageError } from '@stepfold/runtime';
import { openDatabase } from './database.js';
import { openEmbeddedStore } from './embedded-store.js';
import { headKey, messageKey, settingKey } from './keys.js';

const runtime = createSystemRuntime();
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stepfold-store-'));
  file = join(directory, 'store.mdb');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('opening an embedded store', () => {
  it('makes the directory, however deep', async () => {
    const deep = join(directory, 'a', 'b');
    await (await openEmbeddedStore({ directory: deep, runtime })).close();
    expect(existsSync(join(deep, 'store.mdb'))).toBe(true);
  });

  it('refuses what is no store with a sentence, and leaves it as it is', async () => {
    for (const content of ['hello', 'hello '.repeat(10_000), '\0'.repeat(200), '\0'.repeat(100_000)]) {
      writeFileSync(file, content);
      await expectUnreadable(directory, /store\.mdb cannot be opened: it is (no file of LMDB|cut off)\.$/);
      expect(readFileSync(file, 'utf8')).toBe(content);
    }
  });

  it('refuses a store that is cut off', async () => {
    await fillStore(2_000);
    const bytes = statSync(file).size;
    for (const length of [100, 5_000, 8_192 + 100, 16_384]) {
      const cut = join(directory, `cut-${length}`);
      mkdirSync(cut);
      copyFileSync(file, join(cut, 'store.mdb'));
      truncateSync(join(cut, 'store.mdb'), length);
      expect(length).toBeLessThan(bytes);
      await expectUnreadable(cut, /it is cut off\.$/);
    }
  });

  it('refuses a store that a newer version wrote, and can still be opened by that version', async () => {
    const newer = await openDatabase(directory, runtime);
    newer.write((writes) => writes.put(settingKey('format'), Buffer.from('2')));
    await expectUnreadable(directory, /written by a version with format 2, this one knows 1\.$/);
    expect(newer.read((reads) => reads.get(settingKey('format'))?.toString())).toBe('2');
    await newer.close();
  });

  it('refuses a file format of LMDB that it does not know', async () => {
    await fillStore(1);
    const bytes = readFileSync(file);
    bytes.writeUInt32LE(3, 28);
    writeFileSync(file, bytes);
    await expectUnreadable(directory, /its file format is 3, not 2\.$/);
  });

  it('refuses a directory that is none, or that holds a directory in the place of the file', async () => {
    writeFileSync(join(directory, 'occupied'), '');
    await expectUnreadable(join(directory, 'occupied'), /cannot be opened: .*/);
    await expectUnreadable(join(directory, 'occupied', 'below'), /cannot be opened: .*/);
    mkdirSync(file);
    await expectUnreadable(directory, /cannot be opened: .*/);
  });
});

describe('an open embedded store', () => {
  it('refuses a version with an id that is none, and harms no other', async () => {
    const store = await openEmbeddedStore({ directory, runtime });
    const outcomes = await store.write(FIRST_COLLECTION, [
      versionOf('a', 1),
      { ...versionOf('b', 1), chat_id: 'chat\0step' },
      versionOf('c', 1),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'refused', 'applied']);
    expect((await store.chats()).items.map(({ chat_id }) => chat_id)).toEqual(['chat']);
    await store.close();
  });

  it('refuses names that can be no collection, ids that can be no dead letter, and use after closing', async () => {
    const store = await openEmbeddedStore({ directory, runtime });
    const usage = { name: 'UsageError', code: 'bad-usage' };
    await expect(store.write('a\0b', [versionOf('a', 1)])).rejects.toMatchObject(usage);
    await expect(store.switchLiveCollection(FIRST_COLLECTION, '')).rejects.toMatchObject(usage);
    const letter = {
      stage: 'writer',
      reason: 'store-refused',
      detail: '',
      key: null,
      value: null,
      at: 1,
    } as const;
    await expect(
      store.writeDeadLetters([
        { ...letter, id: 't:0:1' },
        { ...letter, id: 'a\0' },
      ]),
    ).rejects.toMatchObject(usage);
    await expect(store.raiseProgress({ generation: 0, partition: -1, folded_to: 0 })).rejects.toMatchObject({
      name: 'InvariantViolation',
    });
    await store.close();
    await expect(store.chats()).rejects.toMatchObject({ name: 'UsageError', code: 'store-closed' });
  });

  it('says that it is damaged when what it stored is no longer what it was', async () => {
    const store = await openEmbeddedStore({ directory, runtime });
    await store.write(FIRST_COLLECTION, [versionOf('a', 1), versionOf('b', 1)]);
    const database = await openDatabase(directory, runtime);
    database.write((writes) => {
      writes.put(messageKey(FIRST_COLLECTION, 'chat', 0n, 'a'), Buffer.from('{"chat_id": "ch'));
      writes.put(headKey(FIRST_COLLECTION, 'chat', 'b'), Buffer.from('1 1 x'));
    });
    await database.close();
    const corrupt = { name: 'CorruptStateError', code: 'data-unreadable' };
    await expect(store.message('chat', 'a')).rejects.toMatchObject(corrupt);
    await expect(store.messages('chat')).rejects.toMatchObject(corrupt);
    await expect(store.write(FIRST_COLLECTION, [versionOf('b', 2)])).rejects.toMatchObject(corrupt);
    await store.close();
  });

  it('undoes all of a transaction when a part of it fails', async () => {
    const database = await openDatabase(directory, runtime);
    const [one, other] = [settingKey('live'), settingKey('format')];
    const failing = (): void =>
      database.write((writes) => {
        writes.put(one, Buffer.from('half'));
        throw new UsageError('bad-usage', 'stop');
      });
    expect(failing).toThrow('stop');
    expect(database.read((reads) => [reads.get(one), reads.get(other)?.toString()])).toEqual([
      undefined,
      '1',
    ]);
    await database.close();
  });

  it('uses the room of replaced versions again, while another handle reads', async () => {
    const [writer, reader] = [
      await openEmbeddedStore({ directory, runtime }),
      await openEmbeddedStore({ directory, runtime }),
    ];
    for (let rev = 1; rev <= 400; rev++) {
      await writer.write(FIRST_COLLECTION, [versionOf('a', rev, 'x'.repeat(50_000 + rev * 10))]);
      expect((await reader.messages('chat')).items[0]?.rev).toBe(rev);
    }
    expect(statSync(file).size).toBeLessThan(4_000_000);
    await writer.close();
    await reader.close();
  });

  it('ends a page before it grows beyond 16 MiB, whatever the limit', async () => {
    const store = await openEmbeddedStore({ directory, runtime });
    for (let i = 0; i < 6; i++) {
      await store.write(FIRST_COLLECTION, [versionOf(`step-${i}`, 1, 'x'.repeat(7 * 1024 * 1024))]);
    }
    const page = await store.messages('chat', { limit: 1_000 });
    expect(page.items).toHaveLength(3);
    const rest = await store.messages('chat', { limit: 1_000, cursor: page.nextCursor! });
    expect(rest.items).toHaveLength(3);
    expect(rest.nextCursor).toBeUndefined();
    await store.close();
  });
});

async function expectUnreadable(path: string, message: RegExp): Promise<void> {
  const error: unknown = await openEmbeddedStore({ directory: path, runtime }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ code: 'data-unreadable', cause: expect.anything() as unknown });
  expect((error as Error).message).toMatch(message);
}

async function fillStore(count: number): Promise<void> {
  const store = await openEmbeddedStore({ directory, runtime });
  await store.write(
    FIRST_COLLECTION,
    Array.from({ length: count }, (_, i) => versionOf(`step-${i}`, 1)),
  );
  await store.close();
}

function versionOf(step: string, rev: number, text = ''): Message {
  return {
    chat_id: 'chat',
    step_id: step,
    attempt: 0,
    role: 'assistant',
    status: 'open',
    rev,
    events: rev,
    parts: [{ type: 'text', text, created_at: 1_770_000_000_000_000, first_event: 1, last_event: 1 }],
    started_at: 1_770_000_000_000_000,
    last_event_at: 1_770_000_000_000_000,
    fold_version: 1,
  };
}
