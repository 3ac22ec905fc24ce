import { describe, expect, it } from '@jest/globals';
import { runStepfold } from './run-stepfold.js';
import { createInProcessHost } from './testing/in-process-host.js';
import { temporaryFolder } from './testing/temporary-folder.js';

async function printed(commandLine: readonly string[], input = ''): Promise<string> {
  const host = createInProcessHost(input);
  const exitCode = await runStepfold([...commandLine, '--json'], host);
  if (exitCode !== 0) throw new Error(`${commandLine[0]} answered ${exitCode}: ${host.complained()}`);
  return host.printed();
}

const stream = [
  { type: 'start' },
  { type: 'start-step' },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', text: 'so' },
  { type: 'text-end', id: 't' },
  { type: 'finish-step', finishReason: 'stop' },
  { type: 'start-step' },
  { type: 'text-delta', id: 'u', text: 'long' },
]
  .map((part) => `${JSON.stringify(part)}\n`)
  .join('');

describe('a recorded stream', () => {
  it('gets its ids from the name of the file and its times from its lines', async () => {
    using folder = temporaryFolder();
    const file = folder.write('my run.full.jsonl', stream);
    expect(JSON.parse(await printed(['fold', file, '--format', 'ai-sdk']))).toMatchObject([
      {
        chat_id: 'my-run.full',
        step_id: 'my-run.full.0',
        run_id: 'my-run.full',
        status: 'complete',
        started_at: '2026-01-01T00:00:00.001000Z',
        parts: [{ created_at: '2026-01-01T00:00:00.002000Z', completed_at: '2026-01-01T00:00:00.004000Z' }],
      },
      { step_id: 'my-run.full.1', step_index: 1, status: 'interrupted', interrupt: { reason: 'eof' } },
    ]);
  });

  it('takes them from the options, with blank lines and a byte order mark in the file', async () => {
    using folder = temporaryFolder();
    const file = folder.write('f.jsonl', `\uFEFF\n${stream.replaceAll('\n', '\r\n')}`);
    const options = ['--chat', 'c', '--run', 'r', '--start', '2026-04-10T14:00:00+02:00', '--tick', '10'];
    const messages = JSON.parse(await printed(['fold', file, '--format', 'ai-sdk', ...options])) as object[];
    expect(messages[0]).toMatchObject({
      chat_id: 'c',
      step_id: 'r.0',
      started_at: '2026-04-10T12:00:00.000020Z',
    });
  });

  it('gives the same messages when it is converted first, and when it comes by standard input', async () => {
    using folder = temporaryFolder();
    const options = ['--chat', 'c', '--run', 'r'];
    const file = folder.write('f.jsonl', stream);
    const folded = await printed(['fold', file, '--format', 'ai-sdk', ...options]);
    const events = await printed(['convert', file, '--format', 'ai-sdk', ...options]);
    expect(await printed(['fold', '-', '--format', 'stepfold'], events)).toBe(folded);
    expect(await printed(['fold', '-', '--format', 'ai-sdk', ...options], stream)).toBe(folded);
    expect(JSON.parse(await printed(['fold', '-', '--format', 'ai-sdk'], stream))).toMatchObject([
      { chat_id: 'stdin' },
      { chat_id: 'stdin' },
    ]);
  });

  it('is elided where one event would be too large, the same by fold and convert', async () => {
    using folder = temporaryFolder();
    const large = {
      type: 'tool-call',
      toolCallId: 'k',
      toolName: 'n',
      input: { text: 'x'.repeat(9_000_000) },
    };
    const file = folder.write('f.jsonl', `{"type":"start-step"}\n${JSON.stringify(large)}\n`);
    const folded = await printed(['fold', file, '--format', 'ai-sdk']);
    const events = await printed(['convert', file, '--format', 'ai-sdk']);
    expect(await printed(['fold', '-', '--format', 'stepfold'], events)).toBe(folded);
    expect(folded).toContain('"$elided":{"bytes":9000011,');
    expect(folded.length).toBeLessThan(5_000);
  });

  it('leaves large values out of a message that would be too large to store', async () => {
    const result = (seq: number, megabytes: number) => ({
      v: 1,
      chat_id: 'c',
      step_id: 's',
      at: 1_775_822_400_000_000 + seq,
      ...(seq === 0
        ? { type: 'step-start' }
        : { type: 'data', name: `d${seq}`, data: 'x'.repeat(megabytes * 1_000_000) }),
    });
    const events = [result(0, 0), result(1, 5), result(2, 6), result(3, 4)];
    const input = events.map((event) => JSON.stringify(event)).join('\n');
    const [message] = JSON.parse(await printed(['fold', '-', '--format', 'stepfold'], input)) as {
      parts: { data?: string; data_elided?: object }[];
    }[];
    expect(message!.parts.map(({ data, data_elided }) => data?.length ?? data_elided)).toEqual([
      5_000_000,
      { bytes: 6_000_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), event: 3 },
      4_000_000,
    ]);
  });

  it('of several files is folded into the messages of each, in the order of the files', async () => {
    using folder = temporaryFolder();
    const files = ['b.jsonl', 'a.jsonl'].map((name) => folder.write(name, stream));
    const messages = JSON.parse(await printed(['fold', ...files, '--format', 'ai-sdk', '--chat', 'c'])) as {
      step_id: string;
    }[];
    expect(messages.map(({ step_id }) => step_id)).toEqual(['b.0', 'b.1', 'a.0', 'a.1']);
  });
});

describe('messages', () => {
  it('come in the order in which their present attempt was opened', async () => {
    const event = (step_id: string, type: string, attempt = 0) =>
      JSON.stringify({ v: 1, chat_id: 'c', step_id, attempt, at: 1_775_822_400_000_000, type });
    const input = [event('a', 'step-start'), event('b', 'step-start'), event('a', 'step-start', 1)].join(
      '\n',
    );
    const messages = JSON.parse(await printed(['fold', '-', '--format', 'stepfold'], input)) as {
      step_id: string;
      attempt: number;
      status: string;
    }[];
    expect(messages.map(({ step_id, attempt, status }) => [step_id, attempt, status])).toEqual([
      ['b', 0, 'open'],
      ['a', 1, 'open'],
    ]);
  });
});
