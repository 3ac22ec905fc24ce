/**
 * A projector or writer that stops itself, by SIGKILL or SIGSTOP, the nth time that it comes to a named point,
 * and says so on stderr. Whoever started it lets a frozen one go on.
 *
 * node stopping-service.mjs '{"service", "point", "nth", "signal", "log", "store", "config"}'
 * Points of both: after-poll, before-commit, after-commit. Of a projector: after-fold (the versions are about
 * to be appended), mid-emit (they have left, and nothing is known of them), after-emit. Of a writer:
 * before-write, mid-write (the bulk has left, and the store has not answered), after-write. Visits count only
 * if the end of a step is at stake, which nobody would tell again; all others are mended by the next version.
 */
import net from 'node:net';
import { openKafkaLog } from '@stepfold/kafka-log';
import { openMongodbStore } from '@stepfold/mongodb-store';
import { runProjector } from '@stepfold/projector';
import { createSystemRuntime, InMemoryMetrics } from '@stepfold/runtime';
import { runWriter } from '@stepfold/writer';

const {
  service,
  point,
  nth,
  signal,
  log: logOptions,
  store: storeOptions,
  config,
} = JSON.parse(process.argv[2]);
const runtime = createSystemRuntime();
let visits = 0;

function visit(name) {
  if (name !== point || ++visits !== nth) return;
  process.stderr.write(`stopped ${name}\n`);
  process.kill(process.pid, signal);
  process.stderr.write(`thawed ${name}\n`);
}

const includes = (bytes, text) =>
  bytes !== null && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(text);
/** A record of events or of steps that ends a step. */
const endsStep = ({ key, value }) =>
  includes(value, '"type":"step-end"') ||
  (key !== null &&
    !includes(key, ':progress') &&
    includes(value, '"parts"') &&
    !includes(value, '"status":"open"'));

/** Produce requests have the number 0; the driver calls the operations of a bulk `updates`. */
const isAppend = (bytes) => bytes.length > 6 && bytes.readInt16BE(4) === 0;
const isBulk = (bytes) => bytes.includes('updates');
let isMid;

const write = net.Socket.prototype.write;
net.Socket.prototype.write = function watchedWrite(bytes, ...rest) {
  const isMeant = isMid !== undefined && Buffer.isBuffer(bytes) && isMid.is(bytes);
  const answer = write.call(this, bytes, ...rest);
  // The kernel has it now, or will have it when the rest has gone; it is answered to nobody.
  if (isMeant) {
    const { name } = isMid;
    isMid = undefined;
    const visitWhenGone = () => {
      if (this.writableLength === 0) visit(name);
      else setImmediate(visitWhenGone);
    };
    visitWhenGone();
  }
  return answer;
};

const log = await openKafkaLog({ ...logOptions, runtime });
const store = service === 'writer' ? await openMongodbStore({ ...storeOptions, runtime }) : undefined;

const watchedLog = {
  generation: log.generation,
  partitionCount: log.partitionCount,
  topicPrefix: log.topicPrefix,
  bounds: (...args) => log.bounds(...args),
  async append(topic, ...args) {
    if (topic !== 'steps' || !args[1].some(endsStep)) return log.append(topic, ...args);
    visit('after-fold');
    if (point === 'mid-emit') isMid = { name: 'mid-emit', is: isAppend };
    const appended = await log.append(topic, ...args);
    visit('after-emit');
    return appended;
  },
  subscribe: (options, consume) =>
    log.subscribe(options, (assigned) => {
      /** Of the first end of a step that is not committed. */
      let endOffset = Infinity;
      return consume({
        topic: assigned.topic,
        partition: assigned.partition,
        committed: assigned.committed,
        signal: assigned.signal,
        async poll() {
          const batch = await assigned.poll();
          const end = batch.records.find(endsStep);
          if (end === undefined) return batch;
          endOffset = Math.min(endOffset, end.offset);
          visit('after-poll');
          return batch;
        },
        async commit(position) {
          const doneTo =
            position.metadata === '' ? position.nextOffset : JSON.parse(position.metadata).folded_to;
          if (doneTo <= endOffset) return assigned.commit(position);
          endOffset = Infinity;
          visit('before-commit');
          await assigned.commit(position);
          visit('after-commit');
        },
      });
    }),
};

const watchedStore = store && {
  liveCollection: () => store.liveCollection(),
  raiseProgress: (progress) => store.raiseProgress(progress),
  writeDeadLetters: (letters) => store.writeDeadLetters(letters),
  async write(...args) {
    if (args[1].every(({ status }) => status === 'open')) return store.write(...args);
    visit('before-write');
    if (point === 'mid-write') isMid = { name: 'mid-write', is: isBulk };
    const outcomes = await store.write(...args);
    visit('after-write');
    return outcomes;
  },
};

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const say = (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
const logger = { debug: () => undefined, info: say, warn: say, error: say };
const options = {
  log: watchedLog,
  runtime,
  logger,
  metrics: new InMemoryMetrics(),
  signal: stop.signal,
  config,
};

if (service === 'projector') await runProjector(options);
else await runWriter({ ...options, store: watchedStore });
await store?.close();
await log.close();
