import { describe, expect, it } from '@jest/globals';
import { encodeEvent, type Event } from '@stepfold/events';
import { TransientError } from '@stepfold/runtime';
import { InMemoryLog } from '../../../../libs/audit/src/testing/in-memory-log.js';
import { OutputClosed } from '../output.js';
import { plainScreen } from '../render/screen.js';
import { createInProcessHost } from '../testing/in-process-host.js';
import { createInstantRuntime } from '../testing/instant-runtime.js';
import { jsonPrinter } from './event-printer.js';
import { createPersonPrinter } from './person-printer.js';
import { tailPartitions, type TailOptions } from './tail-partitions.js';

const AT = 1_775_822_400_000_000;

type Fields = Readonly<Record<string, unknown>>;

function event(fields: Fields): Event {
  return { v: 1, chat_id: 'c', step_id: 's', at: AT, ...fields } as unknown as Event;
}

function append(log: InMemoryLog, ...events: readonly Fields[]): void {
  for (const fields of events) log.appendEvent(event(fields));
}

/**
 * Tails, and runs `script` before each question to the log, with its number from 1. Stops when the script asks
 * for it; answers what was shown.
 */
async function tailed(
  log: InMemoryLog,
  options: Partial<TailOptions>,
  script: (call: number, stop: () => void) => void,
) {
  const runtime = createInstantRuntime();
  const host = { ...createInProcessHost(), runtime };
  const controller = new AbortController();
  let call = 0;
  log.onCall = () => script(++call, () => controller.abort(new DOMException('stopped', 'AbortError')));
  const tailing = tailPartitions({
    log,
    partitions: Array.from({ length: log.partitionCount }, (_, i) => i),
    start: { last: 0 },
    host,
    signal: controller.signal,
    createPrinter: () => jsonPrinter,
    ...options,
  });
  await expect(tailing).rejects.toThrow('stopped');
  await host.stdout.flush();
  const lines = host.printed().split('\n').slice(0, -1);
  return { lines, complained: host.complained(), waitsMs: runtime.waitsMs };
}

/** Position and outcome of JSON lines. */
function shown(lines: readonly string[]): string[] {
  return lines.map((line) => {
    const { position, outcome } = JSON.parse(line) as { position: string; outcome: string };
    return `${position} ${outcome}`;
  });
}

const start = { type: 'step-start' };
const delta = { type: 'text-delta', id: '0', text: 'a ' };
const end = { type: 'step-end' };

