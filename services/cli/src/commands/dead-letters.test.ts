import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deadLetterCatalogue, deadLetterCodes } from '@stepfold/events';
import type { DeadLetter } from '@stepfold/message-store';
import { runStepfold } from '../run-stepfold.js';
import { createInProcessHost } from '../testing/in-process-host.js';
import { adaptersOf, type TestAdapters } from '../testing/test-adapters.js';

jest.setTimeout(60_000);

let adapters: TestAdapters;
beforeEach(async () => {
  adapters = await adaptersOf('embedded');
});
afterEach(async () => {
  await adapters[Symbol.asyncDispose]();
});

async function run(...words: readonly string[]) {
  const host = createInProcessHost();
  const exitCode = await runStepfold(['dead-letters', ...words, ...adapters.words], host);
  return { exitCode, stdout: host.printed(), stderr: host.complained() };
}

async function store(...letters: readonly Partial<DeadLetter>[]): Promise<void> {
  await using opened = await adapters.openStore();
  await opened.writeDeadLetters(letters.map(letterOf));
}

function letterOf(fields: Partial<DeadLetter>): DeadLetter {
  return {
    id: 'stepfold.events:0:1',
    stage: 'projector',
    reason: 'bad-json',
    detail: 'the record is not valid JSON',
    key: Buffer.from('c'),
    value: Buffer.from('{"v":1'),
    at: 1_775_822_400_000_000,
    ...fields,
  };
}

const hostile =
  '\u001b]0;owned\u0007\u001b[2J‮ and more words than a line of a terminal has room for, '.repeat(3);

function expectPlain(text: string): void {
  // eslint-disable-next-line no-control-regex -- what a terminal would act on
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
}

describe('dead-letters list', () => {
  it('says that there are none, of a kind or at all', async () => {
    expect(await run('list')).toMatchObject({ exitCode: 0, stdout: 'no dead letters are stored\n' });
    expect(await run('list', '--json')).toMatchObject({ exitCode: 0, stdout: '[]\n' });
    await store({});
    expect((await run('list', '--reason', 'oversize')).stdout).toBe(
      'no dead letters of this kind are stored\n',
    );
  });

  it('is a table of 80 columns that ends with what to do next, whatever stands in the letters', async () => {
    await store({ detail: hostile, chat_id: 'c', step_id: 's' }, { id: 'stepfold.events:0:2' });
    const { stdout, exitCode } = await run('list');
    expectPlain(stdout.replaceAll(adapters.words.join(' '), ''));
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'time (UTC)           reason           id',
      '2026-04-10 12:00:00  bad-json         stepfold.events:0:1',
    ]);
    expect(stdout).toContain('2 in all');
    expect(stdout).toContain(adapters.hint('npx stepfold dead-letters show stepfold.events:0:1'));
    expect(exitCode).toBe(0);
  });

  it('never cuts an id, however long the prefix of the topic is', async () => {
    const id = `${'long-'.repeat(14)}events:0:1`;
    await store({ id });
    expect((await run('list')).stdout).toContain(`\n  ${id}\n`);
  });

  it('takes letters by reason and by chat', async () => {
    await store(
      { id: 't:0:1', reason: 'not-open', chat_id: 'a' },
      { id: 't:0:2', reason: 'not-open', chat_id: 'b' },
      { id: 't:0:3', chat_id: 'a' },
    );
    const idsOf = async (...words: string[]) =>
      (JSON.parse((await run('list', '--json', ...words)).stdout) as { id: string }[]).map(({ id }) => id);
    expect(await idsOf('--chat', 'a')).toEqual(['t:0:1', 't:0:3']);
    expect(await idsOf('--reason', 'not-open')).toEqual(['t:0:1', 't:0:2']);
    expect(await idsOf('--reason', 'not-open', '--chat', 'a')).toEqual(['t:0:1']);
  });
});

