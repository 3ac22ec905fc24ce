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
import { unprivilegedUser } from './cache-folder.js';
import { LocalServersError } from './errors.js';
import { LOOPBACK } from './free-ports.js';
import { childrenOf, isStillRunning, signalProcess } from './process-identity.js';
import { runCommand } from './run-command.js';
import { waitUntil } from './wait-until.js';

/** The superuser; it may connect from this machine without a password. */
export const SUPERUSER = 'postgres';

const ENDING_TIMEOUT_MS = 10_000;

export interface PostgresqlOptions {
  /** The folder with its programs. */
  readonly programs: string;
  readonly directory: string;
  readonly port: number;
  /** False gives up durability for speed: what is lost at a power failure, never at a kill. */
  readonly fsync: boolean;
  readonly startTimeoutMs: number;
}

/** The PostgreSQL under a MongoDB-wire server. */
export interface Postgresql {
  readonly process: () => BackgroundProcess | undefined;
  /** Starts it if it does not run; resolves when it answers queries. */
  start(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
  /** Runs statements as the superuser; answers the rows, columns separated by `|`. */
  sql(statements: string): Promise<string>;
}

export function createPostgresql(options: PostgresqlOptions): Postgresql {
  const { programs, directory, port, startTimeoutMs } = options;
  const data = path.join(directory, 'data');
  const logFile = path.join(directory, 'postgresql.log');
  const user = unprivilegedUser();
  let current: BackgroundProcess | undefined;

  const query = (statements: string) =>
    // By standard input: what stands in the arguments, every user of the machine can read.
    runCommand(
      path.join(programs, 'psql'),
      ['-X', '-h', LOOPBACK, '-p', String(port), '-U', SUPERUSER, '-v', 'ON_ERROR_STOP=1', '-Atq', '-f', '-'],
      { cwd: '/', input: statements, environment: { PGCONNECT_TIMEOUT: '5' } },
    );

  return {
    process: () => current,
    async start() {
      if (current?.isRunning() !== true) {
        await initialize(options, data);
        current = await startBackground({
          command: path.join(programs, 'postgres'),
          args: ['-D', data, '-p', String(port)],
          cwd: data,
          logFile,
          environment: { HOME: directory },
          user,
        });
      }
      const isReady = async (): Promise<boolean> => (await query('select 1')).stdout.trim() === '1';
      await waitUntilReady('PostgreSQL', current, isReady, startTimeoutMs);
    },
    async kill(signal) {
      if (current === undefined) return;
      const { identity } = current;
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') {
        // Its sessions are processes of their own.
        for (const process of [identity, ...childrenOf(identity.pid)]) signalProcess(process, signal);
        return;
      }
      if (signal !== 'SIGKILL') return stopProcess(identity, signal);
      const sessions = childrenOf(identity.pid);
      await killProcess(identity);
      // They see that their parent is gone and end; a new start is refused until the last one has.
      await waitUntil(() => !sessions.some(isStillRunning), ENDING_TIMEOUT_MS);
    },
    async stop() {
      if (current === undefined) return;
      const { identity } = current;
      for (const process of childrenOf(identity.pid)) signalProcess(process, 'SIGCONT');
      // SIGINT is its fast way of ending in order; after SIGTERM it waits for its clients.
      await stopProcess(identity, 'SIGINT');
    },
    async sql(statements) {
      const { exitCode, stdout, stderr } = await query(statements);
      if (exitCode === 0) return stdout.trim();
      throw new LocalServersError('sql-failed', `PostgreSQL refused: ${firstLine(stderr)}`);
    },
  };
}

/** Makes the data folder once; a half made one does not get its name. */
async function initialize({ programs, directory, fsync }: PostgresqlOptions, data: string): Promise<void> {
  if (fs.existsSync(path.join(data, 'PG_VERSION'))) return;
  const draft = path.join(directory, 'data.draft');
  fs.rmSync(draft, { recursive: true, force: true });
  const args = ['-D', draft, '-U', SUPERUSER, '-A', 'trust', '--locale=C', '-E', 'UTF8', '-N'];
  const { exitCode, stdout, stderr } = await runCommand(path.join(programs, 'initdb'), args, {
    cwd: directory,
    user: unprivilegedUser(),
  });
  if (exitCode !== 0) {
    const logFile = path.join(directory, 'initdb.log');
    fs.writeFileSync(logFile, `${stdout}${stderr}`);
    throw startFailure('the data folder of PostgreSQL could not be made', logFile);
  }
  fs.appendFileSync(path.join(draft, 'postgresql.conf'), postgresqlSettings(fsync));
  fs.renameSync(draft, data);
}

/** What differs from PostgreSQL's own settings. */
export function postgresqlSettings(fsync: boolean): string {
  return [
    '',
    `listen_addresses = '${LOOPBACK}'`,
    "unix_socket_directories = ''",
    'max_connections = 200',
    "shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'",
    "cron.database_name = 'postgres'",
    // Bulk writes on the same documents deadlock now and then; with the default of 1 s they take minutes.
    "deadlock_timeout = '20ms'",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    // Statements hold documents, and a user's password once.
    "log_min_error_statement = 'panic'",
    ...(fsync ? [] : ['fsync = off', 'synchronous_commit = off', 'full_page_writes = off']),
    '',
  ].join('\n');
}

/** Without the lines that quote the statement. */
function firstLine(stderr: string): string {
  const line = stderr.split('\n').find((text) => text.trim() !== '') ?? 'it said nothing';
  return line.replace(/^psql:<stdin>:\d+: /, '');
}
