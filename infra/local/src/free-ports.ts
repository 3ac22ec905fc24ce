import fs from 'node:fs';
import net from 'node:net';
import { LocalServersError } from './errors.js';
import { runtime } from './wait-until.js';

export const LOOPBACK = '127.0.0.1';

const PORT_MIN = 15_000;
const TRIES_PER_PORT = 200;
/** Of this process; another one may take the same port in the moment before the server does. */
const handedOut = new Set<number>();

/**
 * Ports that nobody listens on, and that lie below those that the system gives to outgoing connections.
 * A server that is started again must find its port free, and a client that keeps connecting to a dead
 * server on the same machine would sooner or later be given that very port, and be connected to itself.
 */
export async function freePorts(count: number): Promise<number[]> {
  const portMax = firstOutgoingPort();
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > TRIES_PER_PORT * count) {
      throw new LocalServersError('start-failed', `no free port was found on ${LOOPBACK}`);
    }
    // 0 lets the system choose, where it leaves no room below.
    const wanted = portMax <= PORT_MIN ? 0 : PORT_MIN + Math.floor(runtime.random() * (portMax - PORT_MIN));
    if (handedOut.has(wanted)) continue;
    const port = await tryPort(wanted);
    if (port === undefined || handedOut.has(port)) continue;
    handedOut.add(port);
    ports.push(port);
  }
  return ports;
}

/** True if a server could listen on this port now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await tryPort(port)) !== undefined;
}

/** Binds to the port and lets it go; the number, or undefined if it is taken. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address() as net.AddressInfo;
      server.close(() => resolve(address.port));
    });
  });
}

function firstOutgoingPort(): number {
  try {
    return Number(fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
  } catch {
    // macOS and Windows begin here.
    return 49_152;
  }
}
