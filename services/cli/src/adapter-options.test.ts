import { Command } from 'commander';
import { describe, expect, it } from '@jest/globals';
import { adapterEnvironment, adapterWords } from './adapter-environment.js';
import {
  addAdapterOptions,
  sameAdapters,
  type AdapterChoice,
  type AdapterNeeds,
  type AdapterOptions,
} from './adapter-options.js';
import { runStepfold } from './run-stepfold.js';
import { createInProcessHost } from './testing/in-process-host.js';
import { temporaryFolder } from './testing/temporary-folder.js';

type Environment = Readonly<Record<string, string>>;

/** The choice that a command line makes of adapters. */
async function choice(
  words: readonly string[],
  environment: Environment = {},
  needs: AdapterNeeds = 'both',
): Promise<AdapterChoice> {
  const command = new Command('try').exitOverride().configureOutput({ writeErr: () => undefined });
  const host = { ...createInProcessHost(), environment };
  let adapters: AdapterChoice | undefined;
  addAdapterOptions(command, host, needs).action((options: AdapterOptions) => {
    ({ adapters } = options);
  });
  await command.parseAsync([...words], { from: 'user' });
  return adapters!;
}

const kafka = ['--kafka', 'a:9092,b:9093'];
const mongodb = ['--mongodb', 'mongodb://store/'];
const servers = { STEPFOLD_KAFKA: 'env:1', STEPFOLD_MONGODB: 'mongodb://env/' };

