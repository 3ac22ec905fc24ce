import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  ResourcePatternTypes,
  type Admin,
} from 'kafkajs';
import type { EventLog, Topic } from '@stepfold/event-log';
import { openKafkaLog } from '@stepfold/kafka-log';
import { startKafka, type KafkaCluster } from '@stepfold/local-servers';
import { createSystemRuntime } from '@stepfold/runtime';
import { killSpawned, runStepfoldProcess } from './testing/spawn-stepfold.js';
import { temporaryFolder, type TemporaryFolder } from './testing/temporary-folder.js';

jest.setTimeout(180_000);

const runtime = createSystemRuntime();
const password = 'Zanzibar';
const users = ['operator', 'publisher', 'projector', 'writer', 'reader', 'nobody'];

let kafka: KafkaCluster;
let admin: Admin;
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = temporaryFolder();
  kafka = await startKafka({
    users: users.map((name) => ({ name, password })),
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
  });
  folder.write('ca.pem', kafka.certificate!);
  admin = new Kafka({ brokers: [...kafka.brokers], logCreator: () => () => undefined }).admin();
  await admin.connect();
});
afterEach(killSpawned);
afterAll(async () => {
  await admin?.disconnect();
  await kafka?.stop();
  folder?.[Symbol.dispose]();
});

type Operation = 'READ' | 'WRITE' | 'DESCRIBE' | 'DESCRIBE_CONFIGS' | 'CREATE';

/** As `kafka-acls.sh --add --allow-principal` does. */
async function allow(
  user: string,
  operation: Operation,
  name: string,
  { isGroup = false, isPrefix = false } = {},
): Promise<void> {
  await admin.createAcls({
    acl: [
      {
        resourceType: isGroup ? AclResourceTypes.GROUP : AclResourceTypes.TOPIC,
        resourceName: name,
        resourcePatternType: isPrefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
        principal: `User:${user}`,
        host: '*',
        operation: AclOperationTypes[operation],
        permissionType: AclPermissionTypes.ALLOW,
      },
    ],
  });
}

function openAs(username: string, topicPrefix: string): Promise<EventLog> {
  return openKafkaLog({
    runtime,
    brokers: kafka.secureBrokers,
    topicPrefix,
    partitionCount: 1,
    tls: { ca: kafka.certificate! },
    sasl: { mechanism: 'scram-sha-256', username, password },
  });
}

/** Runs a command as a user of the cluster. */
function runAs(username: string, words: readonly string[], secret = password, mechanism = 'scram-sha-512') {
  const secure = ['--kafka', kafka.secureBrokers[0]!, '--kafka-ca', folder.file('ca.pem')];
  return runStepfoldProcess([...words, ...secure, '--kafka-sasl', mechanism], {
    environment: { STEPFOLD_KAFKA_USERNAME: username, STEPFOLD_KAFKA_PASSWORD: secret },
  });
}

describe('credentials', () => {
  it.each(['plain', 'scram-sha-256', 'scram-sha-512'])('are taken and refused by %s', async (mechanism) => {
    await allow('operator', 'CREATE', `${mechanism}.`, { isPrefix: true });
    for (const operation of ['READ', 'DESCRIBE_CONFIGS'] as const) {
      await allow('operator', operation, `${mechanism}.`, { isPrefix: true });
    }
    const words = ['events', 'c', '--topic-prefix', `${mechanism}.`, '--partitions', '1'];
    expect(await runAs('operator', words, password, mechanism)).toMatchObject({ exitCode: 0, stderr: '' });
    const refused = await runAs('operator', words, 'Timbuktu', mechanism);
    expect(refused.stderr).toMatch(/^stepfold: Kafka refused the credentials: [^\n]*\n$/);
    expect(refused.stderr).not.toMatch(/Timbuktu|Zanzibar/);
    expect(refused.exitCode).toBe(3);
  });

  it('do not go to a broker whose certificate is not known', async () => {
    const secure = ['--kafka', kafka.secureBrokers[0]!, '--kafka-tls', '--kafka-sasl', 'plain'];
    const environment = { STEPFOLD_KAFKA_USERNAME: 'operator', STEPFOLD_KAFKA_PASSWORD: password };
    const { stderr, exitCode } = await runStepfoldProcess(['events', 'c', ...secure], { environment });
    expect(stderr).toMatch(/^stepfold: [^\n]*cannot be reached[^\n]*CERT[^\n]*\n$/i);
    expect(exitCode).toBe(3);
  });
});

