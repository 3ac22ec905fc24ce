import { randomBytes } from 'node:crypto';
import net from 'node:net';

/*
 * Just enough of MongoDB's protocol (OP_MSG with BSON) to ask whether a server works.
 * https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/, https://bsonspec.org/spec.html
 */
const OP_MSG = 2013;
const TIMEOUT_MS = 2_000;
/** The answers to what is asked here are small; a larger length is another protocol's text. */
const ANSWER_BYTES_MAX = 1_048_576;
const PROBE_DATABASE = 'stepfold_local_servers_probe';

/** True if the server answers `hello` as one that takes writes. */
export async function answersHello(host: string, port: number): Promise<boolean> {
  try {
    return await withConnection(host, port, async (ask) => {
      const hello = await ask({ hello: 1, $db: 'admin' });
      return isOk(hello) && hello['isWritablePrimary'] === true;
    });
  } catch {
    return false;
  }
}

/** True if a document that is written can be read. Only for a server that asks for no credentials. */
export async function takesWrites(host: string, port: number): Promise<boolean> {
  try {
    return await withConnection(host, port, async (ask) => {
      const _id = randomBytes(8).toString('hex');
      const own = { $db: PROBE_DATABASE };
      const insert = await ask({ insert: 'probe', documents: [{ _id }], ...own });
      if (!isOk(insert) || insert['n'] !== 1) return false;
      const found = await ask({ find: 'probe', filter: { _id }, ...own });
      const cursor = found['cursor'] as { firstBatch?: readonly { _id?: unknown }[] } | undefined;
      if (cursor?.firstBatch?.[0]?._id !== _id) return false;
      return isOk(await ask({ dropDatabase: 1, ...own }));
    });
  } catch {
    return false;
  }
}

type BsonDocument = { readonly [key: string]: unknown };
type Ask = (command: BsonDocument) => Promise<BsonDocument>;

function isOk(answer: BsonDocument): boolean {
  return answer['ok'] === 1;
}

/** One command at a time, on a connection that ends with `work`. */
async function withConnection<T>(host: string, port: number, work: (ask: Ask) => Promise<T>): Promise<T> {
  const socket = net.connect({ host, port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
  let answerTo: ((answer: Buffer) => void) | undefined;
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length >= 4 && received.readUInt32LE(0) > ANSWER_BYTES_MAX) {
      socket.destroy(new Error('another protocol'));
      return;
    }
    if (received.length < 4 || received.length < received.readInt32LE(0)) return;
    answerTo?.(received);
    received = Buffer.alloc(0);
  });
  const failed = new Promise<never>((_resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('connection closed')));
  });
  failed.catch(() => undefined);
  let requestId = 0;
  const ask: Ask = async (command) => {
    const answer = new Promise<Buffer>((resolve) => {
      answerTo = resolve;
    });
    socket.write(message(++requestId, command));
    // 16 bytes of header, 4 of flags, 1 of the section's kind.
    return decodeBson(await Promise.race([answer, failed]), 21);
  };
  try {
    return await work(ask);
  } finally {
    socket.destroy();
  }
}

function message(requestId: number, command: BsonDocument): Buffer {
  const body = encodeBson(command);
  const head = Buffer.alloc(21);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(requestId, 4);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, body]);
}

/** Strings, 32-bit integers, documents and arrays: what the commands above consist of. */
export function encodeBson(document: BsonDocument): Buffer {
  const elements = Object.entries(document).map(([key, value]) => {
    const name = Buffer.from(`${key}\0`, 'utf8');
    if (typeof value === 'string') {
      const text = Buffer.from(`${value}\0`, 'utf8');
      return Buffer.concat([Buffer.from([0x02]), name, int32(text.length), text]);
    }
    if (typeof value === 'number') return Buffer.concat([Buffer.from([0x10]), name, int32(value)]);
    const kind = Array.isArray(value) ? 0x04 : 0x03;
    return Buffer.concat([Buffer.from([kind]), name, encodeBson({ ...(value as BsonDocument) })]);
  });
  const body = Buffer.concat(elements);
  return Buffer.concat([int32(body.length + 5), body, Buffer.from([0])]);
}

/** The document at this offset. Values of kinds that no caller asks for are read over. */
export function decodeBson(bytes: Buffer, offset: number): BsonDocument {
  const end = offset + bytes.readInt32LE(offset) - 1;
  const document: Record<string, unknown> = {};
  let at = offset + 4;
  while (at < end) {
    const kind = bytes.readUInt8(at);
    const nameEnd = bytes.indexOf(0, at + 1);
    const name = bytes.toString('utf8', at + 1, nameEnd);
    const { value, sizeBytes } = decodeValue(bytes, kind, nameEnd + 1);
    document[name] = value;
    at = nameEnd + 1 + sizeBytes;
  }
  return document;
}

function decodeValue(bytes: Buffer, kind: number, at: number): { value: unknown; sizeBytes: number } {
  switch (kind) {
    case 0x01:
      return { value: bytes.readDoubleLE(at), sizeBytes: 8 };
    case 0x02: {
      const length = bytes.readInt32LE(at);
      return { value: bytes.toString('utf8', at + 4, at + 3 + length), sizeBytes: 4 + length };
    }
    case 0x03:
      return { value: decodeBson(bytes, at), sizeBytes: bytes.readInt32LE(at) };
    case 0x04:
      return { value: Object.values(decodeBson(bytes, at)), sizeBytes: bytes.readInt32LE(at) };
    case 0x05:
      return { value: undefined, sizeBytes: 5 + bytes.readInt32LE(at) };
    case 0x07:
      return { value: undefined, sizeBytes: 12 };
    case 0x08:
      return { value: bytes.readUInt8(at) === 1, sizeBytes: 1 };
    case 0x09:
    case 0x11:
      return { value: undefined, sizeBytes: 8 };
    case 0x0a:
      return { value: null, sizeBytes: 0 };
    case 0x10:
      return { value: bytes.readInt32LE(at), sizeBytes: 4 };
    case 0x12:
      return { value: Number(bytes.readBigInt64LE(at)), sizeBytes: 8 };
    default:
      throw new Error(`BSON kind ${kind} is not known here`);
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
