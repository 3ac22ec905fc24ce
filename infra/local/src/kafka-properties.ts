/** Where one node listens, always on 127.0.0.1. */
export interface KafkaPorts {
  readonly broker: number;
  readonly controller: number;
  /** For SASL over TLS; only with `security`. */
  readonly secure?: number;
}

export interface KafkaUser {
  readonly name: string;
  readonly password: string;
}

export interface KafkaNodeSettings {
  readonly nodeId: number;
  /** Of every node, in the order of the ids 1, 2, 3. */
  readonly ports: readonly KafkaPorts[];
  readonly logDirectory: string;
  /** Adds a listener that speaks SASL (PLAIN and SCRAM) over TLS. */
  readonly security?: { readonly keyStoreFile: string; readonly users: readonly KafkaUser[] };
  /** Broker settings that come last and win. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
}

const HOST = '127.0.0.1';

/** The settings of one node of a small cluster for tests, as the text of a `server.properties`. */
export function kafkaProperties(settings: KafkaNodeSettings): string {
  const all = { ...baseProperties(settings), ...securityProperties(settings), ...settings.properties };
  return `${Object.entries(all)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

function baseProperties({ nodeId, ports, logDirectory }: KafkaNodeSettings): Record<string, string | number> {
  const own = ports[nodeId - 1] as KafkaPorts;
  const isCluster = ports.length > 1;
  const replicas = isCluster ? 3 : 1;
  const minInSync = isCluster ? 2 : 1;
  return {
    'process.roles': 'broker,controller',
    'node.id': nodeId,
    'controller.quorum.voters': ports
      .map(({ controller }, index) => `${index + 1}@${HOST}:${controller}`)
      .join(','),
    listeners: `PLAINTEXT://${HOST}:${own.broker},CONTROLLER://${HOST}:${own.controller}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${own.broker}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': logDirectory,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': minInSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minInSync,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minInSync,
    // A group that is there at once, and members that may be lost quickly.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 100,
    // How long a killed broker counts as alive, and how long its next start has to wait: 9 s by default. A
    // broker that gets no processor for this long leads nothing until it is heard of again.
    'broker.session.timeout.ms': isCluster ? 3000 : 2000,
    'broker.heartbeat.interval.ms': isCluster ? 500 : 300,
    // What retention deletes is gone soon, for tests of logs that have lost their beginning.
    'log.retention.check.interval.ms': 1000,
    'log.initial.task.delay.ms': 500,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    'log.cleaner.backoff.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
  };
}

function securityProperties({ nodeId, ports, security }: KafkaNodeSettings): Record<string, string | number> {
  if (security === undefined) return {};
  const own = ports[nodeId - 1] as KafkaPorts;
  const modules = 'org.apache.kafka.common.security';
  const scram = `${modules}.scram.ScramLoginModule required;`;
  const plainUsers = security.users.map(({ name, password }) => `user_${name}="${password}"`).join(' ');
  return {
    listeners: `PLAINTEXT://${HOST}:${own.broker},CONTROLLER://${HOST}:${own.controller},SASL_SSL://${HOST}:${own.secure}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${own.broker},SASL_SSL://${HOST}:${own.secure}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required ${plainUsers};`,
    'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': scram,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': security.keyStoreFile,
  };
}
