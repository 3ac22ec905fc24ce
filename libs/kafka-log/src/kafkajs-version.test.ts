import fs from 'node:fs';
import { expect, it } from '@jest/globals';
import Cluster from 'kafkajs/src/cluster/index.js';
import Connection from 'kafkajs/src/network/connection.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import errors from 'kafkajs/src/protocol/error.js';

it('kafkajs is the version whose inner parts this adapter stands on', () => {
  const { version } = JSON.parse(fs.readFileSync(require.resolve('kafkajs/package.json'), 'utf8')) as {
    version: string;
  };
  expect(version).toBe('2.2.4');
  const own = JSON.parse(fs.readFileSync(`${__dirname}/../package.json`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  expect(own.dependencies['kafkajs']).toBe('2.2.4');
  const methods = [
    'connect',
    'disconnect',
    'addMultipleTargetTopics',
    'refreshMetadata',
    'getNodeIds',
    'findBroker',
  ];
  for (const method of methods) expect(Cluster.prototype).toHaveProperty(method);
  for (const method of ['connect', 'isConnected', 'rejectRequests']) {
    expect(Connection.prototype).toHaveProperty(method);
  }
  expect(new Encoder().writeInt32(1).buffer).toEqual(Buffer.from([0, 0, 0, 1]));
  expect(errors.createErrorFromCode(6)).toMatchObject({ type: 'NOT_LEADER_FOR_PARTITION' });
});
