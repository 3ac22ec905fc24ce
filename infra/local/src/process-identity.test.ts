import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { childrenOf, identifyProcess, isStillRunning, signalProcess } from './process-identity.js';

const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

async function startIdle(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  started.push(child);
  await once(child, 'spawn');
  return child;
}

describe('the identity of a process', () => {
  it('is that of the process while it runs', async () => {
    const child = await startIdle();
    const identity = identifyProcess(child.pid!)!;
    expect(identity).toEqual(identifyProcess(child.pid!));
    expect(isStillRunning(identity)).toBe(true);
    expect(childrenOf(process.pid)).toContainEqual(identity);
    const ended = once(child, 'exit');
    expect(signalProcess(identity, 'SIGKILL')).toBe(true);
    await ended;
    expect(isStillRunning(identity)).toBe(false);
    expect(signalProcess(identity, 'SIGKILL')).toBe(false);
    expect(identifyProcess(child.pid!)).toBeUndefined();
  });

  it('is another one if another process has got the number, which then gets no signal', async () => {
    const child = await startIdle();
    const earlier = { ...identifyProcess(child.pid!)!, began: 'before' };
    expect(isStillRunning(earlier)).toBe(false);
    expect(signalProcess(earlier, 'SIGKILL')).toBe(false);
    expect(isStillRunning(identifyProcess(child.pid!)!)).toBe(true);
  });
});
