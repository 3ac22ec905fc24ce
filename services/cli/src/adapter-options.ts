import fs from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Compression, SaslMechanism } from '@stepfold/kafka-log';
import { UsageError } from '@stepfold/runtime';
import type { Host } from './host.js';
import { parseWhole } from './parse-whole.js';
import { shownName } from './recordings/shown-name.js';

/** What a command works on. */
export type AdapterNeeds = 'log' | 'store' | 'both';

export interface AdapterOptions {
  /** Where log and store are; settled before the action of the command runs. */
  readonly adapters: AdapterChoice;
}

export type AdapterChoice = EmbeddedChoice | ServersChoice;

interface Shape {
  /** The log generation that is meant, if one was named. */
  readonly generation: number | undefined;
  readonly partitionCount: number | undefined;
}

/** Log and store in a folder. */
export interface EmbeddedChoice extends Shape {
  readonly kind: 'embedded';
  readonly directory: string;
}

/** Kafka and MongoDB; the one that the command does not need may be missing. */
export interface ServersChoice extends Shape {
  readonly kind: 'servers';
  readonly kafka: KafkaChoice | undefined;
  readonly mongodb: string | undefined;
  /** What the command line said, as variables of the environment; no secret is in it. */
  readonly variables: readonly string[];
}

export interface KafkaChoice {
  readonly brokers: readonly string[];
  readonly topicPrefix: string | undefined;
  readonly replicationFactor: number | undefined;
  readonly tls: TlsChoice | undefined;
  readonly sasl: SaslChoice | undefined;
  readonly compression: Compression | undefined;
}

/** Names of PEM files. */
export interface TlsChoice {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly passphrase: string | undefined;
}

