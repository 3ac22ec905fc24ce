import fs from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { fetchedFolder, type Progress } from './fetched-folder.js';
import { freePorts } from './free-ports.js';
import { createKafkaNode, type KafkaProgram } from './kafka-node.js';
import { javaCommand } from './required-tools.js';
import { runCommand, runFetchCommand } from './run-command.js';

export const KAFKA_VERSION = '4.3.1';
/** That of Kafka's own API jar; a newer provider would not be found by it. */
const SLF4J_VERSION = '1.7.36';

const HEAP_MEGABYTES = 256;
const FIRST_START_TIMEOUT_MS = 120_000;

/**
 * Apache Kafka from Maven Central, or from the cache, together with an archive of the classes that a start
 * loads: it halves the time of a start.
 */
export async function fetchKafka(progress: Progress): Promise<KafkaProgram> {
  const folder = await fetchedFolder(
    { name: `kafka-${KAFKA_VERSION}`, what: `Apache Kafka ${KAFKA_VERSION}`, fill: fillWithJars },
    progress,
  );
  const jars = jarsOf(path.join(folder, 'lib'));
  const archive = await fetchedFolder(
    {
      name: `kafka-${KAFKA_VERSION}-classes-${await javaName()}`,
      what: `archive of Kafka's classes`,
      fill: (draft) => fillWithArchive(draft, jars),
    },
    progress,
  );
  return program(jars, [`-XX:SharedArchiveFile=${path.join(archive, 'kafka.jsa')}`]);
}

function program(jars: readonly string[], archiveOptions: readonly string[]): KafkaProgram {
  return { jars, archiveOptions, heapMegabytes: HEAP_MEGABYTES, isQuickToStart: true };
}

/** Sorted, because an archive of classes fits one class path only. */
function jarsOf(folder: string): string[] {
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.jar'))
    .sort()
    .map((name) => path.join(folder, name));
}

async function fillWithJars(draft: string) {
  fs.writeFileSync(path.join(draft, 'pom.xml'), projectFile());
  await runFetchCommand('Apache Kafka', 'mvn', [
    ...['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${path.join(draft, 'lib')}`],
    ...['-DincludeScope=runtime', '-f', path.join(draft, 'pom.xml')],
  ]);
  const files = jarsOf(path.join(draft, 'lib')).map((file) => path.relative(draft, file));
  return { versions: { kafka: KAFKA_VERSION, slf4j: SLF4J_VERSION }, files };
}

function projectFile(): string {
  const dependency = (group: string, name: string, version: string): string =>
    `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    '  <modelVersion>4.0.0</modelVersion>',
    '  <groupId>stepfold</groupId><artifactId>local-kafka</artifactId><version>1</version><packaging>pom</packaging>',
    '  <dependencies>',
    dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION),
    dependency('org.slf4j', 'slf4j-simple', SLF4J_VERSION),
    '  </dependencies>',
    '</project>',
    '',
  ].join('\n');
}

/** Runs a node once, from start to orderly stop, and keeps the classes that it has loaded. */
async function fillWithArchive(draft: string, jars: readonly string[]) {
  const archive = path.join(draft, 'kafka.jsa');
  const [broker, controller] = (await freePorts(2)) as [number, number];
  const directory = path.join(draft, 'first-start');
  fs.mkdirSync(directory);
  const node = createKafkaNode({
    program: program(jars, [`-XX:ArchiveClassesAtExit=${archive}`]),
    directory,
    settings: { nodeId: 1, ports: [{ broker, controller }] },
    startTimeoutMs: FIRST_START_TIMEOUT_MS,
  });
  try {
    await node.start();
  } finally {
    await node.stop();
  }
  fs.rmSync(directory, { recursive: true });
  return { versions: { kafka: KAFKA_VERSION }, files: ['kafka.jsa'] };
}

/** Names the Java that is used, as far as an archive of classes depends on it. */
async function javaName(): Promise<string> {
  const { stdout, stderr } = await runCommand(javaCommand(), ['-version']);
  const version = `${stdout}${stderr}`.split('\n').filter((line) => !/^(Picked up|NOTE:)/.test(line));
  return `java-${createHash('sha256').update(version.join('\n')).digest('hex').slice(0, 12)}`;
}
