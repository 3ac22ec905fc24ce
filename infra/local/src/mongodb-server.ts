import fs from 'node:fs';
import path from 'node:path';
import {
  killProcess,
  startBackground,
  stopProcess,
  waitUntilReady,
  type BackgroundProcess,
} from './background-process.js';
import { checkReachable, unprivilegedUser } from './cache-folder.js';
import { LocalServersError } from './errors.js';
import { fetchFerretdb } from './fetch-ferretdb.js';
import { fetchPostgresql } from './fetch-postgresql.js';
import type { Progress } from './fetched-folder.js';
import { freePorts, isPortFree, LOOPBACK } from './free-ports.js';
import { answersHello, takesWrites } from './mongodb-probe.js';
import { forgetFolder, killOrphans } from './orphans.js';
import { createPostgresql, SUPERUSER, type Postgresql } from './postgresql.js';
import { signalProcess } from './process-identity.js';
import { makeTemporaryFolder, removeTemporaryFolder } from './temporary-folder.js';
import { demandToolsForMongodb } from './required-tools.js';

const START_TIMEOUT_MS = 60_000;

export interface MongodbOptions {
  /** Where data and logs are. Default: a temporary folder that `stop` removes. */
  readonly directory?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Makes the server ask for credentials, and adds a user that may read and write every database. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** False gives up durability for speed: what is lost at a power failure, never at a kill. Default true. */
  readonly fsync?: boolean;
  /** How long one start may take. Default 60,000. */
  readonly startTimeoutMs?: number;
  /** Told of what takes time. Default: nobody. */
  readonly progress?: Progress;
}

/** `gateway` is FerretDB, which speaks MongoDB's protocol; `database` the PostgreSQL where the documents are. */
export type MongodbPart = 'gateway' | 'database';

