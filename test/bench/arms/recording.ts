import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbeddedLog } from '@stepfold/embedded-log';
import { languageModel } from '@stepfold/formats';
import { openOutbox } from '@stepfold/outbox';
import { createRecorder, type Run } from '@stepfold/recorder';
import { createSystemRuntime } from '@stepfold/runtime';
import type { Arm, ArmJob } from '../arm.js';
import { makeFormatLines } from '../format-lines.js';
import type { Latencies } from '../statistics.js';

type Part = { readonly type: string };

/**
 * Streams of a language model, read one after the other; between two parts the event loop turns, as it does for what comes
 * over a network. `read-bare` reads them, `read-recorded` reads them through a recorder on an embedded log, and
 * `read-recorded-outbox` through one with an outbox; `read-bare-stream` and `read-recorded-stream` do so with web streams. Measured
 * is, of each part, the time from when the source gave it to when the reader has it.
 */
export async function createRecordingArm({ arm, seed, events, isSpoilt }: ArmJob): Promise<Arm> {
  const streams = streamsOf(makeFormatLines('language-model', events, seed).lines);
  const runtime = createSystemRuntime();
  const folder = mkdtempSync(path.join(tmpdir(), 'stepfold-bench-'));
  const log = await openEmbeddedLog({ directory: path.join(folder, 'log'), runtime });
  const outbox = arm.endsWith('outbox')
    ? { outbox: openOutbox({ directory: path.join(folder, 'outbox') }) }
    : {};
  const recorder = createRecorder({ log, runtime, ...outbox });
  const isBare = arm.startsWith('read-bare');
  let latencies: Latencies | undefined;
  let problem: string | undefined;
  return {
    async run(round, stopwatch) {
      const given = { atMs: 0 };
      const first: number[] = [];
      const deltas: number[] = [];
      let partsRead = 0;
      stopwatch.start();
      for (const [index, stream] of streams.entries()) {
        const parts = arriving(isSpoilt && index === 0 ? stream.slice(1) : stream, given);
        const run = recorder.openRun({ chatId: `chat-${index % 48}`, runId: `${round}-${index}` });
        const read = reading(parts, run);
        let isFirst = true;
        for await (const part of read) {
          const micros = (performance.now() - given.atMs) * 1_000;
          partsRead++;
          if (!part.type.endsWith('-delta')) continue;
          (isFirst ? first : deltas).push(micros);
          isFirst = false;
        }
      }
      await recorder.flush();
      stopwatch.stop();
      latencies = { first_us: percentiles(first), delta_us: percentiles(deltas) };
      problem = await problemOf(round);
      return partsRead;

      async function problemOf(prefix: string): Promise<string | undefined> {
        const expected = streams.reduce((sum, stream) => sum + stream.length, 0);
        if (partsRead !== expected) return `${partsRead} parts were read and not ${expected}`;
        if (isBare) return undefined;
        const ended = await stepsEnded(prefix);
        return ended === streams.length
          ? undefined
          : `${ended} steps ended on the log and not ${streams.length}`;
      }
    },
    latencies: () => latencies,
    check: () => Promise.resolve(problem),
    async [Symbol.asyncDispose]() {
      await recorder.close();
      await log.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  function reading(parts: AsyncGenerator<Part>, run: Run): AsyncIterable<Part> {
    if (!arm.endsWith('stream')) return isBare ? parts : run.recordIterable(parts, { format: languageModel });
    const stream = streamOf(parts);
    return isBare ? stream : run.recordStream(stream, { format: languageModel });
  }

  async function stepsEnded(round: string): Promise<number> {
    const decoder = new TextDecoder();
    let ended = 0;
    for (let partition = 0; partition < log.partitionCount; partition++) {
      const { begin, end } = await log.bounds('events', partition);
      for (let from = begin; from < end;) {
        const { records, nextOffset } = await log.read('events', partition, from, { recordsMax: 10_000 });
        for (const { value } of records) {
          const text = decoder.decode(value ?? undefined);
          if (text.includes('"type":"step-end"') && text.includes(`"step_id":"${round}-`)) ended++;
        }
        from = nextOffset;
      }
    }
    return ended;
  }
}

/** Parts as they come from a network: each in a turn of its own. */
async function* arriving(parts: readonly Part[], given: { atMs: number }): AsyncGenerator<Part> {
  for (const part of parts) {
    await new Promise((resolve) => setImmediate(resolve));
    given.atMs = performance.now();
    yield part;
  }
}

function streamOf(parts: AsyncGenerator<Part>): ReadableStream<Part> {
  return new ReadableStream<Part>(
    {
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

function streamsOf(lines: readonly string[]): Part[][] {
  const streams: Part[][] = [];
  for (const line of lines) {
    const part = JSON.parse(line) as Part;
    if (part.type === 'stream-start' || streams.length === 0) streams.push([]);
    streams.at(-1)!.push(part);
  }
  return streams;
}

function percentiles(values: number[]): Latencies['first_us'] {
  values.sort((a, b) => a - b);
  const at = (share: number): number =>
    values[Math.min(values.length - 1, Math.floor(values.length * share))]!;
  return { p50: at(0.5), p99: at(0.99) };
}
