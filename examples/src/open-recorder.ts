import { openEmbeddedLog } from '@stepfold/embedded-log';
import { createRecorder, type Recorder } from '@stepfold/recorder';
import { createSystemRuntime } from '@stepfold/runtime';

/** A recorder on the log of `npx stepfold dev`. On Kafka it would be `openKafkaLog` of `@stepfold/kafka-log`. */
export async function openRecorder(directory = '.stepfold/log'): Promise<Recorder> {
  const log = await openEmbeddedLog({ directory, runtime: createSystemRuntime() });
  const recorder = createRecorder({ log, onError: (error) => console.error(error.message) });
  const stop = (): void => {
    void recorder.shutdown().finally(() => process.exit(0));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  return recorder;
}
