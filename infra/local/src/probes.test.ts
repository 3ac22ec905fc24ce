import { afterEach, describe, expect, it } from '@jest/globals';
import net from 'node:net';
import { freePorts, isPortFree } from './free-ports.js';
import { isKafkaReady } from './kafka-probe.js';
import { answersHello, decodeBson, encodeBson, takesWrites } from './mongodb-probe.js';

const HOST = '127.0.0.1';

const open: net.Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

/** A port that is open and answers everything with these bytes. */
async function portThatAnswers(bytes: Buffer): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => (bytes.length === 0 ? socket.end() : socket.write(bytes)));
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen({ host: HOST, port: 0 }, resolve));
  return (server.address() as net.AddressInfo).port;
}

const probes = {
  isKafkaReady: (port: number) => isKafkaReady(HOST, port, [1]),
  answersHello: (port: number) => answersHello(HOST, port),
  takesWrites: (port: number) => takesWrites(HOST, port),
};

describe.each(Object.entries(probes))('%s', (_name, probe) => {
  it.each([
    ['closes at once', Buffer.alloc(0)],
    ['speaks something else', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'.padEnd(5_000, '\0'))],
    ['answers with zeros', Buffer.concat([Buffer.from([0, 0, 0, 60]), Buffer.alloc(60)])],
  ])('does not take an open port for a server that %s', async (_what, bytes) => {
    expect(await probe(await portThatAnswers(bytes))).toBe(false);
  });

  it('is false where nobody listens', async () => {
    const [port] = await freePorts(1);
    expect(await probe(port!)).toBe(false);
  });
});

describe('a document of the MongoDB probe', () => {
  it('comes back as it went', () => {
    const document = { text: 'grüße', count: -7, nested: { list: ['a', { b: 2 }], empty: {} } };
    expect(decodeBson(encodeBson(document), 0)).toEqual(document);
  });

  it('has the bytes of the specification', () => {
    // https://bsonspec.org/faq.html
    expect(encodeBson({ hello: 'world' }).toString('hex')).toBe(
      '160000000268656c6c6f0006000000776f726c640000',
    );
  });
});

describe('free ports', () => {
  it('are different, free, and not among those of outgoing connections', async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
    for (const port of ports) expect(await isPortFree(port)).toBe(true);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });

  it('are told from ports where somebody listens', async () => {
    expect(await isPortFree(await portThatAnswers(Buffer.alloc(0)))).toBe(false);
  });
});
