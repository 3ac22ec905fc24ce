import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { createEventCodec, type Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { createSystemRuntime } from '@stepfold/runtime';
import { temporaryFolder } from '../../services/cli/src/testing/temporary-folder.js';
import { foldAll } from '../support/fold-all.js';
import { startService } from '../support/service-process.js';
import { rowsOfProcesses } from './table-rows.js';

jest.setTimeout(60_000);

const script = path.resolve(__dirname, 'processes/recording.mjs');
const words = Array.from({ length: 50 }, (_, word) => `w${word} `).join('');

/** Kills a process that records, when it has queued everything. */
async function killInMidStream(folder: string, ...args: readonly string[]): Promise<void> {
  const recording = startService([folder, ...args], script);
  await recording.saying('queued');
  expect(await recording.end('SIGKILL')).toBe('SIGKILL');
}

async function stored(folder: string): Promise<Message | undefined> {
  await using log = await openEmbeddedLog({
    directory: path.join(folder, 'log'),
    runtime: createSystemRuntime(),
  });
  const codec = createEventCodec();
  const { records } = await log.read('events', 0, 0);
  const events = records.map(({ value }): Event => {
    const read = codec.decode(value!);
    if (!read.ok) throw new Error(read.detail);
    return read.event;
  });
  return foldAll(events).messages[0];
}

const [withoutOutbox, withOutbox] = rowsOfProcesses;

describe('what is stored, and what the application sees, when', () => {
  it(withoutOutbox, async () => {
    using folder = temporaryFolder();
    await killInMidStream(folder.path);
    // The reaper ends it: it has no sign of life any more.
    expect(await stored(folder.path)).toMatchObject({ status: 'open', parts: [{ text: 'acknowledged ' }] });
  });

  it(withOutbox, async () => {
    using folder = temporaryFolder();
    await killInMidStream(folder.path, 'outbox');
    expect(await stored(folder.path)).toMatchObject({ status: 'open', parts: [{ text: 'acknowledged ' }] });
    const restarted = startService([folder.path, 'outbox', 'restart'], script);
    expect({ ended: await restarted.ended, log: restarted.log() }).toEqual({ ended: 0, log: '' });
    const message = await stored(folder.path);
    expect(message).toMatchObject({
      status: 'interrupted',
      interrupt: { reason: 'crash', detected_at: expect.any(Number) },
      parts: [{ text: `acknowledged ${words}`, end_reason: 'interrupt' }],
    });
    expect(message).not.toHaveProperty('gaps');
  });
});