describe('the choice of log and store', () => {
  it('is a folder, unless servers are named', async () => {
    expect(await choice([])).toEqual({ kind: 'embedded', directory: '.stepfold' });
    const options = ['--data', 'there', '--generation', '2', '--partitions', '8'];
    const embedded = { kind: 'embedded', directory: 'there', generation: 2, partitionCount: 8 };
    expect(await choice(options)).toEqual(embedded);
  });

  it('is servers that options name', async () => {
    const all = [
      ...[...kafka, ...mongodb, '--topic-prefix', 'p.', '--generation', '1', '--partitions', '3'],
      ...['--replication-factor', '2', '--compression', 'lz4', '--kafka-ca', 'ca.pem'],
      ...['--kafka-cert', 'cert.pem', '--kafka-key', 'key.pem', '--kafka-sasl', 'SCRAM-SHA-512'],
    ];
    const secrets = { STEPFOLD_KAFKA_USERNAME: 'u', STEPFOLD_KAFKA_PASSWORD: 'p' };
    expect(await choice(all, secrets)).toMatchObject({
      kind: 'servers',
      mongodb: 'mongodb://store/',
      generation: 1,
      partitionCount: 3,
      kafka: {
        brokers: ['a:9092', 'b:9093'],
        topicPrefix: 'p.',
        replicationFactor: 2,
        compression: 'lz4',
        tls: { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' },
        sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
      },
    });
  });

  it('is servers that the environment names', async () => {
    const environment = {
      ...servers,
      STEPFOLD_GENERATION: '4',
      STEPFOLD_PARTITIONS: '5',
      STEPFOLD_KAFKA_TOPIC_PREFIX: 'e.',
      STEPFOLD_KAFKA_REPLICATION_FACTOR: '3',
      STEPFOLD_KAFKA_COMPRESSION: 'gzip',
      STEPFOLD_KAFKA_TLS: 'true',
      STEPFOLD_KAFKA_SASL: 'plain',
      STEPFOLD_KAFKA_USERNAME: 'u',
      STEPFOLD_KAFKA_PASSWORD: 'p',
    };
    expect(await choice([], environment)).toMatchObject({
      generation: 4,
      partitionCount: 5,
      mongodb: 'mongodb://env/',
      kafka: {
        brokers: ['env:1'],
        topicPrefix: 'e.',
        replicationFactor: 3,
        compression: 'gzip',
        tls: { ca: undefined },
        sasl: { mechanism: 'plain' },
      },
    });
  });

  it('is what the command line says where the environment says something else', async () => {
    expect(await choice(kafka, servers)).toMatchObject({
      mongodb: 'mongodb://env/',
      kafka: { brokers: ['a:9092', 'b:9093'] },
    });
    const environment = { ...servers, STEPFOLD_GENERATION: '4', STEPFOLD_KAFKA_TOPIC_PREFIX: 'e.' };
    expect(await choice(['--data', 'there'], environment)).toEqual({
      kind: 'embedded',
      directory: 'there',
      generation: 4,
    });
    expect(await choice([...kafka, ...mongodb, '--generation', '5'], environment)).toMatchObject({
      generation: 5,
    });
  });

  it('takes empty variables for none, and switches as they are written', async () => {
    const empty = {
      STEPFOLD_KAFKA: '',
      STEPFOLD_MONGODB: '',
      STEPFOLD_GENERATION: '',
      STEPFOLD_KAFKA_TLS: '',
    };
    expect(await choice([], empty)).toEqual({ kind: 'embedded', directory: '.stepfold' });
    for (const [text, isTls] of [
      ['1', true],
      ['off', false],
    ] as const) {
      const chosen = await choice([], { ...servers, STEPFOLD_KAFKA_TLS: text });
      expect(chosen.kind === 'servers' && chosen.kafka?.tls !== undefined).toBe(isTls);
    }
  });

  it('needs only the server that the command works on', async () => {
    expect(await choice(kafka, {}, 'log')).toMatchObject({ kind: 'servers', mongodb: undefined });
    expect(await choice(mongodb, {}, 'store')).toMatchObject({ kind: 'servers', kafka: undefined });
  });

  const wrong: readonly (readonly [readonly string[], Environment, AdapterNeeds, RegExp])[] = [
    [['--data', 'd', ...kafka], {}, 'both', /^--data cannot be used together with --kafka:/],
    [['--data', 'd', ...mongodb], {}, 'store', /^--data cannot be used together with --mongodb:/],
    [['--data', 'd', '--kafka-tls'], {}, 'log', /^--data cannot be used together with --kafka-tls:/],
    [kafka, {}, 'both', /^the store is missing: beside --kafka this command needs --mongodb URL/],
    [kafka, {}, 'store', /^the store is missing/],
    [[], { STEPFOLD_KAFKA: 'a:1' }, 'store', /^the store is missing: beside STEPFOLD_KAFKA/],
    [mongodb, {}, 'both', /^the log is missing: beside --mongodb this command needs --kafka BROKERS/],
    [[], { STEPFOLD_MONGODB: 'mongodb://s/' }, 'log', /^the log is missing: beside STEPFOLD_MONGODB/],
    [['--topic-prefix', 'p.'], {}, 'log', /^--topic-prefix is of no use without --kafka$/],
    [['--kafka', 'kafka://a:9092'], {}, 'log', /--kafka <brokers>.*host:port/],
    [[...kafka, '--kafka-cert', 'c.pem'], {}, 'log', /--kafka-cert and --kafka-key go together/],
    [[...kafka, '--kafka-sasl', 'gssapi'], {}, 'log', /must be one of plain/],
    [[...kafka, '--kafka-sasl', 'plain'], {}, 'log', /STEPFOLD_KAFKA_USERNAME in the environment$/],
    [
      [...kafka, '--kafka-sasl', 'plain'],
      { STEPFOLD_KAFKA_USERNAME: 'u' },
      'log',
      /needs STEPFOLD_KAFKA_PASSWORD in the environment$/,
    ],
    [[...kafka, '--partitions', '0'], {}, 'log', /--partitions.*from 1 to/],
    [
      kafka,
      { STEPFOLD_GENERATION: 'one' },
      'log',
      /^the value of STEPFOLD_GENERATION is invalid: .*whole number/,
    ],
    [kafka, { STEPFOLD_KAFKA_TLS: 'maybe' }, 'log', /^the value of STEPFOLD_KAFKA_TLS is invalid/],
    [kafka, { STEPFOLD_KAFKA_COMPRESSION: 'zip' }, 'log', /^the value of STEPFOLD_KAFKA_COMPRESSION.*gzip/],
  ];
  it.each(wrong)('is refused for %j with %j', async (words, environment, needs, sentence) => {
    await expect(choice(words, environment, needs)).rejects.toThrow(sentence);
  });

  it('is told again without a password for the next command', async () => {
    expect(sameAdapters(await choice([]))).toEqual({ preparation: [], options: '' });
    expect(sameAdapters(await choice(['--data', "it's here"]))).toEqual({
      preparation: [],
      options: ` --data 'it'\\''s here'`,
    });
    const words = [...kafka, ...mongodb, '--kafka-tls', '--generation', '1'];
    expect(sameAdapters(await choice(words))).toEqual({
      options: '',
      preparation: [
        'export STEPFOLD_KAFKA=a:9092,b:9093',
        'export STEPFOLD_MONGODB=mongodb://store/',
        'export STEPFOLD_GENERATION=1',
        'export STEPFOLD_KAFKA_TLS=true',
      ],
    });
    expect(sameAdapters(await choice([], servers))).toEqual({ preparation: [], options: '' });
    const secret = await choice([...kafka, '--mongodb', 'mongodb://u:Zanzibar@store/']);
    expect(sameAdapters(secret).preparation).toContain("export STEPFOLD_MONGODB='…'");
  });
});

describe('another process on the same log and store', () => {
  const secrets = {
    STEPFOLD_KAFKA_USERNAME: 'u',
    STEPFOLD_KAFKA_PASSWORD: 'p',
    STEPFOLD_KAFKA_KEY_PASSPHRASE: 'k',
  };
  it.each([
    [[]],
    [['--data', 'there', '--generation', '2', '--partitions', '8']],
    [[...kafka, ...mongodb]],
    [[...kafka, '--mongodb', 'mongodb://user:secret@store/', '--kafka-tls']],
    [
      [
        ...[...kafka, ...mongodb, '--topic-prefix', 'p.', '--generation', '1', '--partitions', '3'],
        ...['--replication-factor', '2', '--compression', 'lz4', '--kafka-ca', 'ca.pem'],
        ...['--kafka-cert', 'cert.pem', '--kafka-key', 'key.pem', '--kafka-sasl', 'SCRAM-SHA-512'],
      ],
    ],
  ])('makes of words and environment the choice that %j made', async (words) => {
    const first = await choice(words, secrets);
    const handedOn = adapterWords(first);
    expect(handedOn.join(' ')).not.toContain('secret');
    const second = await choice(handedOn, adapterEnvironment(first));
    expect({ ...second, variables: [] }).toEqual({ ...first, variables: [] });
  });
});

describe('a folder that is not there', () => {
  it('is named to whoever asks what it holds, once the answer has been given', async () => {
    using folder = temporaryFolder();
    const said = async (...words: readonly string[]): Promise<string> => {
      const host = createInProcessHost();
      expect(await runStepfold([...words, '--data', folder.file('nowhere')], host)).toBe(0);
      return host.complained();
    };
    expect(await said('chats', '--json')).toBe(
      `note: there was no data in ${folder.file('nowhere')} before\n`,
    );
    expect(await said('chats')).toBe('');
  });

  it('is nothing to speak of for who brings something', async () => {
    using folder = temporaryFolder();
    const host = createInProcessHost('{"type":"start-step"}\n{"type":"finish-step"}\n');
    const publish = ['publish', '-', '--format', 'ai-sdk', '--data', folder.file('nowhere')];
    expect(await runStepfold(publish, host)).toBe(0);
    expect(host.complained()).toBe('');
  });
});