describe('the rights that docs/kafka.md lists', () => {
  it('are named where they are lacking', async () => {
    const unseen = await runAs('nobody', ['events', 'c', '--topic-prefix', 'lacking.']);
    expect(unseen.stderr).toMatch(/^stepfold: the topic lacking\.events cannot be seen: .*Describe[^\n]*\n$/);
    expect(unseen.exitCode).toBe(3);
    await allow('nobody', 'DESCRIBE', 'lacking.', { isPrefix: true });
    const uncreated = await runAs('nobody', ['events', 'c', '--topic-prefix', 'lacking.']);
    expect(uncreated.stderr).toMatch(/^stepfold: the topics lacking\.events, .* cannot be created: .*Create/);
    expect(uncreated.exitCode).toBe(3);
  });

  it('are enough for each service, and no more than each needs', async () => {
    // The prefix of the page is the default one, and this cluster is ours alone.
    const prefix = 'stepfold.';
    const record = { key: Buffer.from('k'), value: Buffer.from('v') };
    const commands = aclCommands();
    expect(new Set(commands.map(({ user }) => user)).size).toBe(5);
    for (const { user, operations, name, isGroup, isPrefix } of commands) {
      for (const operation of operations) await allow(user, operation, name, { isGroup, isPrefix });
    }
    await (await openAs('operator', prefix)).close();

    await using publisher = await openAs('publisher', prefix);
    await publisher.append('events', 0, [record]);
    await expect(publisher.read('events', 0, 0)).rejects.toMatchObject({ code: 'log-access-denied' });
    await expect(publisher.append('steps', 0, [record])).rejects.toMatchObject({ code: 'log-access-denied' });

    await using projector = await openAs('projector', prefix);
    for (const topic of ['events', 'steps', 'dead-letters'] as const)
      await projector.append(topic, 0, [record]);
    expect(await consume(projector, 'projector', ['events'])).toEqual(['events']);
    expect((await projector.committed('projector', 'events', 0))?.nextOffset).toBe(1);

    await using writer = await openAs('writer', prefix);
    expect((await consume(writer, 'writer', ['steps', 'dead-letters'])).sort()).toEqual([
      'dead-letters',
      'steps',
    ]);
    // For a version that the store refuses for good.
    await writer.append('dead-letters', 0, [record]);
    await expect(writer.append('events', 0, [record])).rejects.toMatchObject({ code: 'log-access-denied' });

    await using reader = await openAs('reader', prefix);
    expect((await reader.read('events', 0, 0)).records).toHaveLength(2);
    await expect(reader.append('events', 0, [record])).rejects.toMatchObject({ code: 'log-access-denied' });
  });
});

/** What the commands of the page allow. */
function aclCommands() {
  const page = fs.readFileSync(path.resolve(__dirname, '../../../docs/kafka.md'), 'utf8');
  const lines = page.split('\n').filter((line) => line.startsWith('kafka-acls.sh '));
  return lines.map((line) => {
    const valuesOf = (option: string): string[] =>
      [...line.matchAll(new RegExp(`--${option} (\\S+)`, 'g'))].map(([, value]) => value!);
    const [group] = valuesOf('group');
    return {
      user: valuesOf('allow-principal')[0]!.replace('User:', ''),
      operations: valuesOf('operation').map(
        (name) => name.replace(/(?<=[a-z])(?=[A-Z])/, '_').toUpperCase() as Operation,
      ),
      name: group ?? valuesOf('topic')[0]!,
      isGroup: group !== undefined,
      isPrefix: valuesOf('resource-pattern-type')[0] === 'prefixed',
    };
  });
}

/** Commits one record of each topic as a group, and answers the topics. */
async function consume(log: EventLog, group: string, topics: readonly Topic[]): Promise<Topic[]> {
  const done = new AbortController();
  const consumed: Topic[] = [];
  await log.subscribe({ group, topics, signal: done.signal }, async (partition) => {
    const { records } = await partition.poll();
    await partition.commit({ nextOffset: records[0]!.offset + 1, metadata: '' });
    consumed.push(partition.topic);
    if (consumed.length === topics.length) done.abort();
  });
  return consumed;
}
