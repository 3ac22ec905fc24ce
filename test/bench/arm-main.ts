import path from 'node:path';
import type { Arm, ArmJob } from './arm.js';
import type { ArmAnswer, ArmRequest } from './arm-process.js';
import { createStopwatch } from './stopwatch.js';

/** The process of one arm: prepares it, and does a round whenever it is asked to. */
async function serve(job: ArmJob): Promise<void> {
  const arm = await createArm(job);
  let work = Promise.resolve();
  process.on('message', (request: ArmRequest) => {
    work = work.then(() => handle(arm, job, request)).catch(fail);
  });
  // Nobody is left to ask.
  process.on('disconnect', () => process.exit(1));
  answer({ kind: 'ready' });
}

async function handle(arm: Arm, job: ArmJob, request: ArmRequest): Promise<void> {
  if (request.kind === 'close') {
    await arm[Symbol.asyncDispose]();
    answer({ kind: 'closed' });
    process.disconnect();
    return;
  }
  const { round, isProfiled } = request;
  await arm.prepare?.(round);
  // What preparing has left behind is not the work's to collect.
  globalThis.gc?.();
  const stopwatch = createStopwatch(
    isProfiled && job.profileFolder !== undefined
      ? path.join(job.profileFolder, `${job.arm}.cpuprofile`)
      : undefined,
  );
  const records = await arm.run(round, stopwatch);
  const latencies = arm.latencies?.();
  const measured = { ...stopwatch.measured(records), ...(latencies === undefined ? {} : { latencies }) };
  const problem = await arm.check(round);
  answer({ kind: 'measured', measured, ...(problem === undefined ? {} : { problem }) });
}

async function createArm(job: ArmJob): Promise<Arm> {
  switch (job.arm) {
    case 'drain':
    case 'drain-parse':
    case 'drain-parse-zod':
      return (await import('./arms/drain.js')).createDrainArm(job);
    case 'projector':
      return (await import('./arms/projector.js')).createProjectorArm(job);
    case 'raw-send':
    case 'raw-send-tuned': {
      const { createSendingArm } = await import('./arms/sending-arm.js');
      return createSendingArm(job, (await import('./arms/raw-send.js')).openRawSending);
    }
    case 'publisher': {
      const { createSendingArm, openPublisherSending } = await import('./arms/sending-arm.js');
      return createSendingArm(job, openPublisherSending);
    }
    case 'raw-bulk-write':
      return (await import('./arms/raw-bulk-write.js')).createRawBulkWriteArm(job);
    case 'writer':
      return (await import('./arms/writer.js')).createWriterArm(job);
    case 'naive-updates':
    case 'naive-updates-concurrent':
      return (await import('./arms/naive-updates.js')).createNaiveUpdatesArm(job);
    case 'end-to-end':
      return (await import('./arms/end-to-end.js')).createEndToEndArm(job);
    case 'read-bare':
    case 'read-recorded':
    case 'read-recorded-outbox':
    case 'read-bare-stream':
    case 'read-recorded-stream':
      return (await import('./arms/recording.js')).createRecordingArm(job);
    case 'recover-second':
    case 'recover-minute':
    case 'recover-hour':
    case 'reread':
      return (await import('./arms/recovering.js')).createRecoveringArm(job);
    default:
      return (await import('./arms/converting.js')).createConvertingArm(job);
  }
}

function answer(message: ArmAnswer): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

serve(JSON.parse(process.argv[2]!) as ArmJob).catch(fail);
