import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSystemRuntime, type Runtime } from '@stepfold/runtime';
import { readBounds } from './partition-offsets.js';
import { createProtocolClient, type ProtocolClient } from './protocol-client.js';

/** Takes connections as the kernel does for a process that is frozen: nobody ever answers. */
let silent: net.Server;
let connections: net.Socket[];

beforeEach(async () => {
  connections = [];
  silent = net.createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});

afterEach(async () => {
  silent.close();
  // The client has left none open: closing would wait for it.
  await once(silent, 'close');
});

function connectTo(server: net.Server, runtime: Runtime = createSystemRuntime()): ProtocolClient {
  const { port } = server.address() as net.AddressInfo;
  return createProtocolClient({ config: { brokers: [`127.0.0.1:${port}`] }, runtime, topics: ['t'] });
}

describe('a client of a broker that takes connections and answers nothing', () => {
  it('says after a while that there is no answer', async () => {
    const runtime = createSystemRuntime();
    const client = connectTo(silent, {
      ...runtime,
      setTimer: (delayMs, callback) => runtime.setTimer(delayMs / 100, callback),
    });
    await expect(readBounds(client, 't', 0)).rejects.toMatchObject({
      code: 'log-unavailable',
      message: expect.stringContaining('Kafka did not answer in time'),
    });
    await client.close();
  });

  it('closes at once, and fails what is pending', async () => {
    const client = connectTo(silent);
    const failed = readBounds(client, 't', 0).catch((error: unknown) => error);
    await once(silent, 'connection');
    await client.close();
    expect(await failed).toMatchObject({ code: 'log-closed' });
    await expect(readBounds(client, 't', 0)).rejects.toMatchObject({ code: 'log-closed' });
  });
});
