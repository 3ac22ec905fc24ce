import type { Topic } from '@stepfold/event-log';
import { InMemoryMetrics, silentLogger, UsageError } from '@stepfold/runtime';
import type { Logger, Metrics, Runtime } from '@stepfold/runtime';

/** Where the Kafka cluster is, how to talk to it, and what its topics are to be like. */
export interface KafkaLogOptions {
  /** `host:port` of some brokers, enough to find the others; an IPv6 address in brackets: `[::1]:9092`. */
  readonly brokers: readonly string[];
  readonly runtime: Runtime;
  /** Default: silent. What goes wrong and is tried again is a warning; payloads never appear. */
  readonly logger?: Logger;
  /** Default: counted and forgotten. */
  readonly metrics?: Metrics;
  /** The name of this program in the logs, quotas and metrics of the brokers. Default `stepfold`. */
  readonly clientId?: string;
  /**
   * What stands before the names of topics and groups. Default `stepfold.`: topic `stepfold.events`, group
   * `stepfold.projector`. Letters, digits, `.`, `_` and `-`; at most 237 characters.
   */
  readonly topicPrefix?: string;
  /** The log generation, 0 to 32,767: raised by the operator when the topics are created anew. Default 0. */
  readonly generation?: number;
  /** How many partitions topics are created with (default 12), and if given what existing ones must have. */
  readonly partitionCount?: number;
  /** How many replicas topics are created with, 1 to 32,767. Default: what the brokers are set to. */
  readonly replicationFactor?: number;
  /** Whether missing topics are created. Default true. Existing ones are never changed. */
  readonly createTopics?: boolean;
  /**
   * For how long each topic is to keep its records, in milliseconds; `-1` for ever. Topics are created with
   * it, and existing ones that differ are reported. Default: `events` and `dead-letters` 30 days, `steps` 7.
   */
  readonly retentionMs?: Partial<Readonly<Record<Topic, number>>>;
  /** Default: no TLS. `{}` is TLS with the certificate authorities of Node. */
  readonly tls?: TlsOptions;
  /** Default: nobody logs in. */
  readonly sasl?: SaslOptions;
  /** How batches are compressed that this log appends. Default `none`. All of them can be read. */
  readonly compression?: Compression;
  /**
   * For how long a member of a group may be silent before its partitions go to others, in milliseconds.
   * Default 30,000. The brokers allow 6,000 to 1,800,000 unless they are set otherwise.
   */
  readonly sessionTimeoutMs?: number;
  /** At most a third of the session time-out, so that a late beat costs nothing. Default 3,000, or that third. */
  readonly heartbeatIntervalMs?: number;
  /** How long the members of a group have to hand over their partitions, in milliseconds. Default 30,000. */
  readonly rebalanceTimeoutMs?: number;
  /** How long a connection may take, with TLS, in milliseconds. Default 5,000. */
  readonly connectionTimeoutMs?: number;
  /** How long a broker may take to answer one request, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
}

/** How to make sure of the brokers, and how they make sure of us. Everything that has lines is PEM text. */
export interface TlsOptions {
  /** The certificate authorities that may have signed the brokers' certificates. Default: those of Node. */
  readonly ca?: string;
  /** Our certificate, if the brokers ask for one. */
  readonly cert?: string;
  /** Its private key. */
  readonly key?: string;
  /** What the key is encrypted with. */
  readonly passphrase?: string;
  /** Default true. Without, anybody on the way can read and change everything. */
  readonly rejectUnauthorized?: boolean;
  /** The name that the brokers' certificates must bear. Default: the host of each. */
  readonly servername?: string;
}

export const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];