export interface SaslChoice {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

/** Where the embedded log and store are unless somebody says otherwise. */
export const DEFAULT_DIRECTORY = '.stepfold';
const GENERATION_MAX = 32_767;
const PARTITION_COUNT_MAX = 10_000;
const REPLICATION_FACTOR_MAX = 100;

// Written out: the packages of the adapters are loaded only when one of them is opened.
const compressions = ['none', 'gzip', 'snappy', 'lz4'] as const satisfies readonly Compression[];
const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const satisfies readonly SaslMechanism[];

/** Secrets come from the environment only: everybody on the machine can read a command line. */
const USERNAME = 'STEPFOLD_KAFKA_USERNAME';
const PASSWORD = 'STEPFOLD_KAFKA_PASSWORD';
const KEY_PASSPHRASE = 'STEPFOLD_KAFKA_KEY_PASSPHRASE';

const WHERE = 'Where the data is:';
const KAFKA = 'Kafka (each also as STEPFOLD_KAFKA_…, e.g. STEPFOLD_KAFKA_TOPIC_PREFIX):';

/** One option, and the variable of the environment that stands in for it. */
interface Entry {
  readonly option: Option;
  readonly variable?: string;
}

/** What the options are before they are put together. */
interface Given {
  readonly data: string;
  readonly kafka?: readonly string[];
  readonly mongodb?: string;
  readonly generation?: number;
  readonly partitions?: number;
  readonly topicPrefix?: string;
  readonly replicationFactor?: number;
  readonly kafkaTls?: boolean;
  readonly kafkaCa?: string;
  readonly kafkaCert?: string;
  readonly kafkaKey?: string;
  readonly kafkaSasl?: SaslMechanism;
  readonly compression?: Compression;
}

function generalEntries(): readonly Entry[] {
  return [
    { option: new Option('--data <dir>', 'folder of the embedded log and store').default(DEFAULT_DIRECTORY) },
    {
      option: new Option(
        '--kafka <brokers>',
        'log on Kafka: host:port,host:port (env: STEPFOLD_KAFKA)',
      ).argParser(parseBrokers),
      variable: 'STEPFOLD_KAFKA',
    },
    {
      option: new Option('--mongodb <url>', 'store in MongoDB (env: STEPFOLD_MONGODB)'),
      variable: 'STEPFOLD_MONGODB',
    },
    {
      option: new Option('--generation <n>', 'of the log (default: 0, env: STEPFOLD_GENERATION)').argParser(
        (text) => parseWhole(text, GENERATION_MAX, 'generations'),
      ),
      variable: 'STEPFOLD_GENERATION',
    },
    {
      option: new Option(
        '--partitions <n>',
        'of a new log; an old one must have them (env: STEPFOLD_PARTITIONS)',
      ).argParser((text) => parseCount(text, PARTITION_COUNT_MAX)),
      variable: 'STEPFOLD_PARTITIONS',
    },
  ];
}

function kafkaEntries(): readonly Entry[] {
  return [
    {
      option: new Option('--topic-prefix <text>', 'before topics and groups (default: "stepfold.")'),
      variable: 'STEPFOLD_KAFKA_TOPIC_PREFIX',
    },
    {
      option: new Option(
        '--replication-factor <n>',
        'replicas of new topics (default: as brokers say)',
      ).argParser((text) => parseCount(text, REPLICATION_FACTOR_MAX)),
      variable: 'STEPFOLD_KAFKA_REPLICATION_FACTOR',
    },
    {
      option: new Option('--compression <kind>', 'how new records are compressed (default: none)').choices(
        compressions,
      ),
      variable: 'STEPFOLD_KAFKA_COMPRESSION',
    },
    {
      option: new Option('--kafka-tls', 'connect with TLS; the next three imply it'),
      variable: 'STEPFOLD_KAFKA_TLS',
    },
    {
      option: new Option('--kafka-ca <file>', 'authorities of the brokers’ certificates (PEM)'),
      variable: 'STEPFOLD_KAFKA_CA',
    },
    {
      option: new Option('--kafka-cert <file>', 'certificate to show to the brokers (PEM)'),
      variable: 'STEPFOLD_KAFKA_CERT',
    },
    {
      option: new Option('--kafka-key <file>', `its key (PEM; ${KEY_PASSPHRASE})`),
      variable: 'STEPFOLD_KAFKA_KEY',
    },
    {
      option: new Option(
        '--kafka-sasl <mechanism>',
        `log in by ${mechanisms.join(', ')} as ${USERNAME} with ${PASSWORD}`,
      ).argParser(parseMechanism),
      variable: 'STEPFOLD_KAFKA_SASL',
    },
  ];
}

/**
 * Adds the options that say which log and store a command works on. What the environment says counts where
 * the command line says nothing; `--data` on the command line goes before every server in the environment.
 */
export function addAdapterOptions(command: Command, host: Host, needs: AdapterNeeds): Command {
  const general = generalEntries();
  const kafka = kafkaEntries();
  // All are taken everywhere, so that one set of them fits every command; told only where they do something.
  const isOfLog = (option: Option): boolean => !['data', 'kafka', 'mongodb'].includes(option.attributeName());
  for (const [heading, entries] of [[WHERE, general] as const, [KAFKA, kafka] as const]) {
    for (const { option } of entries) {
      command.addOption(option.helpGroup(heading).hideHelp(needs === 'store' && isOfLog(option)));
    }
  }
  return command.hook('preAction', () => {
    // Who names a folder means it, whatever servers this environment is set up for.
    if (command.getOptionValueSource('data') === 'cli') {
      takeFromEnvironment(
        command,
        general.filter(({ option }) => ['generation', 'partitions'].includes(option.attributeName())),
        host,
      );
      for (const { option } of [...general, ...kafka]) refuseBesideData(command, option);
    } else {
      takeFromEnvironment(command, [...general, ...kafka], host);
    }
    const choice = choiceOf(command, kafka, host, needs);
    command.setOptionValue('adapters', choice);
    if (choice.kind === 'embedded' && !beginners.has(command.name())) noteNewFolder(command, choice, host);
  });
}

/** Commands that may be the first to use a folder. */
const beginners: ReadonlySet<string> = new Set(['demo', 'dev', 'projector', 'publish', 'tail', 'writer']);

/** Whoever mistypes the folder is told that it holds nothing, and must not take that for an answer. */
function noteNewFolder(command: Command, { directory }: EmbeddedChoice, { stderr }: Host): void {
  if (fs.existsSync(directory)) return;
  command.hook('postAction', () => {
    stderr.write(`note: there was no data in ${shownName(directory)} before\n`);
  });
}

function takeFromEnvironment(command: Command, entries: readonly Entry[], host: Host): void {
  for (const { option, variable } of entries) {
    const name = option.attributeName();
    const text = variable === undefined ? undefined : host.environment[variable];
    // An empty variable is how a compose file says nothing.
    if (text === undefined || text === '' || command.getOptionValueSource(name) === 'cli') continue;
    command.setOptionValueWithSource(name, valueOf(option, variable!, text), 'env');
  }
}

function valueOf(option: Option, variable: string, text: string): unknown {
  if (option.isBoolean()) return parseSwitch(variable, text);
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined as never);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new UsageError(
      'bad-usage',
      `the value of ${variable} is invalid: ${error.message.replace(/\.$/, '')}`,
      {
        cause: error,
      },
    );
  }
}

function parseSwitch(variable: string, text: string): boolean {
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true;
  if (['0', 'false', 'no', 'off'].includes(text.toLowerCase())) return false;
  throw new UsageError('bad-usage', `the value of ${variable} is invalid: it must be true or false`);
}

function refuseBesideData(command: Command, option: Option): void {
  const name = option.attributeName();
  const fits = ['data', 'generation', 'partitions'].includes(name);
  if (fits || command.getOptionValueSource(name) !== 'cli') return;
  throw new UsageError(
    'bad-usage',
    `--data cannot be used together with ${option.long}: it is the folder of the embedded log and store`,
  );
}

