import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { identifyProcess, isStillRunning } from './process-identity.js';
import { parseServersCommand, runServersCommand } from './servers-command.js';

let cache: string;
beforeEach(() => {
  cache = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-test-'));
  process.env['STEPFOLD_SERVERS_CACHE'] = cache;
});
afterEach(() => {
  delete process.env['STEPFOLD_SERVERS_CACHE'];
  fs.rmSync(cache, { recursive: true });
});

async function run(...args: string[]): Promise<{ exitCode: number; results: string[]; progress: string[] }> {
  const results: string[] = [];
  const progress: string[] = [];
  const exitCode = await runServersCommand(args, {
    result: (text) => results.push(text),
    progress: (line) => progress.push(line),
  });
  return { exitCode, results, progress };
}

describe('npm run servers', () => {
  it.each([
    [['strat'], /name one of fetch, start, status, stop, not "strat"/],
    [['start', 'twice'], /name one of .* not "start twice"/],
    [['start', '--kafka-nodes', '2'], /--kafka-nodes is 1 or 3, not "2"/],
    [['start', '--kafka-port', '0'], /--kafka-port is a port between 1 and 65535/],
    [['start', '--kafka-port', '65535', '--kafka-nodes', '3'], /between 1 and 65533/],
    [['start', '--mongodb-port', '1e3'], /--mongodb-port is a port .* not "1e3"/],
    [['start', '--colour'], /Unknown option '--colour'/],
  ])('answers 2 and one sentence to %j', async (args, sentence) => {
    const { exitCode, results, progress } = await run(...args);
    expect({ exitCode, results }).toEqual({ exitCode: 2, results: [] });
    expect(progress).toEqual([expect.stringMatching(sentence)]);
  });

  it('understands its options', () => {
    const args = ['start', '--kafka-nodes', '3', '--kafka-port', '9092', '--mongodb-port', '27017', '--json'];
    expect(parseServersCommand(args)).toEqual({
      word: 'start',
      kafkaNodes: 3,
      kafkaPort: 9092,
      mongodbPort: 27_017,
      isJson: true,
      deletesData: false,
    });
  });

  it('explains itself', async () => {
    expect(await run('--help')).toMatchObject({ exitCode: 0, results: [expect.stringContaining(cache)] });
    expect(await run()).toMatchObject({ exitCode: 2 });
  });

  it('has nothing to tell and nothing to stop before a start', async () => {
    expect(await run('status')).toMatchObject({ exitCode: 3, results: ['not started'] });
    expect(await run('status', '--json')).toMatchObject({
      exitCode: 3,
      results: ['{"kafka":null,"mongodb":null}'],
    });
    expect(await run('stop')).toMatchObject({ exitCode: 0, results: ['nothing to stop'] });
  });

  it('stops no process that has got the number of one of the servers', async () => {
    const somebody = { ...identifyProcess(process.pid)!, began: 'before' };
    fs.writeFileSync(
      path.join(cache, 'servers.json'),
      JSON.stringify({
        kafka: { brokers: ['127.0.0.1:1'], processes: [somebody] },
        mongodb: { url: 'mongodb://127.0.0.1:2/', port: 2, gateway: somebody, database: somebody },
      }),
    );
    expect(await run('status')).toMatchObject({ exitCode: 3 });
    expect(await run('stop')).toMatchObject({
      exitCode: 0,
      results: [expect.stringContaining('stopped 0 of 3')],
    });
    expect(isStillRunning(identifyProcess(process.pid)!)).toBe(true);
    expect(fs.existsSync(path.join(cache, 'servers.json'))).toBe(false);
  });
});
