import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { stopProcess } from './background-process.js';
import { cacheFolder, makeCacheFolder } from './cache-folder.js';
import { LocalServersError } from './errors.js';
import { fetchFerretdb } from './fetch-ferretdb.js';
import { fetchKafka } from './fetch-kafka.js';
import { fetchPostgresql } from './fetch-postgresql.js';
import type { Progress } from './fetched-folder.js';
import { withFileLock } from './file-lock.js';
import { LOOPBACK } from './free-ports.js';
import { startKafka, type KafkaCluster } from './kafka-cluster.js';
import { isKafkaReady } from './kafka-probe.js';
import { answersHello } from './mongodb-probe.js';
import { startMongodb, type MongodbServer } from './mongodb-server.js';
import { forgetServer, killOrphans } from './orphans.js';
import { identifyProcess, isStillRunning, type ProcessIdentity } from './process-identity.js';
import { demandToolsForKafka, demandToolsForMongodb } from './required-tools.js';
import {
  readServersState,
  removeServersState,
  writeServersState,
  type ServersState,
} from './servers-state.js';

const USAGE = `usage: npm run servers -- <command>

  fetch                fetch Kafka and the MongoDB-wire server into the cache
  start                start them and leave them running
    --kafka-nodes 1|3    default 1
    --kafka-port N       of the first node; the others follow it. Default: free ports
    --mongodb-port N     default: a free port
  status               say whether they run and answer
  stop                 stop them; their data stay
    --delete-data        delete the data as well

  --json               one JSON document instead of words (start, status)

The cache (STEPFOLD_SERVERS_CACHE): `;

const WORDS = ['fetch', 'start', 'status', 'stop'] as const;

/** What a command line asks for. */
export interface ServersCommand {
  readonly word: (typeof WORDS)[number];
  readonly kafkaNodes: 1 | 3;
  readonly kafkaPort?: number;
  readonly mongodbPort?: number;
  readonly isJson: boolean;
  readonly deletesData: boolean;
}

/** Where a command writes: results, and what it is doing. */
export interface CommandOutput {
  readonly result: (text: string) => void;
  readonly progress: Progress;
}

/** Runs one command line; answers its exit code: 0 fine, 2 bad usage, 3 something could not be had. */
export async function runServersCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    output.result(`${USAGE}${cacheFolder()}`);
    return args.length === 0 ? 2 : 0;
  }
  try {
    const command = parseServersCommand(args);
    return await withFileLock(
      path.join(makeCacheFolder(), 'servers.lock'),
      async () => {
        switch (command.word) {
          case 'fetch':
            return await fetchAll(output);
          case 'start':
            return await start(command, output);
          case 'status':
            return await status(command, output);
          case 'stop':
            return await stop(command, output);
        }
      },
      { onWait: (pid) => output.progress(`process ${pid} is at work on the servers; waiting`) },
    );
  } catch (error) {
    if (!(error instanceof LocalServersError)) throw error;
    output.progress(`servers: ${error.message}`);
    return error.code === 'bad-usage' ? 2 : 3;
  }
}

/** @throws LocalServersError `bad-usage` that names the argument. */
export function parseServersCommand(args: readonly string[]): ServersCommand {
  const { values, positionals } = parse(args);
  const word = WORDS.find((name) => name === positionals[0]);
  if (word === undefined || positionals.length > 1) {
    throw usageError(`name one of ${WORDS.join(', ')}, not ${JSON.stringify(positionals.join(' '))}`);
  }
  const nodes = values['kafka-nodes'] ?? '1';
  if (nodes !== '1' && nodes !== '3')
    throw usageError(`--kafka-nodes is 1 or 3, not ${JSON.stringify(nodes)}`);
  const kafkaNodes = nodes === '1' ? 1 : 3;
  const kafkaPort = parsePort('--kafka-port', values['kafka-port'], 65_536 - kafkaNodes);
  const mongodbPort = parsePort('--mongodb-port', values['mongodb-port'], 65_535);
  return {
    word,
    kafkaNodes,
    ...(kafkaPort === undefined ? {} : { kafkaPort }),
    ...(mongodbPort === undefined ? {} : { mongodbPort }),
    isJson: values.json ?? false,
    deletesData: values['delete-data'] ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'kafka-nodes': { type: 'string' },
        'kafka-port': { type: 'string' },
        'mongodb-port': { type: 'string' },
        json: { type: 'boolean' },
        'delete-data': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw usageError((error as Error).message.split('. ')[0] as string);
  }
}

function parsePort(option: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= max) return port;
  throw usageError(`${option} is a port between 1 and ${max}, not ${JSON.stringify(text)}`);
}

function usageError(sentence: string): LocalServersError {
  return new LocalServersError('bad-usage', `${sentence} (see: npm run servers -- --help)`);
}

async function fetchAll({ result, progress }: CommandOutput): Promise<number> {
  await demandTools();
  await Promise.all([fetchKafka(progress), fetchFerretdb(progress), fetchPostgresql(progress)]);
  result(`everything is in ${cacheFolder()}`);
  return 0;
}

/** Both before anything is begun, so that nobody waits for one in vain. */
async function demandTools(): Promise<void> {
  await demandToolsForKafka();
  await demandToolsForMongodb();
}

