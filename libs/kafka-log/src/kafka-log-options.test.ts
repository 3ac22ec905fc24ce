import { describe, expect, it } from '@jest/globals';
import { createSystemRuntime } from '@stepfold/runtime';
import { resolveOptions, type KafkaLogOptions } from './kafka-log-options.js';

const runtime = createSystemRuntime();
const resolve = (options: Partial<KafkaLogOptions>) =>
  resolveOptions({ brokers: ['kafka-1:9092'], runtime, ...options });
const pem = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';

describe('the options of a Kafka log', () => {
  it('need no more than brokers', () => {
    expect(resolve({})).toMatchObject({
      brokers: [{ host: 'kafka-1', port: 9092 }],
      clientId: 'stepfold',
      topicPrefix: 'stepfold.',
      generation: 0,
      partitionCount: undefined,
      createTopics: true,
      retentionMs: { events: 2_592_000_000, steps: 604_800_000, 'dead-letters': 2_592_000_000 },
      compression: 'none',
      sessionTimeoutMs: 30_000,
      heartbeatIntervalMs: 3_000,
    });
  });

  it('keep every value that is given', () => {
    const given = {
      clientId: 'mine',
      topicPrefix: 'team-a_1.',
      generation: 32_767,
      partitionCount: 1,
      replicationFactor: 3,
      createTopics: false,
      tls: { ca: pem, cert: pem, key: pem, rejectUnauthorized: false },
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
      compression: 'lz4',
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 2_000,
      rebalanceTimeoutMs: 7_000,
      connectionTimeoutMs: 1,
      requestTimeoutMs: 2,
    } as const;
    expect(resolve(given)).toMatchObject(given);
    expect(resolve({ retentionMs: { steps: -1 } }).retentionMs).toMatchObject({
      steps: -1,
      events: 2_592_000_000,
    });
  });

  it.each([
    ['localhost:9092', 'localhost', 9092],
    ['10.0.0.1:1', '10.0.0.1', 1],
    ['[::1]:65535', '::1', 65_535],
    ['[fe80::1:2]:9092', 'fe80::1:2', 9092],
    ['my_broker-1.example.org:9092', 'my_broker-1.example.org', 9092],
  ])('take %s for a broker', (broker, host, port) => {
    expect(resolve({ brokers: [broker] }).brokers).toEqual([{ host, port }]);
  });

  it.each([
    'localhost',
    'localhost:',
    ':9092',
    'localhost:0',
    'localhost:65536',
    '::1:9092',
    '[]:9092',
    'kafka://localhost:9092',
    'a:1,b:2',
    '',
  ])('do not take "%s" for one', (broker) => {
    expect(() => resolve({ brokers: ['good:9092', broker] })).toThrow(
      expect.objectContaining({
        code: 'bad-configuration',
        message: expect.stringMatching(/^brokers .*host:port/),
      }),
    );
  });

  it('beat three times within a session, however short it is', () => {
    expect(resolve({ sessionTimeoutMs: 300 }).heartbeatIntervalMs).toBe(100);
    expect(resolve({ sessionTimeoutMs: 1_800_000 }).heartbeatIntervalMs).toBe(3_000);
  });

  const wrong: readonly (readonly [string, Partial<KafkaLogOptions>])[] = [
    ['brokers', { brokers: [] }],
    ['clientId', { clientId: '' }],
    ['topicPrefix', { topicPrefix: 'a/b' }],
    ['topicPrefix', { topicPrefix: 'ü.' }],
    ['topicPrefix', { topicPrefix: 'a'.repeat(238) }],
    ['generation', { generation: -1 }],
    ['generation', { generation: 32_768 }],
    ['generation', { generation: 0.5 }],
    ['partitionCount', { partitionCount: 0 }],
    ['partitionCount', { partitionCount: 10_001 }],
    ['replicationFactor', { replicationFactor: 0 }],
    ['retentionMs of steps', { retentionMs: { steps: 0 } }],
    ['compression', { compression: 'zstd' as never }],
    ['sessionTimeoutMs', { sessionTimeoutMs: 0 }],
    ['heartbeatIntervalMs', { sessionTimeoutMs: 3_000, heartbeatIntervalMs: 1_001 }],
    ['requestTimeoutMs', { requestTimeoutMs: 2 ** 31 }],
    ['tls.ca', { tls: { ca: '/etc/ssl/ca.pem' } }],
    ['tls.key', { tls: { cert: pem } }],
    ['tls.cert', { tls: { key: pem } }],
    ['sasl.mechanism', { sasl: { mechanism: 'gssapi' as never, username: 'u', password: 'p' } }],
    ['sasl.username', { sasl: { mechanism: 'plain', username: '', password: 'p' } }],
    ['sasl.password', { sasl: { mechanism: 'plain', username: 'u', password: '' } }],
  ];
  it.each(wrong)('are refused with the name of the one that is wrong: %s', (name, options) => {
    expect(() => resolve(options)).toThrow(
      expect.objectContaining({
        name: 'UsageError',
        code: 'bad-configuration',
        message: expect.stringMatching(new RegExp(`^${name.replace('.', '\\.')} `)),
      }),
    );
  });

  it('do not tell a password that was written into the address of a broker', () => {
    const brokers = ['good:9092', 'user:Zanzibar@kafka:9092'];
    expect(() => resolve({ brokers })).toThrow(/^(?!.*Zanzibar).*entry 2 is not/);
  });
});
