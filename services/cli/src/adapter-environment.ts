import type { AdapterChoice } from './adapter-options.js';
import { defined } from './defined.js';

/**
 * The variables of the environment by which another `stepfold` works on the same log and store, in the place
 * of those that stand for nothing here. Secrets are among them: a command line could be read by everybody.
 */
export function adapterEnvironment(adapters: AdapterChoice): Readonly<Record<string, string>> {
  const { generation, partitionCount } = adapters;
  const { kafka, mongodb } = adapters.kind === 'servers' ? adapters : {};
  const { tls, sasl } = kafka ?? {};
  return defined({
    STEPFOLD_GENERATION: generation?.toString(),
    STEPFOLD_PARTITIONS: partitionCount?.toString(),
    STEPFOLD_MONGODB: mongodb,
    STEPFOLD_KAFKA: kafka?.brokers.join(','),
    STEPFOLD_KAFKA_TOPIC_PREFIX: kafka?.topicPrefix,
    STEPFOLD_KAFKA_REPLICATION_FACTOR: kafka?.replicationFactor?.toString(),
    STEPFOLD_KAFKA_COMPRESSION: kafka?.compression,
    STEPFOLD_KAFKA_TLS: tls === undefined ? undefined : 'true',
    STEPFOLD_KAFKA_CA: tls?.ca,
    STEPFOLD_KAFKA_CERT: tls?.cert,
    STEPFOLD_KAFKA_KEY: tls?.key,
    STEPFOLD_KAFKA_KEY_PASSPHRASE: tls?.passphrase,
    STEPFOLD_KAFKA_SASL: sasl?.mechanism,
    STEPFOLD_KAFKA_USERNAME: sasl?.username,
    STEPFOLD_KAFKA_PASSWORD: sasl?.password,
  });
}

/** What selects the same folder on a command line; servers are named by the environment. */
export function adapterWords(adapters: AdapterChoice): readonly string[] {
  return adapters.kind === 'embedded' ? ['--data', adapters.directory] : [];
}
