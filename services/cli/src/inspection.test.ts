import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { columnsOf } from './render/text-columns.js';
import { runStepfold } from './run-stepfold.js';
import { createInProcessHost } from './testing/in-process-host.js';

async function inspected(input: string, ...words: readonly string[]) {
  const host = createInProcessHost(input);
  const exitCode = await runStepfold(['convert', '-', '--inspect', '--format', 'anthropic', ...words], host);
  return { exitCode, lines: host.printed().trimEnd().split('\n'), complained: host.complained() };
}

const linesOf = (...parts: readonly unknown[]): string =>
  parts.map((part) => (typeof part === 'string' ? `${part}\n` : `${JSON.stringify(part)}\n`)).join('');

const stream = linesOf(
  { type: 'message_start', message: { id: 'm', role: 'assistant', content: [] } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'so long' } },
  'no JSON',
  { type: 'unheard_of' },
  '',
  { type: 'content_block_stop', index: 0 },
  { type: 'ping' },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
);

describe('an inspected stream', () => {
  it('stands beside its events, with what waited and what was passed over', async () => {
    const { exitCode, lines } = await inspected(stream, '--run', 'r', '--log-level', 'silent');
    expect(exitCode).toBe(0);
    expect(lines.map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
      'line part events',
      expect.stringMatching(/^ 1 message_start .* step-start r\.0 /),
      ' 2 content_block_start text text-start id 0',
      expect.stringMatching(/^ 3 content_block_delta text_delta … text-delta text so long, id 0$/),
      ' 4 no JSON (unreadable, passed over)',
      ' 5 unheard_of (passed over: unheard_of)',
      ' 7 content_block_stop index 0 text-end id 0',
      ' 8 ping –',
      ' 9 message_delta stop_reason "end_… (↓ 10 waits for that line)',
      expect.stringMatching(/^ 10 message_stop ↑ 9 finish finish_reason stop, /),
      ' step-end',
    ]);
  });

  it('shows that a cut-off stream ends, and how', async () => {
    const { lines } = await inspected(stream.split('\n').slice(0, 3).join('\n'));
    expect(lines.at(-1)).toMatch(/^ {3}3 {2}\(end of the stream\) +interrupt reason eof/);
  });

  it('has the very events of the conversion, in JSON lines with their sources', async () => {
    const words = ['--tick', '0', '--chat', 'c', '--json'];
    const { lines, exitCode } = await inspected(stream, ...words);
    const reads = lines.map(
      (line) => JSON.parse(line) as { line: number; source: unknown; events: object[] },
    );
    expect(exitCode).toBe(0);
    const host = createInProcessHost(stream);
    await runStepfold(['convert', '-', '--format', 'anthropic', ...words], host);
    expect(reads.flatMap(({ events }) => events)).toEqual(
      host
        .printed()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    );
    expect(reads.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 7, 8, 9, 10]);
    expect(reads.map(({ source }) => source)).toEqual(
      stream
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (line.startsWith('{') ? (JSON.parse(line) as object) : line)),
    );
    expect(reads[3]).toEqual({ line: 4, source: 'no JSON', unreadable: true, events: [] });
    expect(reads[4]).toMatchObject({ passed_over: ['unheard_of'], events: [] });
  });

  it('is not made of a file of events', async () => {
    const host = createInProcessHost(
      '{"v":1,"chat_id":"c","step_id":"s","at":1775822400000000,"type":"step-start"}\n',
    );
    expect(await runStepfold(['convert', '-', '--inspect'], host)).toBe(2);
    expect(host.printed()).toBe('');
    expect(host.complained()).toContain('--inspect cannot be used with standard input: it holds events');
  });

  it('keeps to 80 columns, and to what a terminal may get, whatever the parts are', async () => {
    const part = fc.oneof(
      fc.json(),
      fc
        .record({
          type: fc.constantFrom('content_block_delta', 'message_start', 'x'),
          index: fc.nat(2),
          delta: fc.anything(),
        })
        .map((value) => JSON.stringify(value) ?? '1'),
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify({ type: text, text, 文: '文'.repeat(50) })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
        const input = [stream.split('\n')[0], ...parts.map((text) => text.replaceAll('\n', ' '))].join('\n');
        const { exitCode, lines } = await inspected(input, '--log-level', 'silent');
        expect(exitCode).toBe(0);
        for (const line of lines) {
          expect(columnsOf(line)).toBeLessThanOrEqual(80);
          // eslint-disable-next-line no-control-regex -- these are what a terminal must not get
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        }
      }),
      { numRuns: 60 },
    );
  });
});
