import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createSystemRuntime } from '@stepfold/runtime';
import { killAll, spawnProcess, until, type SpawnedProcess } from '../test-processes/spawn-process.js';
import { openEmbeddedLog, type EmbeddedLog } from './index.js';

jest.setTimeout(60_000);

/** Nothing in a test that uses this can be explained by a session that timed out. */
const patient = { sessionTimeoutMs: 3_600_000, heartbeatIntervalMs: 100 };
const impatient = { sessionTimeoutMs: 2_000, heartbeatIntervalMs: 100 };

let directory = '';
let log: EmbeddedLog;

beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'stepfold-log-'));
  log = await openEmbeddedLog({ directory, runtime: createSystemRuntime(), writeTimeoutMs: 500 });
});

afterEach(async () => {
  await killAll();
  await log.close();
  await fs.rm(directory, { recursive: true });
});

describe('members of a group in several processes', () => {
  it('share the partitions, and hand them over at once when one leaves', async () => {
    const first = spawnMember(patient);
    await until('the first owns all', () => owned(first).length === 4);
    const second = spawnMember(patient);
    await until('they share', () => owned(first).length === 2 && owned(second).length === 2);
    await appendToAll('shared');
    await until('each gets its own', () => got(first).length + got(second).length === 4);
    for (const partition of [0, 1, 2, 3]) {
      const owner = owned(first).includes(partition) ? first : second;
      expect(got(owner)).toContainEqual([partition, 0]);
    }
    second.kill('SIGTERM');
    await second.ended;
    expect(second.lines.at(-1)).toBe('left');
    await until('the first owns all again', () => owned(first).length === 4);
    await appendToAll('alone');
    await until('the first gets all', () => got(first).filter(([, offset]) => offset === 1).length === 4);
    // What the second has committed does not come again.
    expect([...got(first), ...got(second)]).toHaveLength(8);
  });

  it('take over from a process that was killed before its session times out', async () => {
    const first = spawnMember(patient);
    await until('the first owns all', () => owned(first).length === 4);
    const second = spawnMember(patient);
    await until('they share', () => owned(first).length === 2 && owned(second).length === 2);
    first.kill('SIGKILL');
    await first.ended;
    await until('the second owns all', () => owned(second).length === 4);
    second.kill('SIGKILL');
    await second.ended;
    const third = spawnMember(patient);
    await until('a new one owns all', () => owned(third).length === 4);
    expect(owned(third)).toEqual([0, 1, 2, 3]);
  });

  it('take over from a frozen process, which notices when it is thawed, and joins again', async () => {
    const first = spawnMember(impatient);
    await until('the first owns all', () => owned(first).length === 4);
    const second = spawnMember(impatient);
    await until('they share', () => owned(first).length === 2 && owned(second).length === 2);
    const before = owned(first);
    await freezeOutsideOfCommit(first);
    await until('the second owns all', () => owned(second).length === 4);
    await appendToAll('while one is frozen');
    await until('the second gets all', () => got(second).length === 4);
    const linesBefore = first.lines.length;
    first.kill('SIGCONT');
    await until('they share again', () => owned(first).length === 2 && owned(second).length === 2);
    // It was told of every loss before it was given anything, and read nothing that was not its own.
    const lost = first.lines.slice(linesBefore, linesBefore + before.length);
    expect(lost.toSorted()).toEqual(before.map((partition) => `lost ${partition}`));
    expect(got(first)).toEqual([]);
    await appendToAll('afterwards');
    await until('each gets its own', () => got(first).length === 2 && got(second).length === 6);
  });
});

function spawnMember(options: object): SpawnedProcess {
  return spawnProcess('member.mjs', directory, JSON.stringify(options));
}

async function appendToAll(text: string): Promise<void> {
  for (const partition of [0, 1, 2, 3]) {
    await log.append('events', partition, [{ key: null, value: Buffer.from(text) }]);
  }
}

/** Inside of a commit it would hold the lock that all the others need. */
async function freezeOutsideOfCommit(member: SpawnedProcess): Promise<void> {
  await until('it is frozen outside of a commit', async () => {
    member.kill('SIGSTOP');
    try {
      await log.append('steps', 0, [{ key: null, value: null }]);
      return true;
    } catch {
      member.kill('SIGCONT');
      return false;
    }
  });
}

/** The partitions that a member works on by its own account. */
function owned(member: SpawnedProcess): number[] {
  const partitions = new Set<number>();
  for (const line of member.lines) {
    const [what, partition] = line.split(' ');
    if (what === 'own') partitions.add(Number(partition));
    if (what === 'lost') partitions.delete(Number(partition));
  }
  return [...partitions].toSorted();
}

function got(member: SpawnedProcess): number[][] {
  return member.lines
    .filter((line) => line.startsWith('got '))
    .map((line) => line.split(' ').slice(1).map(Number));
}