describe('tailing', () => {
  it('shows what comes from now on, with the outcomes that the past gives it', async () => {
    const log = new InMemoryLog();
    append(log, start, delta, end, { ...start, step_id: 'open' });
    const { lines } = await tailed(log, {}, (call, stop) => {
      if (call === 4) append(log, delta, { ...delta, step_id: 'open' });
      if (call === 7) stop();
    });
    expect(shown(lines)).toEqual(['0:4 not-open', '0:5 accepted']);
  });

  it('reads of the past no more than from the low-water mark of the projector', async () => {
    const log = new InMemoryLog();
    append(log, start, delta, end, { ...start, step_id: 'open' }, { ...delta, step_id: 'open' });
    log.commits.set(0, { nextOffset: 3, metadata: '' });
    const offsets: number[] = [];
    const read = log.read.bind(log);
    log.read = (topic, partition, offset, limits) => {
      offsets.push(offset);
      return read(topic, partition, offset, limits);
    };
    const { lines } = await tailed(log, {}, (call, stop) => {
      if (call === 4) append(log, { ...delta, step_id: 'open' }, delta);
      if (call === 6) stop();
    });
    expect(Math.min(...offsets)).toBe(3);
    expect(shown(lines)).toEqual(['0:5 accepted', '0:6 not-open']);
  });

  it.each([
    ['beyond the end', 99],
    ['before the beginning', 0],
  ])('reads the whole log if the mark lies %s of it', async (_where, nextOffset) => {
    const log = new InMemoryLog();
    append(log, end, start);
    log.deleteBefore(1);
    log.commits.set(0, { nextOffset, metadata: '' });
    const { lines } = await tailed(log, {}, (call, stop) => {
      if (call === 4) append(log, delta);
      if (call === 6) stop();
    });
    expect(shown(lines)).toEqual(['0:2 accepted']);
  });

  it('lets a printer settle after each page of the past, so that it holds no more of it', async () => {
    const log = new InMemoryLog();
    for (let index = 0; index < 2_500; index++) append(log, end);
    let unsettled = 0;
    let mostUnsettled = 0;
    const { lines } = await tailed(
      log,
      {
        start: { last: 10 },
        createPrinter: () => ({
          event: () => {
            mostUnsettled = Math.max(mostUnsettled, ++unsettled);
            return 'shown\n';
          },
          settle: () => {
            unsettled = 0;
            return '';
          },
          finish: () => '',
        }),
      },
      (call, stop) => {
        if (call === 9) stop();
      },
    );
    expect(lines).toHaveLength(10);
    expect(mostUnsettled).toBe(1_000);
  });

  it('shows what came while it read the past', async () => {
    const log = new InMemoryLog();
    append(log, start);
    const { lines } = await tailed(log, {}, (call, stop) => {
      // After the question for the end, before the reading.
      if (call === 2) append(log, delta);
      if (call === 5) stop();
    });
    expect(shown(lines)).toEqual(['0:1 accepted']);
  });

  it('begins with the last events of all partitions, as the log took them', async () => {
    const log = new InMemoryLog(2);
    const value = (chat_id: string): Uint8Array => encodeEvent(event({ ...start, chat_id }));
    // The log of the tests takes record n of a partition at a moment of its own, n milliseconds on.
    for (const [partition, hole] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 0],
      [1, 0],
      [0, 0],
    ] as const)
      log.appendRecord({ key: null, value: value('c') }, partition, hole);
    const { lines } = await tailed(log, { start: { last: 4 } }, (call, stop) => {
      if (call === 10) stop();
    });
    expect(shown(lines).map((line) => line.split(' ')[0])).toEqual(['1:1', '0:2', '1:2', '0:3']);
  });

  it('begins with everything, and only of the chat that is asked for', async () => {
    const log = new InMemoryLog();
    append(log, start, { ...start, chat_id: 'other' }, delta);
    const options = { start: 'beginning', chatId: 'c' } as const;
    const { lines } = await tailed(log, options, (call, stop) => {
      if (call === 3) append(log, { ...delta, chat_id: 'other' }, end);
      if (call === 6) stop();
    });
    expect(shown(lines)).toEqual(['0:0 accepted', '0:2 accepted', '0:4 accepted']);
  });

  it('waits for a log that is away, warns once, and misses nothing', async () => {
    const log = new InMemoryLog();
    const { lines, complained } = await tailed(log, {}, (call, stop) => {
      if (call === 3) append(log, start);
      if (call >= 5 && call <= 9) throw new TransientError('log-unavailable', 'the log is away');
      if (call === 10) append(log, delta);
      if (call === 13) stop();
    });
    expect(shown(lines)).toEqual(['0:0 accepted', '0:1 accepted']);
    expect(complained).toBe('stepfold: the log is away; waiting for it\n');
  });

  it('looks four times a second while nothing comes', async () => {
    const { waitsMs } = await tailed(new InMemoryLog(), {}, (call, stop) => {
      if (call === 6) stop();
    });
    expect(new Set(waitsMs)).toEqual(new Set([250]));
  });

  it('goes on when the beginning of the log has left it in the middle of a step', async () => {
    const log = new InMemoryLog();
    append(log, start, delta, delta);
    const { lines } = await tailed(log, { start: 'beginning' }, (call, stop) => {
      if (call === 1) log.deleteBefore(1);
      if (call === 3) log.deleteBefore(3);
      if (call === 4) append(log, end);
      if (call === 7) stop();
    });
    expect(shown(lines)).toEqual(['0:1 not-open', '0:2 not-open', '0:3 not-open']);
  });

  it('shows what it had gathered when it is stopped', async () => {
    const log = new InMemoryLog();
    append(log, start);
    const createPrinter = () => createPersonPrinter({ screen: plainScreen, namesChat: false });
    const { lines } = await tailed(log, { createPrinter }, (call, stop) => {
      if (call === 3) append(log, delta, { ...delta, text: 'word' });
      if (call === 4) stop();
    });
    expect(lines.map((line) => line.trim().replace(/^.* s {13}/, ''))).toEqual(['text begins', '│ a word']);
  });

  it('ends when its reader has gone away, in every partition', async () => {
    const log = new InMemoryLog(3);
    append(log, start);
    const host = {
      ...createInProcessHost(),
      runtime: createInstantRuntime(),
      stdout: {
        write: () => Promise.resolve(),
        flush: () => (log.reads > 3 ? Promise.reject(new OutputClosed('gone')) : Promise.resolve()),
      },
    };
    const tailing = tailPartitions({
      log,
      partitions: [0, 1, 2],
      start: 'beginning',
      host,
      signal: new AbortController().signal,
      createPrinter: () => jsonPrinter,
    });
    log.onCall = () => {
      if (log.reads === 3) append(log, delta);
    };
    await expect(tailing).rejects.toThrow(OutputClosed);
    const { reads } = log;
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.reads).toBe(reads);
  });
});