/** A running MongoDB-wire server on this machine. */
export interface MongodbServer extends AsyncDisposable {
  /** With the credentials in it, if there are any. */
  readonly url: string;
  readonly directory: string;
  readonly port: number;
  readonly logFiles: { readonly [part in MongodbPart]: string };
  /** Of the processes that run. */
  readonly pids: () => { readonly [part in MongodbPart]?: number };
  /**
   * Sends a signal to one part or, by default, to both. After SIGKILL and SIGTERM it resolves when they have
   * ended; SIGSTOP freezes them with their connections open, and SIGCONT lets them go on.
   */
  kill(signal?: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT', part?: MongodbPart): Promise<void>;
  /**
   * Starts what does not run, on the same data and ports. Resolves when a document can be written and read;
   * with `isWritable: false` when it says hello, for a store that is full or was made read-only.
   */
  start(options?: { isWritable?: boolean }): Promise<void>;
  /** Ends it in order, and removes the folder if it was a temporary one. */
  stop(): Promise<void>;
  /** Runs statements in the database below, as its superuser; answers rows, columns separated by `|`. */
  sql(statements: string): Promise<string>;
}

/**
 * Starts a MongoDB-wire server, fetched before if it is not in the cache. Resolves when a document can be
 * written and read.
 * @throws LocalServersError
 */
export async function startMongodb(options: MongodbOptions = {}): Promise<MongodbServer> {
  const { credentials, fsync = true } = options;
  const { progress = () => undefined, startTimeoutMs = START_TIMEOUT_MS } = options;
  await demandToolsForMongodb();
  killOrphans();
  const [ferretdb, programs] = await Promise.all([fetchFerretdb(progress), fetchPostgresql(progress)]);
  checkReachable(programs);
  checkReachable(path.dirname(ferretdb));
  const directory = options.directory ?? makeTemporaryFolder('stepfold-mongodb-');
  giveFolder(directory);
  const [free, databasePort] = (await freePorts(2)) as [number, number];
  const port = options.port ?? free;
  const database = createPostgresql({
    programs,
    directory,
    port: databasePort,
    fsync,
    startTimeoutMs,
  });
  const gateway = createGateway({
    ferretdb,
    directory,
    port,
    databasePort,
    asksCredentials: credentials !== undefined,
  });
  const isTemporary = options.directory === undefined;
  const start: MongodbServer['start'] = async ({ isWritable = true } = {}) => {
    await database.start();
    await prepareDatabase(database, credentials);
    const server = await gateway.start();
    const isReady = async (): Promise<boolean> =>
      (await answersHello(LOOPBACK, port)) &&
      (!isWritable || (credentials === undefined ? takesWrites(LOOPBACK, port) : takesWritesBelow(database)));
    await waitUntilReady('FerretDB', server, isReady, startTimeoutMs);
  };
  const kill: MongodbServer['kill'] = async (signal = 'SIGKILL', part) => {
    if (part !== 'database') await gateway.kill(signal);
    if (part !== 'gateway') await database.kill(signal);
  };
  const stop = async (): Promise<void> => {
    if (isTemporary) {
      // Data that nobody will read need no orderly end.
      await kill('SIGKILL');
      removeTemporaryFolder(directory);
      return;
    }
    await gateway.kill('SIGTERM');
    await database.stop();
  };
  try {
    await start();
  } catch (error) {
    // The folder stays: the error names log files in it.
    forgetFolder(directory);
    await kill('SIGKILL');
    throw error;
  }
  return {
    url: urlOf(port, credentials),
    directory,
    port,
    logFiles: { gateway: gateway.logFile, database: path.join(directory, 'postgresql.log') },
    pids: () => ({ ...pidOf('gateway', gateway.process()), ...pidOf('database', database.process()) }),
    kill,
    start,
    stop,
    sql: database.sql,
    [Symbol.asyncDispose]: stop,
  };
}

interface Gateway {
  readonly logFile: string;
  readonly process: () => BackgroundProcess | undefined;
  start(): Promise<BackgroundProcess>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

function createGateway(options: {
  readonly ferretdb: string;
  readonly directory: string;
  readonly port: number;
  readonly databasePort: number;
  readonly asksCredentials: boolean;
}): Gateway {
  const { ferretdb, directory, port, databasePort, asksCredentials } = options;
  const logFile = path.join(directory, 'ferretdb.log');
  let current: BackgroundProcess | undefined;
  return {
    logFile,
    process: () => current,
    async start() {
      if (current?.isRunning() === true) return current;
      if (!(await isPortFree(port))) {
        throw new LocalServersError(
          'start-failed',
          `FerretDB cannot listen on ${LOOPBACK}:${port}: another process does; stop it or choose another port`,
        );
      }
      current = await startBackground({
        command: ferretdb,
        args: [
          `--postgresql-url=postgres://${SUPERUSER}@${LOOPBACK}:${databasePort}/postgres`,
          `--listen-addr=${LOOPBACK}:${port}`,
          '--debug-addr=-',
          ...(asksCredentials ? [] : ['--no-auth']),
          '--telemetry=disable',
          `--state-dir=${path.join(directory, 'state')}`,
          '--log-level=WARN',
        ],
        cwd: directory,
        logFile,
        environment: { HOME: directory, DO_NOT_TRACK: '1' },
        user: unprivilegedUser(),
      });
      return current;
    },
    async kill(signal) {
      if (current === undefined) return;
      if (signal === 'SIGKILL') await killProcess(current.identity);
      else if (signal === 'SIGTERM') await stopProcess(current.identity);
      else signalProcess(current.identity, signal);
    },
  };
}

/** Makes what a fresh data folder lacks; a later start finds it there and writes nothing. */
async function prepareDatabase(
  database: Postgresql,
  credentials: MongodbOptions['credentials'],
): Promise<void> {
  if ((await database.sql("select 1 from pg_extension where extname = 'documentdb'")) === '') {
    await database.sql('create extension documentdb cascade');
  }
  if (credentials === undefined) return;
  const { user, password } = credentials;
  if ((await database.sql(`select 1 from pg_roles where rolname = ${quoted(user)}`)) !== '') return;
  const roles = ['readWriteAnyDatabase', 'clusterAdmin'].map((role) => ({ role, db: 'admin' }));
  const command = JSON.stringify({ createUser: user, pwd: password, roles });
  await database.sql(`select documentdb_api.create_user(${quoted(command)})`);
}

/** As `takesWrites`, below the protocol, where nobody asks for credentials. */
async function takesWritesBelow(database: Postgresql): Promise<boolean> {
  const probe = 'stepfold_local_servers_probe';
  const answer = await database
    .sql(`create table ${probe} as select 1 as found; select found from ${probe}; drop table ${probe};`)
    .catch(() => '');
  return answer === '1';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Makes the folder, and gives it to the user that the servers run as. */
function giveFolder(directory: string): void {
  const user = unprivilegedUser();
  for (const folder of [directory, path.join(directory, 'state')]) {
    fs.mkdirSync(folder, { recursive: true });
    if (user !== undefined) fs.chownSync(folder, user.uid, user.gid);
  }
  checkReachable(directory);
}

function urlOf(port: number, credentials: MongodbOptions['credentials']): string {
  if (credentials === undefined) return `mongodb://${LOOPBACK}:${port}/`;
  const { user, password } = credentials;
  return `mongodb://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${LOOPBACK}:${port}/`;
}

function pidOf<Part extends MongodbPart>(part: Part, server: BackgroundProcess | undefined) {
  return server?.isRunning() === true ? { [part]: server.identity.pid } : {};
}