function choiceOf(
  command: Command,
  kafkaEntriesOfCommand: readonly Entry[],
  host: Host,
  needs: AdapterNeeds,
): AdapterChoice {
  const given = command.opts<Given>();
  const { kafka, mongodb, generation, partitions: partitionCount } = given;
  if (kafka === undefined && mongodb === undefined) {
    for (const { option } of kafkaEntriesOfCommand) {
      if (command.getOptionValueSource(option.attributeName()) !== 'cli') continue;
      throw new UsageError('bad-usage', `${option.long} is of no use without --kafka`);
    }
    return { kind: 'embedded', directory: given.data, generation, partitionCount };
  }
  requireServers(command, given, needs);
  return {
    kind: 'servers',
    kafka: kafka === undefined ? undefined : kafkaChoiceOf(given, kafka, host),
    mongodb,
    generation,
    partitionCount,
    variables: variablesOf(command, kafkaEntriesOfCommand),
  };
}

/** A log of one kind with a store of another would be of two installations. */
function requireServers(command: Command, { kafka, mongodb }: Given, needs: AdapterNeeds): void {
  const nameOf = (option: 'kafka' | 'mongodb', variable: string): string =>
    command.getOptionValueSource(option) === 'env' ? variable : `--${option}`;
  if (needs !== 'store' && kafka === undefined) {
    throw new UsageError(
      'bad-usage',
      `the log is missing: beside ${nameOf('mongodb', 'STEPFOLD_MONGODB')} this command needs --kafka BROKERS (or STEPFOLD_KAFKA)`,
    );
  }
  if (needs !== 'log' && mongodb === undefined) {
    throw new UsageError(
      'bad-usage',
      `the store is missing: beside ${nameOf('kafka', 'STEPFOLD_KAFKA')} this command needs --mongodb URL (or STEPFOLD_MONGODB)`,
    );
  }
}

function kafkaChoiceOf(given: Given, brokers: readonly string[], { environment }: Host): KafkaChoice {
  const { kafkaTls, kafkaCa: ca, kafkaCert: cert, kafkaKey: key } = given;
  const isTls = kafkaTls === true || [ca, cert, key].some((file) => file !== undefined);
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('bad-usage', '--kafka-cert and --kafka-key go together: name both or none');
  }
  return {
    brokers,
    topicPrefix: given.topicPrefix,
    replicationFactor: given.replicationFactor,
    tls: isTls ? { ca, cert, key, passphrase: environment[KEY_PASSPHRASE] } : undefined,
    sasl: given.kafkaSasl === undefined ? undefined : saslChoiceOf(given.kafkaSasl, environment),
    compression: given.compression,
  };
}

function saslChoiceOf(mechanism: SaslMechanism, environment: Host['environment']): SaslChoice {
  const { [USERNAME]: username = '', [PASSWORD]: password = '' } = environment;
  if (username === '' || password === '') {
    throw new UsageError(
      'bad-usage',
      `--kafka-sasl needs ${username === '' ? USERNAME : PASSWORD} in the environment`,
    );
  }
  return { mechanism, username, password };
}

/** What this command line said, for the next one; what the environment says it says again. */
function variablesOf(command: Command, kafkaEntriesOfCommand: readonly Entry[]): readonly string[] {
  return [...generalEntries(), ...kafkaEntriesOfCommand].flatMap(({ option, variable }) => {
    if (variable === undefined || command.getOptionValueSource(option.attributeName()) !== 'cli') return [];
    const value: unknown = command.getOptionValue(option.attributeName());
    const text = Array.isArray(value) ? value.join(',') : String(value);
    // A URL with a user has a password too.
    return [`${variable}=${/:\/\/[^/]*@/.test(text) ? "'…'" : quotedForShell(text)}`];
  });
}

/** How the next command works on the same log and store. */
export interface SameAdapters {
  /** Lines for a shell, to be run once. */
  readonly preparation: readonly string[];
  /** What stands behind each command, with a space before it. */
  readonly options: string;
}

export function sameAdapters(adapters: AdapterChoice): SameAdapters {
  if (adapters.kind === 'servers') {
    return { preparation: adapters.variables.map((variable) => `export ${variable}`), options: '' };
  }
  const { directory } = adapters;
  const options = directory === DEFAULT_DIRECTORY ? '' : ` --data ${quotedForShell(directory)}`;
  return { preparation: [], options };
}

/** A word as a shell takes it. */
export function quotedForShell(word: string): string {
  return /^[\w./:,@~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function parseBrokers(text: string): readonly string[] {
  const brokers = text.split(',').map((broker) => broker.trim());
  if (brokers.every((broker) => /^(?:\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(broker))) return brokers;
  throw new InvalidArgumentError('It must be host:port of brokers, such as kafka-1:9092,kafka-2:9092.');
}

function parseMechanism(text: string): SaslMechanism {
  const mechanism = mechanisms.find((name) => name === text.toLowerCase());
  if (mechanism !== undefined) return mechanism;
  throw new InvalidArgumentError(`It must be one of ${mechanisms.join(', ')}.`);
}

function parseCount(text: string, max: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (count >= 1 && count <= max) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
}
