import fs from 'node:fs/promises';
import path from 'node:path';
import type { EventLog } from '@stepfold/event-log';
import type { TlsOptions } from '@stepfold/kafka-log';
import type { MessageStore } from '@stepfold/message-store';
import { UsageError, type Logger, type Runtime } from '@stepfold/runtime';
import type { AdapterChoice, KafkaChoice, ServersChoice, TlsChoice } from './adapter-options.js';
import { defined } from './defined.js';
import { readingError } from './recordings/input-file.js';
import { shownName } from './recordings/shown-name.js';

/**
 * The one place that opens adapters: another kind of log or store is one more kind of choice and one more
 * branch here, and no command changes. Their packages are loaded when needed: a driver takes longer to load
 * than most commands to run.
 */
export interface AdapterContext {
  readonly adapters: AdapterChoice;
  readonly runtime: Runtime;
  readonly logger?: Logger;
}

export interface LogTuning {
  /** How long a member of a group may be silent before its partitions go to another. */
  readonly sessionTimeoutMs?: number;
}

/**
 * @throws UsageError if the folder, a file or a setting cannot be used
 * @throws TransientError if the brokers cannot be reached, or refuse the user
 */
export async function openLog(context: AdapterContext, tuning: LogTuning = {}): Promise<EventLog> {
  const { adapters } = context;
  const { generation, partitionCount } = adapters;
  const shape = defined({ generation, partitionCount });
  const { sessionTimeoutMs } = tuning;
  const times =
    sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs, heartbeatIntervalMs: beatMs(sessionTimeoutMs) };
  if (adapters.kind === 'servers') {
    const { openKafkaLog } = await import('@stepfold/kafka-log');
    const { runtime, logger } = context;
    const connection = await connectionOf(kafkaOf(adapters));
    return openKafkaLog({ ...connection, ...shape, ...times, ...defined({ logger }), runtime });
  }
  const { openEmbeddedLog } = await import('@stepfold/embedded-log');
  const directory = path.join(adapters.directory, 'log');
  return openEmbeddedLog({ ...shape, ...times, directory, runtime: context.runtime });
}

/** Three beats within a session, so that a late one costs nothing; a short session needs quick ones. */
function beatMs(sessionTimeoutMs: number): number {
  return Math.max(1, Math.min(3_000, Math.floor(sessionTimeoutMs / 3)));
}

/**
 * @throws UsageError if the folder or the URL cannot be used
 * @throws TransientError if the store cannot be reached, or refuses the user
 */
export async function openStore(context: AdapterContext): Promise<MessageStore> {
  const { adapters, runtime, logger } = context;
  if (adapters.kind === 'servers') {
    const { openMongodbStore } = await import('@stepfold/mongodb-store');
    return openMongodbStore({ url: mongodbOf(adapters), ...defined({ logger }), runtime });
  }
  const { openEmbeddedStore } = await import('@stepfold/embedded-store');
  return openEmbeddedStore({ directory: path.join(adapters.directory, 'store'), runtime });
}

/** A choice for a command that needs a log has one: the options of the command have seen to that. */
function kafkaOf({ kafka }: ServersChoice): KafkaChoice {
  if (kafka === undefined) throw new UsageError('bad-usage', 'the log is missing: --kafka BROKERS');
  return kafka;
}

function mongodbOf({ mongodb }: ServersChoice): string {
  if (mongodb === undefined) throw new UsageError('bad-usage', 'the store is missing: --mongodb URL');
  return mongodb;
}

async function connectionOf(kafka: KafkaChoice) {
  const { brokers, topicPrefix, replicationFactor, sasl, compression } = kafka;
  const tls = kafka.tls === undefined ? undefined : await readTls(kafka.tls);
  return { brokers, ...defined({ topicPrefix, replicationFactor, sasl, compression, tls }) };
}

async function readTls({ ca, cert, key, passphrase }: TlsChoice): Promise<TlsOptions> {
  return defined({
    ca: await readPem('--kafka-ca', ca),
    cert: await readPem('--kafka-cert', cert),
    key: await readPem('--kafka-key', key),
    passphrase: passphrase === '' ? undefined : passphrase,
  });
}

/** @throws UsageError naming the option and the file; never what is in it */
async function readPem(option: string, fileName: string | undefined): Promise<string | undefined> {
  if (fileName === undefined) return undefined;
  const label = `the file ${shownName(fileName)} of ${option}`;
  let text: string;
  try {
    text = await fs.readFile(fileName, 'utf8');
  } catch (error) {
    throw readingError(label, error);
  }
  if (text.includes('-----BEGIN ')) return text;
  throw new UsageError('bad-input', `${label} is no PEM file: it has no line -----BEGIN …-----`);
}
