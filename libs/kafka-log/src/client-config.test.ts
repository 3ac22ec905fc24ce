import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { createSystemRuntime, type LogFields, type Logger } from '@stepfold/runtime';
import { clientConfig, createSocket, retryPolicy } from './client-config.js';
import { resolveOptions, type KafkaLogOptions } from './kafka-log-options.js';
import { localhostCertificate, localhostKey } from './testing/certificate.js';

const runtime = createSystemRuntime();

function configOf(options: Partial<KafkaLogOptions>) {
  return clientConfig(resolveOptions({ brokers: ['kafka-1:9092'], runtime, ...options }));
}

interface Line {
  readonly level: keyof Logger;
  readonly fields: LogFields;
  readonly message: string;
}

function recordingLogger(): { readonly logger: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: keyof Logger) => (fields: LogFields, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

describe('the configuration of the client', () => {
  it('says how often to try again, so that tests try what runs', () => {
    expect(configOf({}).retry).toEqual(retryPolicy);
    expect(Object.keys(retryPolicy).sort()).toEqual([
      'factor',
      'initialRetryTime',
      'maxRetryTime',
      'multiplier',
      'retries',
    ]);
  });

  it('has TLS and a login only if asked', () => {
    expect(configOf({})).not.toHaveProperty('ssl');
    expect(configOf({})).not.toHaveProperty('sasl');
    const sasl = { mechanism: 'scram-sha-256', username: 'u', password: 'p' } as const;
    expect(configOf({ tls: {}, sasl })).toMatchObject({ ssl: { rejectUnauthorized: true }, sasl });
    const all = { ca: localhostCertificate, cert: localhostCertificate, key: localhostKey, passphrase: 'x' };
    const more = { ...all, servername: 'kafka', rejectUnauthorized: false };
    expect(configOf({ tls: more }).ssl).toEqual(more);
  });

  it('passes the lines of kafkajs on without what they hold of records and secrets', () => {
    const { logger, lines } = recordingLogger();
    const log = configOf({ logger }).logCreator!(logLevel.INFO);
    const write = (namespace: string, level: logLevel, extra: object) =>
      log({ namespace, level, label: '', log: { timestamp: '', message: 'said', ...extra } });
    write('Runner', logLevel.ERROR, {
      stack: 'Zanzibar',
      payload: { data: 'Zanzibar' },
      buffer: Buffer.from('Zanzibar'),
      error: 'it failed',
      groupId: 'g',
      retryCount: 2,
    });
    write('Connection', logLevel.ERROR, { broker: 'kafka-1:9092' });
    write('', logLevel.WARN, {});
    write('Consumer', logLevel.INFO, {});
    expect(lines).toEqual([
      {
        level: 'warn',
        fields: { from: 'kafkajs Runner', error: 'it failed', groupId: 'g', retryCount: 2 },
        message: 'said',
      },
      { level: 'debug', fields: { from: 'kafkajs Connection', broker: 'kafka-1:9092' }, message: 'said' },
      { level: 'warn', fields: { from: 'kafkajs' }, message: 'said' },
      { level: 'debug', fields: { from: 'kafkajs Consumer' }, message: 'said' },
    ]);
  });
});

/** Makes a server listen, and answers where. It is closed at the end, however the test ends. */
async function listening(server: net.Server, host: string): Promise<{ port: number } & Disposable> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Connects, and answers the calls of setNoDelay: whether it still connected, and what was set. */
async function noDelayOf(host: string, port: number, ssl: tls.ConnectionOptions | undefined) {
  const calls: unknown[] = [];
  const setNoDelay = jest.spyOn(net.Socket.prototype, 'setNoDelay').mockImplementation(function (
    this: net.Socket,
    isOn,
  ) {
    calls.push([this.connecting, isOn]);
    return this;
  });
  try {
    await new Promise<void>((resolve, reject) => {
      const socket = createSocket({ host, port, ssl: ssl!, onConnect: () => resolve() });
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed')));
    });
    return calls;
  } finally {
    setNoDelay.mockRestore();
  }
}

describe('a connection', () => {
  it('sends small requests at once', async () => {
    const server = net.createServer((socket) => socket.end());
    using place = await listening(server, '127.0.0.1');
    expect(await noDelayOf('127.0.0.1', place.port, undefined)).toContainEqual([false, true]);
  });

  it('does so over TLS too, and checks whom it speaks to', async () => {
    const server = tls.createServer({ cert: localhostCertificate, key: localhostKey }, (socket) =>
      socket.end(),
    );
    server.on('tlsClientError', () => undefined);
    using place = await listening(server, '127.0.0.1');
    const ca = localhostCertificate;
    expect(await noDelayOf('localhost', place.port, { ca })).toContainEqual([false, true]);
    expect(await noDelayOf('127.0.0.1', place.port, { ca })).toContainEqual([false, true]);
    await expect(noDelayOf('localhost', place.port, {})).rejects.toThrow(/self.signed/);
    await expect(noDelayOf('localhost', place.port, { ca, servername: 'other' })).rejects.toThrow(/altnames/);
  });

  it('reaches a broker by an IPv6 address', async () => {
    let connections = 0;
    const server = net.createServer((socket) => {
      connections++;
      socket.destroy();
    });
    using place = await listening(server, '::1');
    const config = {
      ...configOf({ brokers: [`[::1]:${place.port}`] }),
      retry: { ...retryPolicy, retries: 0 },
    };
    await expect(new Kafka(config).admin().connect()).rejects.toThrow();
    expect(connections).toBeGreaterThan(0);
  });
});
