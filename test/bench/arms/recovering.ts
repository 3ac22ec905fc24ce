import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbeddedLog, type EmbeddedLog } from '@stepfold/embedded-log';
import type { EventLog, RecordToAppend } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { decodeStepRecord, type Message } from '@stepfold/fold';
import { runProjector } from '@stepfold/projector';
import { InMemoryMetrics, silentLogger } from '@stepfold/runtime';
import { appendEvents } from '../../support/append-events.js';
import type { Arm, ArmJob } from '../arm.js';
import { readFrom, runtime } from '../bench-places.js';
import { observeLog, type LogObserver } from '../observed-log.js';
import { differenceFrom, foldPlainly } from '../plain-fold.js';
import { makeWorkload } from '../workload.js';

/**
 * A projector that starts again while the oldest open step of its partition waits for a tool, and other chats have gone on
 * since that step began: `recover-…` runs from the assignment of the partition until the step's end, appended in
 * between, has its version. `reread` reads the same records and parses them, nothing else. On an embedded log with one partition.
 */
export async function createRecoveringArm(job: ArmJob): Promise<Arm> {
  const since = makeWorkload({ seed: job.seed, events: job.events, chatPrefix: 'chat-' });
  const before = [...waitingStep(since[0]!.at), ...since];
  const after = endOfWait(since.at(-1)!.at);
  const expected = foldPlainly([...before, ...after]);
  const recordCount = before.length + after.length;
  const folder = mkdtempSync(path.join(tmpdir(), 'stepfold-bench-'));
  let log: EmbeddedLog | undefined;
  let characters = 0;

  return {
    async prepare(round) {
      await log?.close();
      log = await openEmbeddedLog({ directory: path.join(folder, round), runtime, partitionCount: 1 });
      await appendEvents(log, before);
      if (job.arm !== 'reread') {
        await projectUntil(log, (done) => ({
          onCommitted(_partition, { metadata }) {
            const { folded_to } = JSON.parse(metadata) as { readonly folded_to: number };
            if (folded_to >= before.length) done();
          },
        }));
      }
      await appendEvents(log, after);
    },
    async run(_round, stopwatch) {
      if (job.arm === 'reread') {
        stopwatch.start();
        characters = await reread(log!, job.isSpoilt);
        stopwatch.stop();
        return recordCount;
      }
      let seen = 0;
      await projectUntil(log!, (done) => ({
        onAssigned: () => stopwatch.start(),
        onAppended(topic, records) {
          if (topic !== 'steps' || !records.some(isLastVersionOfOldest)) return;
          stopwatch.stop();
          done();
        },
        // The second event is one of the step that waits.
        ...(job.isSpoilt ? { isSeen: () => ++seen !== 2 } : {}),
      }));
      return recordCount;
    },
    async check() {
      if (job.arm === 'reread') {
        const all = [...before, ...after].reduce((sum, event) => sum + charactersOf(event), 0);
        return characters === all ? undefined : `${characters} characters of text and not ${all}`;
      }
      return differenceFrom(expected, await lastVersions(log!), { hasDigests: true });
    },
    async [Symbol.asyncDispose]() {
      await log?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const CHAT_ID = 'oldest';

function* waitingStep(at: number): Generator<Event> {
  const step = { v: 1, chat_id: CHAT_ID, step_id: 'step', producer: 'bench' } as const;
  yield { ...step, at, seq: 0, type: 'step-start', provider: 'anthropic', model: 'claude-sonnet-4' };
  yield { ...step, at, seq: 1, type: 'text-delta', id: 't0', text: 'This will take a while.' };
  yield {
    ...step,
    at,
    seq: 2,
    type: 'tool-call',
    tool_call_id: 'call',
    tool_name: 'wait',
    args: { until: 'done' },
  };
  yield { ...step, at, seq: 3, type: 'tool-execution-start', tool_call_id: 'call' };
}

function endOfWait(at: number): readonly Event[] {
  const step = { v: 1, chat_id: CHAT_ID, step_id: 'step', at, producer: 'bench' } as const;
  return [
    { ...step, seq: 4, type: 'tool-result', tool_call_id: 'call', result: 'done' },
    { ...step, seq: 5, type: 'step-end' },
  ];
}

type Watch = Pick<LogObserver, 'onAssigned' | 'onCommitted' | 'onAppended' | 'isSeen'>;

/** Runs the production projector until what it is watched for has happened. */
async function projectUntil(log: EventLog, watch: (done: () => void) => Watch): Promise<void> {
  const ended = new AbortController();
  await runProjector({
    log: observeLog(
      log,
      watch(() => ended.abort()),
    ),
    runtime,
    logger: silentLogger,
    metrics: new InMemoryMetrics(),
    signal: ended.signal,
  });
}

function isLastVersionOfOldest({ key, value }: RecordToAppend): boolean {
  if (key === null || !new TextDecoder().decode(key).startsWith(CHAT_ID)) return false;
  const record = decodeStepRecord(key, value);
  return typeof record !== 'string' && record.kind !== 'progress' && record.message.status !== 'open';
}

async function lastVersions(log: EventLog): Promise<Iterable<Message>> {
  const messages = new Map<string, Message>();
  for await (const { key, value } of readFrom(log, 'steps', [0])) {
    const record = decodeStepRecord(key, value);
    if (typeof record === 'string') throw new Error(record);
    if (record.kind === 'progress') continue;
    const { message } = record;
    const id = `${message.chat_id}:${message.step_id}`;
    if ((messages.get(id)?.rev ?? -1) < message.rev) messages.set(id, message);
  }
  return messages.values();
}

async function reread(log: EventLog, isSpoilt: boolean): Promise<number> {
  const decoder = new TextDecoder();
  let characters = 0;
  for await (const { offset, value } of readFrom(log, 'events', [0])) {
    if (isSpoilt && offset === 1) continue;
    characters += charactersOf(JSON.parse(decoder.decode(value!)) as Event);
  }
  return characters;
}

function charactersOf(event: Event): number {
  return 'text' in event && typeof event.text === 'string' ? event.text.length : 0;
}
