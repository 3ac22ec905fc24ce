import fs from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { openEmbeddedStore } from '@stepfold/embedded-store';
import type { Message } from '@stepfold/fold';
import { FIRST_COLLECTION } from '@stepfold/message-store';
import { createSystemRuntime } from '@stepfold/runtime';
import { commandTable } from '../commands/command-table.js';
import { runStepfold } from '../run-stepfold.js';
import { createInProcessHost } from '../testing/in-process-host.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

async function candidates(words: readonly string[], environment: Record<string, string> = {}) {
  const host = { ...createInProcessHost(), environment };
  const exitCode = await runStepfold(['__complete', '--', ...words], host);
  expect({ exitCode, complained: host.complained() }).toEqual({ exitCode: 0, complained: '' });
  return host.printed().split('\n').slice(0, -1);
}

describe('the candidates for a word', () => {
  it('are the commands, of which none is hidden', async () => {
    expect((await candidates([''])).toSorted()).toEqual(
      [...commandTable.map(({ name }) => name), 'help'].toSorted(),
    );
    expect(await candidates(['pro'])).toEqual(['projector']);
    expect(await candidates(['help', 'pro'])).toEqual(['projector']);
    expect(await candidates(['help', 'fold', ''])).toEqual([]);
    expect(await candidates([])).toContain('fold');
  });

  it('are the options of the command that can be seen', async () => {
    const options = await candidates(['fold', 'x.jsonl', '--']);
    expect(options).toEqual(expect.arrayContaining(['--format', '--as', '--json', '--help']));
    expect(await candidates(['messages', '--partitions'])).toEqual([]);
    expect(await candidates(['fold', '--', '--'])).toEqual([]);
  });

  it('are the choices of the option or argument that is being typed', async () => {
    expect(await candidates(['fold', '--as', 't'])).toEqual(['text', 'table', 'timeline']);
    expect(await candidates(['fold', '-f', 'ai'])).toEqual(['ai-sdk']);
    expect(await candidates(['completion', ''])).toEqual(['bash', 'zsh', 'fish']);
  });

  it('are files and folders where those belong, and nothing where nobody knows', async () => {
    expect(await candidates(['fold', ''])).toEqual([':file']);
    expect(await candidates(['fold', 'a', 'b', ''])).toEqual([':file']);
    expect(await candidates(['convert', 'a', ''])).toEqual([]);
    expect(await candidates(['verify', '--kafka-ca', ''])).toEqual([':file']);
    expect(await candidates(['verify', '--data', ''])).toEqual([':folder']);
    expect(await candidates(['fold', '--run', ''])).toEqual([]);
    expect(await candidates(['nothing', 'of', ''])).toEqual([]);
  });
});

describe('the candidates for a chat', () => {
  it('are nothing where no store is, and none is made', async () => {
    using folder = temporaryFolder();
    const data = folder.file('data');
    expect(await candidates(['messages', '--data', data, ''])).toEqual([]);
    folder.write('broken', 'no folder');
    expect(await candidates(['messages', '--data', folder.file('broken'), ''])).toEqual([]);
    expect(fs.existsSync(data)).toBe(false);
    expect(await candidates(['messages', '--mongodb', 'mongodb://127.0.0.1:1/x', ''])).toEqual([]);
    expect(await candidates(['messages', ''], { STEPFOLD_MONGODB: 'mongodb://127.0.0.1:1/x' })).toEqual([]);
  });

  /** Stores so many chats, of which the last is the one that was active last. */
  async function storeChats(directory: string, count: number): Promise<void> {
    const at = 1_775_822_400_000_000;
    await using store = await openEmbeddedStore({ directory, runtime: createSystemRuntime() });
    const messages = Array.from({ length: count }, (_, index): Message => {
      const stamps = { started_at: at, ended_at: at + index, last_event_at: at + index };
      const ids = { chat_id: `chat-${index}`, step_id: 's', attempt: 0, rev: 2 ** 32 - 1, events: 1 };
      const log = { generation: 0, topic: 't', partition: 0, first_offset: index, last_offset: index };
      return { ...ids, ...stamps, log, role: 'user', status: 'complete', parts: [], fold_version: 1 };
    });
    await store.write(FIRST_COLLECTION, messages);
  }

  it('come of the CHATS_READ_MAX chats that were active last', async () => {
    using folder = temporaryFolder();
    const chatsReadMax = 2_000;
    await storeChats(folder.file('data/store'), chatsReadMax + 1);
    const data = ['messages', '--data', folder.file('data')];
    expect(await candidates([...data, 'chat-0'])).toEqual([]);
    expect(await candidates([...data, 'chat-1000'])).toEqual(['chat-1000']);
  });

  it('are at most a hundred, the last active first', async () => {
    using folder = temporaryFolder();
    await storeChats(folder.file('data/store'), 150);
    const found = await candidates(['messages', '--data', folder.file('data'), '']);
    expect(found).toHaveLength(100);
    expect(found[0]).toBe('chat-149');
    expect(await candidates(['messages', '--data', folder.file('data'), 'chat-14'])).toHaveLength(11);
  });
});
