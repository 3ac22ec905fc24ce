import fs from 'node:fs';
import path from 'node:path';
import { LocalServersError } from './errors.js';
import { runCommand } from './run-command.js';

const JAVA_MAJOR_MIN = 17;
/** The first Go that fetches a newer one by itself, which FerretDB may ask for. */
const GO_MINOR_MIN = 21;

/** Where Debian keeps the keys of its archive. */
const KEYRINGS = ['gpg', 'pgp'].map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`);

/** Answers what a tool says of its version, or undefined if it is not there or fails. */
export type VersionOf = (command: string, args: readonly string[]) => Promise<string | undefined>;

/** What keeps Kafka from being fetched and started here: one phrase for each thing, none if all is there. */
export async function missingForKafka(versionOf: VersionOf = askVersion): Promise<string[]> {
  const missing = [];
  const java = await versionOf(javaCommand(), ['-version']);
  const major = parseJavaMajor(java ?? '');
  if (major === undefined || major < JAVA_MAJOR_MIN) {
    missing.push(
      `${found('java', java === undefined ? undefined : major)}: install Java ${JAVA_MAJOR_MIN} or newer ` +
        '(Debian: openjdk-17-jre-headless) or set JAVA_HOME',
    );
  }
  if ((await versionOf('mvn', ['--version'])) === undefined) missing.push('no mvn: install maven');
  return missing;
}

/** As `missingForKafka`, for the MongoDB-wire server. */
export async function missingForMongodb(versionOf: VersionOf = askVersion): Promise<string[]> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return [
      `the local MongoDB-wire server is for Linux on x64, and this is ${process.platform} on ${process.arch}`,
    ];
  }
  const missing = [];
  const go = await versionOf('go', ['version']);
  const minor = parseGoMinor(go ?? '');
  if (minor === undefined || minor < GO_MINOR_MIN) {
    const version = go === undefined ? undefined : minor === undefined ? undefined : `1.${minor}`;
    missing.push(`${found('go', version)}: install Go 1.${GO_MINOR_MIN} or newer`);
  }
  for (const [tool, packageName] of [
    ['apt-get', 'apt'],
    ['dpkg-deb', 'dpkg'],
  ] as const) {
    if ((await versionOf(tool, ['--version'])) === undefined)
      missing.push(`no ${tool}: install ${packageName}`);
  }
  if (debianKeyring() === undefined) missing.push('no keys of Debian: install debian-archive-keyring');
  return missing;
}

/** @throws LocalServersError `tool-missing` that names everything that is missing, and what to do. */
export async function demandToolsForKafka(versionOf?: VersionOf): Promise<void> {
  const missing = await missingForKafka(versionOf);
  if (missing.length > 0) throw missingError('Kafka', missing, 'STEPFOLD_TEST_KAFKA=host:port');
}

/** As `demandToolsForKafka`, for the MongoDB-wire server. */
export async function demandToolsForMongodb(versionOf?: VersionOf): Promise<void> {
  const missing = await missingForMongodb(versionOf);
  if (missing.length > 0)
    throw missingError('MongoDB', missing, 'STEPFOLD_TEST_MONGODB=mongodb://host:port/');
}

/** The `java` to run: that of `JAVA_HOME`, or the first on the path. */
export function javaCommand(environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment['JAVA_HOME'] ?? '';
  return home === '' ? 'java' : path.join(home, 'bin/java');
}

/** The major version that `java -version` names: 17 of `openjdk version "17.0.15"`, 8 of `"1.8.0_392"`. */
export function parseJavaMajor(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match === null ? undefined : Number(match[1]);
}

/** The minor version that `go version` names: 26 of `go version go1.26.8 linux/amd64`. */
export function parseGoMinor(output: string): number | undefined {
  const match = /\bgo1\.(\d+)/.exec(output);
  return match === null ? undefined : Number(match[1]);
}

/** The file with the keys of Debian's archive. */
export function debianKeyring(): string | undefined {
  return KEYRINGS.find((file) => fs.existsSync(file));
}

function found(tool: string, version: string | number | undefined): string {
  return version === undefined ? `no ${tool}` : `${tool} is only version ${version}`;
}

function missingError(server: string, missing: readonly string[], instead: string): LocalServersError {
  return new LocalServersError(
    'tool-missing',
    `${server} cannot be fetched and started here (${missing.join('; ')}); or use a server of your own: tests take ${instead}`,
  );
}

async function askVersion(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr } = await runCommand(command, args);
    return exitCode === 0 ? `${stdout}${stderr}` : undefined;
  } catch {
    return undefined;
  }
}
