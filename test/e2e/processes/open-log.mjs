import { openEmbeddedLog } from '@stepfold/embedded-log';
import { openKafkaLog } from '@stepfold/kafka-log';

/** Opens the log that the JSON of a `LogPlace` names (test/support/test-data.ts). */
export function openLog(placeJson, runtime) {
  const { adapter, ...options } = JSON.parse(placeJson);
  const open = { embedded: openEmbeddedLog, kafka: openKafkaLog }[adapter];
  return open({ ...options, runtime });
}