describe('dead-letters show', () => {
  it('finds every id among others that look like it, and no other', async () => {
    const ids = [
      't:0:0',
      't:0:1',
      't:0:10',
      't:0:100',
      't:0:19',
      't:0:2',
      't:0:20',
      't:0:9',
      't:10:1',
      't.x:0:1',
    ];
    await store(...ids.map((id) => ({ id })));
    for (const id of ids) expect(JSON.parse((await run('show', id, '--json')).stdout)).toMatchObject({ id });
    for (const id of ['t:0:3', 't:0:', 't:0:1~', 't', '', 't:0:01', `${'t'.repeat(500)}:0:1`, 't:0:\u001b']) {
      const { exitCode, stdout, stderr } = await run('show', id);
      expect({ id, exitCode, stdout }).toEqual({ id, exitCode: 2, stdout: '' });
      expectPlain(stderr.replaceAll(/t{80,}/g, '').slice(0, 80));
    }
  });

  it('shows all of a letter at 80 columns, its value capped, with cause and remedy', async () => {
    await store({ detail: hostile, chat_id: 'c', step_id: 's', value: Buffer.from(hostile.repeat(50)) });
    const { stdout } = await run('show', 'stepfold.events:0:1');
    expectPlain(stdout);
    expect(stdout.split('\n').length).toBeLessThan(45);
    const words = stdout.replaceAll(/\s+/g, ' ');
    expect(words).toContain(deadLetterCatalogue['bad-json'].cause);
    expect(words).toContain(deadLetterCatalogue['bad-json'].remedy);
    expect(words).toMatch(/characters in all\)/);
  });

  it('gives the value back exactly, as text or as base64, and says if it was cut', async () => {
    const start = '{"text":"';
    const cut = Buffer.from(start + 'x'.repeat(64 * 1024 - start.length));
    const whole = Buffer.from(`${start}${'x'.repeat(64 * 1024 - start.length - 2)}"}`);
    await store(
      { id: 't:0:1', value: cut },
      { id: 't:0:2', value: whole },
      { id: 't:0:3', value: Buffer.from([0xff, 0x00]), key: null },
      { id: 't:0:4', value: null },
    );
    const shown = async (id: string) => JSON.parse((await run('show', id, '--json')).stdout) as object;
    expect(await shown('t:0:1')).toMatchObject({
      value: cut.toString(),
      value_cut: true,
      value_bytes: 65_536,
    });
    expect(await shown('t:0:2')).toMatchObject({ value: whole.toString() });
    expect(await shown('t:0:2')).not.toHaveProperty('value_cut');
    expect(await shown('t:0:3')).toMatchObject({ value_base64: '/wA=', key: null });
    expect(await shown('t:0:4')).toMatchObject({ value: null, value_bytes: null });
    expect((await run('show', 't:0:1')).stdout).toContain('the rest was cut');
  });

  it('has a cause and a remedy for every reason', () => {
    for (const code of deadLetterCodes) {
      const { cause, remedy } = deadLetterCatalogue[code];
      for (const sentence of [cause, remedy]) expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe('dead-letters retry', () => {
  it('says so when there is nothing to retry', async () => {
    expect(await run('retry', '--all')).toMatchObject({ exitCode: 0, stdout: 'no dead letters to retry\n' });
    expect(await run('retry', '--all', '--json')).toMatchObject({ exitCode: 0, stdout: '[]\n' });
  });

  it('says of each letter in words of 80 columns what came of it, and ends with 1 if one cannot be helped', async () => {
    await store({ id: `${'other'.repeat(3)}:0:1` }, { id: 'stepfold.events:0:7' });
    const { stdout, exitCode } = await run('retry', '--all');
    expectPlain(stdout);
    expect(stdout).toMatch(/^other-log otherotherother:0:1\n/);
    expect(stdout).toMatch(/0 of 2 done; 2 cannot be helped by a retry\n$/);
    expect(exitCode).toBe(1);
  });

  it('goes on beyond one batch of letters', async () => {
    await store(...Array.from({ length: 250 }, (_, i) => ({ id: `t:0:${i}` })));
    const { stdout } = await run('retry', '--all', '--json');
    expect(JSON.parse(stdout)).toHaveLength(250);
  });

  it.each(['list', 'show', 'retry'])('has help for %s with examples within 80 columns', async (name) => {
    const host = createInProcessHost();
    expect(await runStepfold(['dead-letters', name, '--help'], host)).toBe(0);
    expect(host.printed()).toMatch(new RegExp(`^Usage: stepfold dead-letters ${name} `));
    expect(host.printed()).toContain(`  npx stepfold dead-letters ${name}`);
    expect(
      Math.max(
        ...host
          .printed()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
  });
});