export interface SaslOptions {
  /** `plain` sends the password as it is: use it over TLS only. */
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

export const compressions = ['none', 'gzip', 'snappy', 'lz4'] as const;
export type Compression = (typeof compressions)[number];

/** The options with every default filled in. */
export interface ResolvedKafkaLogOptions {
  readonly brokers: readonly BrokerAddress[];
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clientId: string;
  readonly topicPrefix: string;
  readonly generation: number;
  /** What was asked for; `DEFAULT_PARTITION_COUNT` counts only where topics are created. */
  readonly partitionCount: number | undefined;
  readonly replicationFactor: number | undefined;
  readonly createTopics: boolean;
  readonly retentionMs: Readonly<Record<Topic, number>>;
  readonly tls: TlsOptions | undefined;
  readonly sasl: SaslOptions | undefined;
  readonly compression: Compression;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

export interface BrokerAddress {
  /** A name or an address; an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
}

/** How many partitions topics are created with if nobody says. */
export const DEFAULT_PARTITION_COUNT = 12;

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Kafka takes 249 characters for the name of a topic, and the longest of ours has 12 behind the prefix. */
const PREFIX_LENGTH_MAX = 237;
/** The highest delay of a timer. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** Topics of more partitions than this are a typing error rather than a wish. */
const PARTITION_COUNT_MAX = 10_000;

/**
 * Checks the options and fills in the defaults.
 * @throws UsageError `bad-configuration` naming the option; the message holds no secret
 */
export function resolveOptions(options: KafkaLogOptions): ResolvedKafkaLogOptions {
  const { topicPrefix = 'stepfold.', clientId = 'stepfold', compression = 'none' } = options;
  if (!/^[\w.-]*$/.test(topicPrefix) || topicPrefix.length > PREFIX_LENGTH_MAX) {
    throw badOption(
      'topicPrefix',
      `must have at most ${PREFIX_LENGTH_MAX} letters, digits, '.', '_' and '-', not ${JSON.stringify(topicPrefix)}`,
    );
  }
  if (clientId === '') throw badOption('clientId', 'must not be empty');
  requireOneOf('compression', compression, compressions);
  requireInteger('generation', options.generation, 0, 32_767);
  requireInteger('partitionCount', options.partitionCount, 1, PARTITION_COUNT_MAX);
  requireInteger('replicationFactor', options.replicationFactor, 1, 32_767);
  const retentionMs = { events: 30 * DAY_MS, steps: 7 * DAY_MS, 'dead-letters': 30 * DAY_MS };
  for (const [topic, ageMs] of Object.entries({ ...options.retentionMs })) {
    if (ageMs === -1) continue;
    requireInteger(`retentionMs of ${topic}`, ageMs, 1, Number.MAX_SAFE_INTEGER);
  }
  return {
    brokers: parseBrokers(options.brokers),
    runtime: options.runtime,
    logger: options.logger ?? silentLogger,
    metrics: options.metrics ?? new InMemoryMetrics(),
    clientId,
    topicPrefix,
    generation: options.generation ?? 0,
    partitionCount: options.partitionCount,
    replicationFactor: options.replicationFactor,
    createTopics: options.createTopics ?? true,
    retentionMs: { ...retentionMs, ...options.retentionMs },
    tls: checkedTls(options.tls),
    sasl: checkedSasl(options.sasl),
    compression,
    ...timesOf(options),
  };
}

type Times = Pick<
  ResolvedKafkaLogOptions,
  | 'sessionTimeoutMs'
  | 'heartbeatIntervalMs'
  | 'rebalanceTimeoutMs'
  | 'connectionTimeoutMs'
  | 'requestTimeoutMs'
>;

function timesOf(options: KafkaLogOptions): Times {
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 30_000;
  const times: Times = {
    sessionTimeoutMs,
    heartbeatIntervalMs:
      options.heartbeatIntervalMs ?? Math.max(1, Math.min(3_000, Math.floor(sessionTimeoutMs / 3))),
    rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 30_000,
    connectionTimeoutMs: options.connectionTimeoutMs ?? 5_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
  };
  for (const [name, value] of Object.entries(times)) requireInteger(name, value, 1, TIMER_MS_MAX);
  if (times.heartbeatIntervalMs * 3 > times.sessionTimeoutMs) {
    throw badOption(
      'heartbeatIntervalMs',
      `(${times.heartbeatIntervalMs}) must be at most a third of sessionTimeoutMs (${times.sessionTimeoutMs}), ` +
        'or one late beat costs a member its partitions',
    );
  }
  return times;
}

function parseBrokers(brokers: readonly string[]): readonly BrokerAddress[] {
  if (brokers.length === 0) throw badOption('brokers', 'must name at least one broker as host:port');
  return brokers.map((broker, index) => {
    const address = parseBroker(broker);
    if (address !== undefined) return address;
    // What holds an @ may be a URL with a password.
    const shown = broker.includes('@') ? `entry ${index + 1}` : JSON.stringify(broker);
    throw badOption('brokers', `must be host:port, such as kafka-1:9092 or [::1]:9092; ${shown} is not`);
  });
}

function parseBroker(broker: string): BrokerAddress | undefined {
  const [, address, name, digits] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(broker) ?? [];
  const host = address ?? name;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

function checkedTls(tls: TlsOptions | undefined): TlsOptions | undefined {
  if (tls === undefined) return undefined;
  for (const name of ['ca', 'cert', 'key'] as const) {
    const text = tls[name];
    if (text !== undefined && !text.includes('-----BEGIN ')) {
      throw badOption(`tls.${name}`, 'must be PEM text, which has a line -----BEGIN …-----');
    }
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw badOption(
      tls.cert === undefined ? 'tls.cert' : 'tls.key',
      'is missing: a certificate and its key go together',
    );
  }
  return tls;
}

function checkedSasl(sasl: SaslOptions | undefined): SaslOptions | undefined {
  if (sasl === undefined) return undefined;
  requireOneOf('sasl.mechanism', sasl.mechanism, saslMechanisms);
  for (const name of ['username', 'password'] as const) {
    if (typeof sasl[name] !== 'string' || sasl[name] === '')
      throw badOption(`sasl.${name}`, 'must not be empty');
  }
  return sasl;
}

function requireOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw badOption(name, `must be one of ${allowed.join(', ')}, not ${JSON.stringify(value)}`);
}

function requireInteger(name: string, value: number | undefined, lowest: number, highest: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= lowest && value <= highest)) return;
  throw badOption(name, `must be a whole number from ${lowest} to ${highest}, not ${value}`);
}

function badOption(name: string, problem: string): UsageError {
  return new UsageError('bad-configuration', `${name} ${problem}`);
}
