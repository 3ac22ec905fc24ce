import fs from 'node:fs';
import path from 'node:path';
import { LocalServersError } from './errors.js';
import { runCommand } from './run-command.js';

const JAVA_MAJOR_MIN = 17;
/** The first Go that fetches a newer one by itself, which FerretDB may ask for. */
const GO_MINOR_MIN = 21;

/** Where Debian keeps the keys of its archive. */
const KEYRINGS = ['gpg', 'pgp'].map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`);

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

/** What keeps Kafka from being fetched and started here: one sentence for each thing, none if all is there. */
export async function missingForKafka(): Promise<string[]> {
  const java = await outputOf(javaCommand(), ['-version']);
  const major = java === undefined ? undefined : parseJavaMajor(java);
  const instead = 'or give a Kafka of your own with STEPFOLD_TEST_KAFKA=host:port';
  return [
    ...(java === undefined
      ? [
          `Kafka needs java ${JAVA_MAJOR_MIN} or newer: install openjdk-17-jre-headless or set JAVA_HOME, ${instead}`,
        ]
      : major === undefined || major < JAVA_MAJOR_MIN
        ? [
            `Kafka needs java ${JAVA_MAJOR_MIN} or newer, and ${javaCommand()} is ${major ?? 'of an unknown version'}: set JAVA_HOME, ${instead}`,
          ]
        : []),
    ...((await outputOf('mvn', ['--version'])) === undefined
      ? [`Kafka is fetched with mvn: install maven, ${instead}`]
      : []),
  ];
}

/** As `missingForKafka`, for the MongoDB-wire server. */
export async function missingForMongodb(): Promise<string[]> {
  const ownServer = 'give a MongoDB of your own with STEPFOLD_TEST_MONGODB=mongodb://host:port/';
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return [`the local MongoDB-wire server runs on Linux x64 only: ${ownServer}`];
  }
  const instead = `or ${ownServer}`;
  const go = await outputOf('go', ['version']);
  const minor = go === undefined ? undefined : parseGoMinor(go);
  const missing = [];
  if (go === undefined)
    missing.push(`FerretDB is built with go 1.${GO_MINOR_MIN} or newer: install it, ${instead}`);
  else if (minor === undefined || minor < GO_MINOR_MIN) {
    missing.push(
      `FerretDB is built with go 1.${GO_MINOR_MIN} or newer, and this is ${go.trim()}: install a newer one, ${instead}`,
    );
  }
  for (const tool of ['apt-get', 'dpkg-deb']) {
    if ((await outputOf(tool, ['--version'])) !== undefined) continue;
    missing.push(
      `PostgreSQL is fetched with ${tool}: install ${tool === 'apt-get' ? 'apt' : 'dpkg'}, ${instead}`,
    );
  }
  if (debianKeyring() === undefined) {
    missing.push(
      `PostgreSQL is fetched from Debian, whose keys are not here: install debian-archive-keyring, ${instead}`,
    );
  }
  return missing;
}

/** The file with the keys of Debian's archive. */
export function debianKeyring(): string | undefined {
  return KEYRINGS.find((file) => fs.existsSync(file));
}

/** @throws LocalServersError `tool-missing` that names everything that is missing. */
export function demandNothingMissing(missing: readonly string[]): void {
  if (missing.length > 0) throw new LocalServersError('tool-missing', missing.join('; '));
}

/** What a tool says of itself on either stream, or undefined if it is not there or fails. */
async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr } = await runCommand(command, args);
    return exitCode === 0 ? `${stdout}${stderr}` : undefined;
  } catch {
    return undefined;
  }
}
