import type { Broker } from 'kafkajs/src/cluster/index.js';
import Connection from 'kafkajs/src/network/connection.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/** What kafkajs' connections get wrong is mended here, once for the process: they are made deep inside of it. */
export function mendConnections(): void {
  if (isMended) return;
  isMended = true;
  stopIdleTimers();
  beginAnew();
}

let isMended = false;

/**
 * Each idle connection of kafkajs wakes up a thousand times a second to look into an empty queue, and warns
 * of negative time-outs on newer versions of Node (L9). Looking is needed only while something waits.
 */
function stopIdleTimers(): void {
  const { prototype } = RequestQueue;
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(this: RequestQueue) {
    if (this.pending.length > 0) original.call(this);
  };
}

/**
 * A connection of kafkajs is opened again and again, and keeps what it had:
 *
 * 1. Of an answer that broke off, the beginning. What comes on the next socket is read as its end, and from
 *    there on nothing is understood any more, for as long as the process lives.
 * 2. The former socket, whose end is taken for that of the present one, and fails all that is under way.
 * 3. Where two requests find it closed, both open it, and one of the sockets stays open and unused: it keeps
 *    the process alive, and ends as in 2.
 */
function beginAnew(): void {
  const { prototype } = Connection;
  const original = prototype.connect;
  prototype.connect = function connect(this: Connection) {
    if (this.isConnected()) return Promise.resolve(true);
    const known = opening.get(this);
    if (known !== undefined) return known;
    if (this.socket !== undefined) {
      for (const event of ['data', 'end', 'error', 'timeout']) this.socket.removeAllListeners(event);
      this.socket.on('error', () => undefined);
      this.socket.destroy();
    }
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = LENGTH_BYTES;
    const started = original.call(this).finally(() => opening.delete(this));
    opening.set(this, started);
    return started;
  };
}

const opening = new WeakMap<Connection, Promise<unknown>>();
const LENGTH_BYTES = 4;

/** Closes the connections to a broker at once, and fails whatever is under way on them. They may be opened again. */
export async function hangUp(broker: Broker, reason: Error): Promise<void> {
  const { pool } = broker.connectionPool;
  // kafkajs would wait for every answer.
  for (const connection of pool) connection.rejectRequests(reason);
  await broker.disconnect();
  for (const connection of pool) {
    // It takes a connection that it is closing for a good one: what came in between has no answer either.
    connection.rejectRequests(reason);
    // A log-in is no request, and is not ended by itself.
    connection.authHandlers?.onError();
    // Whoever waits for a connection that is being opened learns of its end by an error alone.
    connection.socket?.destroy(opening.has(connection) ? reason : undefined);
  }
}
