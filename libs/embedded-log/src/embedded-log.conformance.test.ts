import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { eventLogConformance, type EventLogHarness } from '@stepfold/event-log/conformance';
import { createSystemRuntime } from '@stepfold/runtime';
import { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from './index.js';
import { encodeFrames } from './record-frame.js';

eventLogConformance('embedded', openHarness, { hasContiguousOffsets: true, settleTimeoutMs: 10_000 });

async function openHarness(): Promise<EventLogHarness> {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stepfold-log-'));
  const runtime = createSystemRuntime();
  const connect = (options?: Partial<EmbeddedLogOptions>): Promise<EmbeddedLog> =>
    openEmbeddedLog({ directory, runtime, ...options });
  const log = await connect();
  return {
    log,
    connect,
    async deleteBefore(topic, partition, offset) {
      const { records } = await log.read(topic, partition, offset);
      const bytesKept = encodeFrames(records).reduce((sum, frame) => sum + frame.length, 0);
      await using janitor = await connect({ retention: { [topic]: { bytesMax: Math.max(1, bytesKept) } } });
      await janitor.deleteExpired();
    },
    async release() {
      await log.close();
      await fs.rm(directory, { recursive: true });
    },
  };
}
