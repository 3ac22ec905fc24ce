import { describe, expect, it } from '@jest/globals';
import { kafkaProperties } from './kafka-properties.js';

const three = [1, 2, 3].map((id) => ({ broker: 20_000 + id, controller: 21_000 + id, secure: 22_000 + id }));

function settingsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

describe('the settings of a Kafka node', () => {
  it('keep everything once in a cluster of one', () => {
    const ports = [{ broker: 20_001, controller: 21_001 }];
    const settings = settingsOf(kafkaProperties({ nodeId: 1, ports, logDirectory: '/data' }));
    expect(settings).toMatchObject({
      'node.id': '1',
      'controller.quorum.voters': '1@127.0.0.1:21001',
      listeners: 'PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:21001',
      'advertised.listeners': 'PLAINTEXT://127.0.0.1:20001',
      'log.dirs': '/data',
      'default.replication.factor': '1',
      'min.insync.replicas': '1',
      'group.min.session.timeout.ms': '100',
      'group.initial.rebalance.delay.ms': '0',
      'auto.create.topics.enable': 'false',
    });
    expect(Object.keys(settings).filter((name) => /sasl|ssl/.test(name))).toEqual([]);
  });

  it('keep everything three times in a cluster of three, and take writes with two', () => {
    const settings = settingsOf(kafkaProperties({ nodeId: 2, ports: three, logDirectory: '/data' }));
    expect(settings).toMatchObject({
      'node.id': '2',
      'controller.quorum.voters': '1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003',
      'advertised.listeners': 'PLAINTEXT://127.0.0.1:20002',
    });
    const of = (pattern: RegExp) =>
      Object.entries(settings).flatMap(([name, value]) => (pattern.test(name) ? [value] : []));
    expect(of(/replication\.factor$/)).toEqual(['3', '3', '3', '3']);
    expect(of(/min\.(insync\.replicas|isr)$/)).toEqual(['2', '2', '2']);
  });

  it('add a listener for users, and nothing that listens beyond this machine', () => {
    const text = kafkaProperties({
      nodeId: 3,
      ports: three,
      logDirectory: '/data',
      security: {
        keyStoreFile: '/key.pem',
        users: [
          { name: 'alice', password: 'a' },
          { name: 'bob', password: 'b' },
        ],
      },
    });
    const settings = settingsOf(text);
    expect(settings['advertised.listeners']).toBe('PLAINTEXT://127.0.0.1:20003,SASL_SSL://127.0.0.1:22003');
    expect(settings['listener.name.sasl_ssl.plain.sasl.jaas.config']).toContain(
      'user_alice="a" user_bob="b";',
    );
    expect(text.match(/:\/\/(?!127\.0\.0\.1:)/g)).toBeNull();
  });

  it('are overruled by those that the caller gives', () => {
    const text = kafkaProperties({
      nodeId: 1,
      ports: three,
      logDirectory: '/data',
      properties: { 'min.insync.replicas': 3, 'unclean.leader.election.enable': true },
    });
    expect(text.match(/^min\.insync\.replicas=.*$/gm)).toEqual(['min.insync.replicas=3']);
    expect(text).toContain('\nunclean.leader.election.enable=true\n');
  });
});
