import { decodeEvent, type Event } from '@stepfold/events';
import { createPublisher } from '@stepfold/publisher';
import type { Arm, ArmJob } from '../arm.js';
import { endsOf, openBenchLog, readFrom, runtime } from '../bench-places.js';
import { differenceFrom, foldPlainly } from '../plain-fold.js';
import { foldAll } from '../../support/fold-all.js';
import { createEventPublishing } from '../publish-event.js';
import { makeWorkload } from '../workload.js';

/** One way to bring events to the topic of events. */
export interface SendingPart {
  /** Resolves when the log has acknowledged all of them. */
  publishAll(events: readonly Event[]): Promise<void>;
  close(): Promise<void>;
}

/** Sends the events of a workload; afterwards what lies on the topic is folded and compared. */
export async function createSendingArm(
  job: ArmJob,
  open: (job: ArmJob) => Promise<SendingPart>,
): Promise<Arm> {
  const log = await openBenchLog(job, 'publish');
  const part = await open(job);
  let events: readonly Event[] = [];
  let begins: readonly number[] = [];

  return {
    async prepare(round) {
      begins = await endsOf(log, 'events');
      events = makeWorkload({ seed: job.seed, events: job.events, chatPrefix: `${job.arm}-${round}-` });
    },
    async run(_round, stopwatch) {
      const given = job.isSpoilt ? events.toSpliced(10, 1) : events;
      stopwatch.start();
      await part.publishAll(given);
      stopwatch.stop();
      return events.length;
    },
    async check() {
      const found: Event[] = [];
      for await (const { value } of readFrom(log, 'events', begins)) {
        const decoded = decodeEvent(value!);
        if (!decoded.ok) return decoded.detail;
        found.push(decoded.event);
      }
      if (found.length !== events.length) return `${found.length} events and not ${events.length}`;
      return differenceFrom(foldPlainly(events), foldAll(found).messages, { hasDigests: false });
    },
    async [Symbol.asyncDispose]() {
      await part.close();
      await log.close();
    },
  };
}

/** The production publisher, awaited at every event as an application does that wants to be slowed down. */
export async function openPublisherSending(job: ArmJob): Promise<SendingPart> {
  const log = await openBenchLog(job, 'publish');
  const publisher = createPublisher({ log, runtime, name: 'bench' });
  return {
    async publishAll(events) {
      const publish = createEventPublishing(publisher);
      for (const event of events) await publish(event);
      await publisher.flush();
    },
    async close() {
      await publisher.close();
      await log.close();
    },
  };
}
