import net from 'node:net';

/*
 * Just enough of Kafka's protocol to ask whether a broker works: an open port says nothing about it.
 * Layouts: https://kafka.apache.org/protocol, in the versions without tagged fields.
 */
const API_VERSIONS = { key: 18, version: 0 };
const METADATA = { key: 3, version: 4 };
const FIND_COORDINATOR = { key: 10, version: 1 };
const DESCRIBE_GROUPS = { key: 15, version: 0 };
const INIT_PRODUCER_ID = { key: 22, version: 0 };

const TIMEOUT_MS = 2_000;
/** The answers to what is asked here are small; a larger length is another protocol's text. */
const ANSWER_BYTES_MAX = 1_048_576;
const PROBE_GROUP = 'stepfold-local-servers-probe';

/**
 * True if the broker at this port answers ApiVersions, knows a controller and all of `nodeIds`, has made the
 * topic of group offsets, whose coordinator answers, and gives out producer ids: what the first client would
 * otherwise be refused in the first moments. False on any other answer, or none.
 */
export async function isKafkaReady(host: string, port: number, nodeIds: readonly number[]): Promise<boolean> {
  try {
    return await withConnection(host, port, async (request) => {
      if ((await request(API_VERSIONS, Buffer.alloc(0))).int16() !== 0) return false;
      const known = readMetadata(await request(METADATA, Buffer.concat([int32(0), Buffer.from([0])])));
      if (known.controllerId < 0 || !nodeIds.every((id) => known.nodeIds.includes(id))) return false;
      const coordinator = readCoordinator(
        await request(FIND_COORDINATOR, Buffer.concat([string(PROBE_GROUP), Buffer.from([0])])),
      );
      if (coordinator.errorCode !== 0) return false;
      const producerId = await request(INIT_PRODUCER_ID, Buffer.concat([int16(-1), int32(0)]));
      producerId.int32();
      if (producerId.int16() !== 0) return false;
      return await withConnection(coordinator.host, coordinator.port, async (ask) => {
        const groups = await ask(DESCRIBE_GROUPS, Buffer.concat([int32(1), string(PROBE_GROUP)]));
        return groups.int32() === 1 && groups.int16() === 0;
      });
    });
  } catch {
    return false;
  }
}

type Ask = (api: { key: number; version: number }, body: Buffer) => Promise<Reader>;

/** One request at a time, on a connection that ends with `work`. */
async function withConnection<T>(host: string, port: number, work: (ask: Ask) => Promise<T>): Promise<T> {
  const socket = net.connect({ host, port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
  let answerTo: ((answer: Buffer) => void) | undefined;
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length >= 4 && received.readUInt32BE(0) > ANSWER_BYTES_MAX) {
      socket.destroy(new Error('another protocol'));
      return;
    }
    if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
    answerTo?.(received.subarray(4));
    received = Buffer.alloc(0);
  });
  const failed = new Promise<never>((_resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('connection closed')));
  });
  failed.catch(() => undefined);
  let correlationId = 0;
  const ask: Ask = async ({ key, version }, body) => {
    const head = Buffer.concat([
      int16(key),
      int16(version),
      int32(++correlationId),
      string('stepfold-probe'),
    ]);
    const answer = new Promise<Buffer>((resolve) => {
      answerTo = resolve;
    });
    socket.write(Buffer.concat([int32(head.length + body.length), head, body]));
    const reader = new Reader(await Promise.race([answer, failed]));
    if (reader.int32() !== correlationId) throw new Error('an answer to another request');
    return reader;
  };
  try {
    return await work(ask);
  } finally {
    socket.destroy();
  }
}

function readMetadata(reader: Reader): { nodeIds: number[]; controllerId: number } {
  reader.int32();
  const nodeIds = Array.from({ length: reader.int32() }, () => {
    const nodeId = reader.int32();
    reader.string();
    reader.int32();
    reader.string();
    return nodeId;
  });
  reader.string();
  return { nodeIds, controllerId: reader.int32() };
}

function readCoordinator(reader: Reader): { errorCode: number; host: string; port: number } {
  reader.int32();
  const errorCode = reader.int16();
  reader.string();
  reader.int32();
  return { errorCode, host: reader.string(), port: reader.int32() };
}

/** Reads an answer from its beginning to its end. */
class Reader {
  #offset = 0;
  constructor(private readonly bytes: Buffer) {}

  int16(): number {
    this.#offset += 2;
    return this.bytes.readInt16BE(this.#offset - 2);
  }

  int32(): number {
    this.#offset += 4;
    return this.bytes.readInt32BE(this.#offset - 4);
  }

  /** Null is read as empty. */
  string(): string {
    const length = Math.max(0, this.int16());
    this.#offset += length;
    return this.bytes.toString('utf8', this.#offset - length, this.#offset);
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([int16(bytes.length), bytes]);
}
