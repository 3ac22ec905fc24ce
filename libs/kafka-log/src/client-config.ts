import net from 'node:net';
import tls from 'node:tls';
import {
  logLevel,
  type ISocketFactory,
  type KafkaConfig,
  type LogEntry,
  type RetryOptions,
  type SASLOptions,
} from 'kafkajs';
import type { Logger } from '@stepfold/runtime';
import type { BrokerAddress, ResolvedKafkaLogOptions, TlsOptions } from './kafka-log-options.js';

/**
 * How often kafkajs itself repeats what failed: about 3 s in all. Said in full, because its defaults are
 * others when it runs under jest, and a test would then not test what runs. Whoever calls the log repeats
 * for longer, with back-off.
 */
export const retryPolicy: Required<Omit<RetryOptions, 'restartOnFailure'>> = {
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  factor: 0.2,
  multiplier: 2,
  retries: 5,
};

const KEEP_ALIVE_DELAY_MS = 60_000;

/** The configuration of every kafkajs client of a log. */
export function clientConfig(options: ResolvedKafkaLogOptions): KafkaConfig {
  const { sasl, logger } = options;
  return {
    brokers: options.brokers.map(seedName),
    clientId: options.clientId,
    ...(options.tls === undefined ? {} : { ssl: connectionOptions(options.tls) }),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    connectionTimeout: options.connectionTimeoutMs,
    authenticationTimeout: options.requestTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: { ...retryPolicy },
    socketFactory: createSocket,
    // Its debug lines, one for each request and answer, cost more than the requests of an idle client.
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => passOn(entry, logger),
  };
}

/**
 * How kafkajs is told of a broker to begin with. It takes what stands between the first two colons for the
 * port, so the colons of an IPv6 address are escaped, and `createSocket` restores them.
 */
export function seedName({ host, port }: BrokerAddress): string {
  return `${host.includes(':') ? `[${host.replaceAll(':', '%3A')}]` : host}:${port}`;
}

function hostOf(name: string): string {
  return name.startsWith('[') ? name.slice(1, -1).replaceAll('%3A', ':') : name;
}

function connectionOptions(options: TlsOptions): tls.ConnectionOptions {
  const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    rejectUnauthorized: rejectUnauthorized ?? true,
  };
}

/**
 * Opens a connection whose small requests leave at once. kafkajs' own factory leaves Nagle's algorithm on,
 * which holds back a request until the last answer was acknowledged: the 99th percentile of a send is 17 ms
 * without it and 52 ms with it.
 */
export const createSocket: ISocketFactory = ({ host: name, port, ssl, onConnect }) => {
  const host = hostOf(name);
  // kafkajs declares `ssl` as always there; without TLS it is null. The name is for the certificate, and an
  // address is not a name.
  const socket: net.Socket = (ssl as tls.ConnectionOptions | null)
    ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.once('connect', () => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  });
  return socket;
};

/** The fields of kafkajs' lines that are ids, positions, counts and codes. The others hold stacks and payloads. */
const fieldsPassedOn = [
  'broker',
  'groupId',
  'memberId',
  'coordinator',
  'topic',
  'partition',
  'offset',
  'correlationId',
  'size',
  'apiName',
  'retryCount',
  'retryTime',
  'error',
] as const;

/**
 * Whatever fails here is thrown as well, and whoever asked for it says so; so these lines are for looking
 * closer, except the few that nobody would hear of otherwise.
 */
const namespacesOfCallers: ReadonlySet<string> = new Set([
  'Connection',
  'ConnectionPool',
  'BrokerPool',
  'RequestQueue',
  'Cluster',
  'Admin',
]);

function passOn({ namespace, level, log }: LogEntry, logger: Logger): void {
  const fields: Record<string, unknown> = { from: namespace === '' ? 'kafkajs' : `kafkajs ${namespace}` };
  for (const name of fieldsPassedOn) {
    const value: unknown = log[name];
    if (typeof value === 'string' || typeof value === 'number') fields[name] = value;
  }
  const isWarning = level <= logLevel.WARN && !namespacesOfCallers.has(namespace);
  logger[isWarning ? 'warn' : 'debug'](fields, log.message);
}