async function start(command: ServersCommand, output: CommandOutput): Promise<number> {
  const earlier = readServersState();
  if (earlier !== undefined) {
    if (processesOf(earlier).every(isStillRunning)) return tellRunning(earlier, command, output);
    output.progress('some of the servers that were started have ended; starting them again');
    await stopAll(earlier);
  }
  killOrphans();
  await demandTools();
  const { kafkaNodes, kafkaPort } = command;
  const [kafka, mongodb] = await bothOrNeither(
    startKafka({
      nodes: kafkaNodes,
      directory: makeCacheFolder('data', `kafka-${kafkaNodes}`),
      ...(kafkaPort === undefined
        ? {}
        : { ports: Array.from({ length: kafkaNodes }, (_, index) => kafkaPort + index) }),
      progress: output.progress,
    }),
    startMongodb({
      directory: makeCacheFolder('data', 'mongodb'),
      ...(command.mongodbPort === undefined ? {} : { port: command.mongodbPort }),
      progress: output.progress,
    }),
  );
  const state = stateOf(kafka, mongodb);
  writeServersState(state);
  for (const identity of processesOf(state)) forgetServer(identity);
  tellAddresses(state, command, output);
  return 0;
}

/** A second `start` finds what the first has started, unless it asks for something else. */
function tellRunning(state: ServersState, command: ServersCommand, output: CommandOutput): number {
  const { kafkaNodes, kafkaPort, mongodbPort } = command;
  const isOther =
    state.kafka.brokers.length !== kafkaNodes ||
    (kafkaPort !== undefined && state.kafka.brokers[0] !== `${LOOPBACK}:${kafkaPort}`) ||
    (mongodbPort !== undefined && state.mongodb.port !== mongodbPort);
  if (isOther) throw usageError('servers with other ports or nodes run already: stop them first');
  output.progress('the servers run already');
  tellAddresses(state, command, output);
  return 0;
}

async function status(command: ServersCommand, output: CommandOutput): Promise<number> {
  const state = readServersState();
  if (state === undefined) {
    if (command.isJson) output.result(JSON.stringify({ kafka: null, mongodb: null }));
    else output.result('not started');
    return 3;
  }
  const ports = state.kafka.brokers.map((broker) => Number(broker.split(':')[1]));
  const nodeIds = ports.map((_, index) => index + 1);
  const answers = await Promise.all(ports.map((port) => isKafkaReady(LOOPBACK, port, nodeIds)));
  const kafka = { brokers: state.kafka.brokers, isReady: answers.every(Boolean) };
  const isReady = await answersHello(LOOPBACK, state.mongodb.port);
  const mongodb = { url: state.mongodb.url, isReady };
  if (command.isJson) {
    output.result(JSON.stringify({ kafka, mongodb }));
  } else {
    const word = (ready: boolean): string => (ready ? 'ready' : 'does not answer');
    output.result(`Kafka    ${kafka.brokers.join(',')}  ${word(kafka.isReady)}`);
    output.result(`MongoDB  ${mongodb.url}  ${word(mongodb.isReady)}`);
  }
  return kafka.isReady && mongodb.isReady ? 0 : 3;
}

async function stop(command: ServersCommand, output: CommandOutput): Promise<number> {
  const state = readServersState();
  if (state === undefined) output.result('nothing to stop');
  else {
    const stopped = await stopAll(state);
    output.result(`stopped ${stopped} of ${processesOf(state).length} processes; the others had ended`);
  }
  if (command.deletesData) fs.rmSync(path.join(cacheFolder(), 'data'), { recursive: true, force: true });
  return 0;
}

/** Ends what still runs of them, and nothing that has got one of their numbers since. Answers how many. */
async function stopAll(state: ServersState): Promise<number> {
  const running = processesOf(state).filter(isStillRunning);
  const { gateway, database } = state.mongodb;
  await Promise.all([
    ...state.kafka.processes.map((identity) => stopProcess(identity)),
    // The gateway holds connections to the database.
    stopProcess(gateway).then(() => stopProcess(database, 'SIGINT')),
  ]);
  removeServersState();
  return running.length;
}

function processesOf({ kafka, mongodb }: ServersState): ProcessIdentity[] {
  return [...kafka.processes, mongodb.gateway, mongodb.database];
}

function stateOf(kafka: KafkaCluster, mongodb: MongodbServer): ServersState {
  const identify = (pid: number | undefined): ProcessIdentity => {
    const identity = pid === undefined ? undefined : identifyProcess(pid);
    if (identity !== undefined) return identity;
    throw new LocalServersError('start-failed', 'a server has ended right after its start');
  };
  const { gateway, database } = mongodb.pids();
  return {
    kafka: { brokers: kafka.brokers, processes: kafka.nodes.map((node) => identify(node.pid())) },
    mongodb: {
      url: mongodb.url,
      port: mongodb.port,
      gateway: identify(gateway),
      database: identify(database),
    },
  };
}

function tellAddresses(state: ServersState, { isJson }: ServersCommand, { result }: CommandOutput): void {
  const brokers = state.kafka.brokers.join(',');
  const { url } = state.mongodb;
  if (isJson) {
    result(JSON.stringify({ kafka: { brokers: state.kafka.brokers }, mongodb: { url } }));
    return;
  }
  result(`Kafka    ${brokers}`);
  result(`MongoDB  ${url}`);
  result('');
  result(`export STEPFOLD_TEST_KAFKA=${brokers} STEPFOLD_TEST_MONGODB=${url}`);
  result(`export STEPFOLD_KAFKA=${brokers} STEPFOLD_MONGODB=${url}`);
}

/** Both servers, or the error of the one that failed after the other one has been stopped. */
async function bothOrNeither(
  starting: Promise<KafkaCluster>,
  startingToo: Promise<MongodbServer>,
): Promise<[KafkaCluster, MongodbServer]> {
  const [kafka, mongodb] = await Promise.allSettled([starting, startingToo]);
  if (kafka.status === 'fulfilled' && mongodb.status === 'fulfilled') return [kafka.value, mongodb.value];
  for (const server of [kafka, mongodb]) if (server.status === 'fulfilled') await server.value.stop();
  throw kafka.status === 'rejected' ? kafka.reason : (mongodb as PromiseRejectedResult).reason;
}
