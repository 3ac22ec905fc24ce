import { runProjector } from '@stepfold/projector';
import { decodeStepRecord, type Message } from '@stepfold/fold';
import { InMemoryMetrics, silentLogger } from '@stepfold/runtime';
import type { Arm, ArmJob } from '../arm.js';
import { endsOf, openBenchLog, readFrom, runtime } from '../bench-places.js';
import { observeLog } from '../observed-log.js';
import { differenceFrom, foldPlainly } from '../plain-fold.js';
import { makeWorkload } from '../workload.js';

/** The production projector on the same topic, in a fresh group, until everything is folded, appended and committed. */
export async function createProjectorArm(job: ArmJob): Promise<Arm> {
  const log = await openBenchLog(job, 'consume');
  const ends = await endsOf(log, 'events');
  const records = ends.reduce((sum, end) => sum + end, 0);
  const expected = foldPlainly(makeWorkload({ seed: job.seed, events: job.events, chatPrefix: 'chat-' }));
  let stepsBegin: readonly number[] = [];

  return {
    async prepare() {
      stepsBegin = await endsOf(log, 'steps');
    },
    async run(round, stopwatch) {
      const done = new AbortController();
      const open = new Set([...ends.keys()].filter((partition) => ends[partition]! > 0));
      let seen = 0;
      const observed = observeLog(log, {
        onAssigned: () => stopwatch.start(),
        onCommitted({ partition }, { metadata }) {
          const { folded_to } = JSON.parse(metadata) as { readonly folded_to: number };
          if (folded_to < ends[partition]!) return;
          open.delete(partition);
          if (open.size > 0) return;
          stopwatch.stop();
          done.abort();
        },
        ...(job.isSpoilt ? { isSeen: () => ++seen !== 10 } : {}),
      });
      await runProjector({
        log: observed,
        runtime,
        logger: silentLogger,
        metrics: new InMemoryMetrics(),
        signal: done.signal,
        config: { group: `projector.${round}` },
      });
      return records;
    },
    async check() {
      const messages = new Map<string, Message>();
      for await (const { key, value } of readFrom(log, 'steps', stepsBegin)) {
        const record = decodeStepRecord(key, value);
        if (typeof record === 'string') return record;
        if (record.kind === 'progress') continue;
        const { message } = record;
        const id = `${message.chat_id}:${message.step_id}`;
        if ((messages.get(id)?.rev ?? -1) < message.rev) messages.set(id, message);
      }
      return differenceFrom(expected, messages.values(), { hasDigests: true });
    },
    [Symbol.asyncDispose]: () => log.close(),
  };
}
