import fs from 'node:fs';
import path from 'node:path';
import {
  killProcess,
  startBackground,
  startFailure,
  stopProcess,
  waitUntilReady,
  type BackgroundProcess,
} from './background-process.js';
import { LocalServersError } from './errors.js';
import { isPortFree, LOOPBACK } from './free-ports.js';
import { isKafkaReady } from './kafka-probe.js';
import { kafkaProperties, type KafkaNodeSettings, type KafkaPorts } from './kafka-properties.js';
import { signalProcess } from './process-identity.js';
import { javaCommand } from './required-tools.js';
import { runCommand } from './run-command.js';

/** Every cluster of this package has this id: a folder can be used again by a later start. */
const CLUSTER_ID = 'stepfold-local-servers';

/** How to run Kafka's programs. */
export interface KafkaProgram {
  /** In the order of the class path, which an archive of loaded classes depends on. */
  readonly jars: readonly string[];
  /** Options of the Java machine for loaded classes. */
  readonly archiveOptions: readonly string[];
  /** Heap of one node. */
  readonly heapMegabytes: number;
  /** False leaves the machine its own choice of compiler and collector, for benchmarks. */
  readonly isQuickToStart: boolean;
}

export interface KafkaNodeOptions {
  readonly program: KafkaProgram;
  /** Of this node alone: settings, data, log. */
  readonly directory: string;
  readonly settings: Omit<KafkaNodeSettings, 'logDirectory'>;
  readonly startTimeoutMs: number;
}

/** One node of a cluster: broker and controller in one process. */
export interface KafkaNode {
  readonly id: number;
  /** `host:port` of the listener without encryption. */
  readonly address: string;
  /** `host:port` of the listener with TLS and SASL, if it was asked for. */
  readonly secureAddress?: string;
  readonly logFile: string;
  /** Of the running process; undefined while there is none. */
  readonly pid: () => number | undefined;
  /**
   * Sends a signal. After SIGKILL and SIGTERM it resolves when the process has ended; SIGSTOP freezes it with
   * its connections open, and SIGCONT lets it go on.
   */
  kill(signal?: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /**
   * Starts it on the same data and ports, if it does not run. Resolves when it answers for itself and knows
   * `awaited` nodes, by default itself only, so that a cluster can be started node by node.
   */
  start(options?: { awaited?: readonly number[] }): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
}

/** A node that does not run yet. */
export function createKafkaNode(options: KafkaNodeOptions): KafkaNode {
  const { directory, settings, startTimeoutMs } = options;
  const { nodeId, ports } = settings;
  const own = ports[nodeId - 1] as KafkaPorts;
  const logFile = path.join(directory, 'broker.log');
  const what = `Kafka node ${nodeId}`;
  let current: BackgroundProcess | undefined;

  const start: KafkaNode['start'] = async ({ awaited = [nodeId] } = {}) => {
    if (current?.isRunning() !== true) {
      await checkPorts(what, own);
      await prepareDirectory(options);
      current = await startBackground({
        command: javaCommand(),
        args: javaArguments(options.program, 'kafka.Kafka', [settingsFile(directory)]),
        cwd: directory,
        logFile,
      });
    }
    await waitUntilReady(what, current, () => isKafkaReady(LOOPBACK, own.broker, awaited), startTimeoutMs);
  };

  return {
    id: nodeId,
    address: `${LOOPBACK}:${own.broker}`,
    ...(own.secure === undefined ? {} : { secureAddress: `${LOOPBACK}:${own.secure}` }),
    logFile,
    pid: () => (current?.isRunning() === true ? current.identity.pid : undefined),
    start,
    async kill(signal = 'SIGKILL') {
      if (current === undefined) return;
      if (signal === 'SIGKILL') await killProcess(current.identity);
      else if (signal === 'SIGTERM') await stopProcess(current.identity);
      else signalProcess(current.identity, signal);
    },
    async stop() {
      if (current !== undefined) await stopProcess(current.identity);
    },
  };
}

async function checkPorts(what: string, ports: KafkaPorts): Promise<void> {
  for (const port of Object.values(ports) as number[]) {
    if (await isPortFree(port)) continue;
    throw new LocalServersError(
      'start-failed',
      `${what} cannot listen on ${LOOPBACK}:${port}: another process does; stop it or choose another port`,
    );
  }
}

const settingsFile = (directory: string): string => path.join(directory, 'server.properties');

/** Writes the settings, and makes the data folder what Kafka calls formatted, once. */
async function prepareDirectory({ program, directory, settings }: KafkaNodeOptions): Promise<void> {
  const logDirectory = path.join(directory, 'data');
  fs.mkdirSync(logDirectory, { recursive: true });
  fs.writeFileSync(settingsFile(directory), kafkaProperties({ ...settings, logDirectory }), { mode: 0o600 });
  // The formatting writes this file last.
  if (fs.existsSync(path.join(logDirectory, 'meta.properties'))) return;
  const scram = (settings.security?.users ?? []).flatMap(({ name, password }) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
  const format = ['format', '-t', CLUSTER_ID, '-c', settingsFile(directory), ...scram];
  const args = javaArguments(program, 'kafka.tools.StorageTool', format);
  const { exitCode, stdout, stderr } = await runCommand(javaCommand(), args, { cwd: directory });
  if (exitCode === 0) return;
  const logFile = path.join(directory, 'format.log');
  fs.writeFileSync(logFile, `${stdout}${stderr}`);
  throw startFailure(`the data folder of Kafka node ${settings.nodeId} could not be formatted`, logFile);
}

function javaArguments(program: KafkaProgram, mainClass: string, args: readonly string[]): string[] {
  return [
    `-Xms${program.heapMegabytes}m`,
    `-Xmx${program.heapMegabytes}m`,
    ...(program.isQuickToStart ? ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'] : []),
    ...program.archiveOptions,
    '-Djava.awt.headless=true',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-cp',
    program.jars.join(path.delimiter),
    mainClass,
    ...args,
  ];
}
