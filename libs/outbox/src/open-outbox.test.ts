import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { partitionOf } from '@stepfold/event-log';
import type { Event } from '@stepfold/events';
import { createPublisher, type Outbox } from '@stepfold/publisher';
import { silentLogger, TransientError, type LogFields } from '@stepfold/runtime';
import * as fc from 'fast-check';
import { HandDrivenRuntime, startMicros } from '../../publisher/src/testing/hand-driven-runtime.js';
import { RecordingLog } from '../../publisher/src/testing/recording-log.js';
import { openOutbox } from './open-outbox.js';

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'stepfold-outbox-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A number that no process has: higher than any system gives. */
const DEAD = 2 ** 22 + 7;
const names = (): string[] => readdirSync(directory).toSorted();

/** What a kill leaves: the file as it is, under the number of a process that is no more. */
function kill(): void {
  for (const name of names()) {
    if (!name.endsWith('.outbox')) continue;
    const path = join(directory, name);
    writeFileSync(join(directory, name.replace(/^\d+\.\d+-/, `${DEAD}.0-`)), readFileSync(path));
    rmSync(path);
  }
}

function setUp(options: { log?: RecordingLog; outbox?: Outbox; producer?: string } = {}) {
  const runtime = new HandDrivenRuntime();
  const log = options.log ?? new RecordingLog();
  const errors: Error[] = [];
  const outbox = options.outbox ?? openOutbox({ directory });
  const publisher = createPublisher({
    log,
    runtime,
    outbox,
    producer: options.producer ?? 'first',
    onError: (error) => void errors.push(error),
  });
  return { runtime, log, errors, publisher };
}

const step = { chatId: 'c', stepId: 's' };
const typesOf = (log: RecordingLog): string[] => log.events().map(({ type }) => type);

describe('an outbox', () => {
  it('hands what a killed process had queued to the next one, with the same numbers', async () => {
    const away = new RecordingLog();
    away.pause();
    const { publisher } = setUp({ log: away });
    const opened = publisher.openStep(step);
    void opened.textStart('t');
    void opened.textDelta('t', 'Hel');
    void opened.textDelta('t', 'lo');
    kill();

    const { log, publisher: next } = setUp({ producer: 'second' });
    const opening = next.openStep({ chatId: 'c', stepId: 'later' });
    await opening.end();
    await next.flush();
    expect(log.events().slice(0, 5)).toMatchObject([
      { type: 'step-start', producer: 'first', seq: 0 },
      { type: 'text-start', producer: 'first', seq: 1 },
      { type: 'text-delta', producer: 'first', seq: 2, text: 'Hel' },
      { type: 'text-delta', producer: 'first', seq: 3, text: 'lo' },
      { type: 'interrupt', reason: 'crash', step_id: 's', at: startMicros, detected_at: startMicros },
    ]);
    expect(log.events()[4]).not.toHaveProperty('producer');
    expect(log.events().slice(5)).toMatchObject([{ step_id: 'later' }, { type: 'step-end' }]);
    await next.close();
    expect(names()).toEqual([]);
  });

  it('sends the same bytes that were about to be sent', async () => {
    const away = new RecordingLog();
    away.pause();
    const { publisher, runtime } = setUp({ log: away });
    const opened = publisher.openStep(step);
    void opened.toolCall({
      toolCallId: 'a',
      toolName: 'n',
      args: JSON.parse('{"__proto__":1,"x":"\\ud83d"}'),
    });
    await runtime.settle();
    kill();
    const { log, publisher: next } = setUp();
    await next.flush();
    // The first call took both, and never came through.
    expect(log.valuesOf().slice(0, 2)).toEqual(
      away.calls.flatMap(({ records }) => records.map(({ value }) => new TextDecoder().decode(value!))),
    );
  });

  it('ends a step of which everything is on the log', async () => {
    const { publisher, log } = setUp();
    const opened = publisher.openStep({ ...step, attempt: 2 });
    await opened.textStart('t').acknowledged;
    kill();
    const { publisher: next } = setUp({ log, producer: 'second' });
    await next.flush();
    // That they were acknowledged had not been noted yet: a second copy is a duplicate by its number.
    expect(typesOf(log)).toEqual(['step-start', 'text-start', 'step-start', 'text-start', 'interrupt']);
    expect(log.events().at(-1)).toMatchObject({ attempt: 2, reason: 'crash' });
    await next.close();
    expect(names()).toEqual([]);
  });

  it('leaves nothing behind when the publisher is closed', async () => {
    const { publisher } = setUp();
    await publisher.openStep(step).end();
    await publisher.close();
    expect(names()).toEqual([]);
  });

  it('keeps what could not be sent before the publisher was closed', async () => {
    const away = new RecordingLog();
    away.pause();
    const { publisher, runtime } = setUp({ log: away });
    void publisher.openStep(step).end();
    const closing = publisher.close();
    closing.catch(() => undefined);
    await runtime.advance(10_000);
    await expect(closing).rejects.toThrow(TransientError);
    kill();
    const { log, publisher: next } = setUp();
    await next.flush();
    expect(typesOf(log)).toEqual(['step-start', 'step-end']);
  });

  it('passes over a line that was torn, and keeps a damaged file aside', async () => {
    const away = new RecordingLog();
    away.pause();
    const { publisher } = setUp({ log: away });
    const opened = publisher.openStep(step);
    void opened.end();
    kill();
    const path = join(directory, names()[0]!);
    appendFileSync(path, '+7 {"v":1,"chat_id"');
    const { log, publisher: next } = setUp();
    await next.flush();
    expect(typesOf(log)).toEqual(['step-start', 'step-end']);
    await next.close();
    expect(names()).toEqual([]);

    writeFileSync(join(directory, `${DEAD}.0-0.outbox`), '+0 {"v":9}\n-x\no{}\nhello\n+1 not json\n');
    const { publisher: third, errors } = setUp();
    await third.close();
    expect(names()).toEqual([expect.stringMatching(/\.damaged$/)]);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('chat_id')]);
  });

  it('gives the rest when a file cannot be read, and leaves that one to a later start', async () => {
    const away = new RecordingLog();
    away.pause();
    const { publisher } = setUp({ log: away });
    void publisher.openStep(step).end();
    kill();
    const path = join(directory, `${DEAD}.0-0.outbox`);
    mkdirSync(path);
    utimesSync(path, 1, 1);
    const told: LogFields[] = [];
    const logger = { ...silentLogger, error: (fields: LogFields) => void told.push(fields) };
    const { log, publisher: next } = setUp({ outbox: openOutbox({ directory, logger }) });
    await next.close();
    expect(typesOf(log)).toEqual(['step-start', 'step-end']);
    expect(told).toMatchObject([{ error: 'EISDIR' }]);
    // It could be read the next time.
    const [name] = names();
    rmSync(join(directory, name!), { recursive: true });
    writeFileSync(join(directory, name!), `+0 ${log.valuesOf()[0]}\n`);
    expect(openOutbox({ directory }).recover(0)).toHaveLength(2);
  });

  it('leaves what it could not send to the next outbox of the same process, too', async () => {
    const away = new RecordingLog();
    away.pause();
    const { publisher } = setUp({ log: away });
    void publisher.openStep(step).end();
    kill();
    const { publisher: second, runtime } = setUp({ log: away, producer: 'second' });
    const closing = second.close();
    closing.catch(() => undefined);
    await runtime.advance(10_000);
    await expect(closing).rejects.toThrow(TransientError);
    const { log, publisher: third } = setUp({ producer: 'third' });
    await third.close();
    expect(typesOf(log)).toEqual(['step-start', 'step-end']);
    expect(names()).toEqual([]);
  });

  it('is not taken over while its process lives, nor twice', async () => {
    const away = new RecordingLog();
    away.pause();
    const { publisher } = setUp({ log: away });
    void publisher.openStep(step).end();
    const { log, publisher: other } = setUp({ producer: 'second' });
    await other.flush();
    expect(log.events()).toEqual([]);
    kill();
    const [one, two] = [openOutbox({ directory }), openOutbox({ directory })];
    expect([one.recover(0), two.recover(0)].map(({ length }) => length)).toEqual([2, 0]);
  });

  it('is not taken over by another copy of this package in the same process', async () => {
    const away = new RecordingLog();
    away.pause();
    const { publisher } = setUp({ log: away });
    void publisher.openStep(step).end();
    const before = names();
    jest.isolateModules(() => {
      const other = jest.requireActual<{ openOutbox: typeof openOutbox }>('./open-outbox.js');
      expect(other.openOutbox).not.toBe(openOutbox);
      expect(other.openOutbox({ directory }).recover(0)).toEqual([]);
    });
    expect(names()).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it('gives what was left in the order in which the processes died, whatever the names of their files', () => {
    const leave = (name: string, ageSeconds: number): void => {
      const path = join(directory, `${DEAD}.0-${name}.outbox`);
      const event = { v: 1, chat_id: 'c', step_id: `age-${ageSeconds}`, at: startMicros, type: 'heartbeat' };
      writeFileSync(path, `+0 ${JSON.stringify(event)}\n`);
      utimesSync(path, 1_000_000_000 - ageSeconds, 1_000_000_000 - ageSeconds);
    };
    for (const [name, age] of [
      ['a', 2],
      ['b', 3],
      ['c', 1],
    ] as const)
      leave(name, age);
    const given = openOutbox({ directory })
      .recover(0)
      .map(({ event }) => event.step_id);
    expect(given).toEqual(['age-3', 'age-2', 'age-1']);
  });

  it('goes on without it while the disk is full, says so once, and protects again when there is room', async () => {
    let isFull = true;
    const write = (_file: number, text: string): number => {
      if (isFull) throw new Error('ENOSPC');
      return Buffer.byteLength(text);
    };
    const { publisher, log, errors } = setUp({ outbox: openOutbox({ directory }, { write }) });
    const opened = publisher.openStep(step);
    await opened.textStart('t');
    isFull = false;
    await opened.textDelta('t', 'x');
    isFull = true;
    await opened.end();
    await publisher.flush();
    expect(typesOf(log)).toEqual(['step-start', 'text-start', 'text-delta', 'step-end']);
    expect(errors).toMatchObject([{ code: 'outbox-unavailable' }, { code: 'outbox-unavailable' }]);
    await publisher.close();
  });

  it('stays as small as what is not on the log', async () => {
    const { publisher } = setUp({ outbox: openOutbox({ directory, staleBytesMax: 2_000 }) });
    const opened = publisher.openStep(step);
    for (let i = 0; i < 500; i++) {
      await opened.textDelta('t', 'x'.repeat(100)).acknowledged;
      expect(readFileSync(join(directory, names()[0]!)).length).toBeLessThan(4_000);
    }
    kill();
    const { log, publisher: next } = setUp({ producer: 'second' });
    await next.flush();
    expect(log.events().at(-1)).toMatchObject({ type: 'interrupt', step_id: 's' });
    expect(log.events().length).toBeLessThan(15);
  });

  it('writes its file anew only for what is on the log, however many steps are open', async () => {
    let rewrites = 0;
    const write = (file: number, text: string): number => {
      if (text.startsWith('o')) rewrites++;
      return writeSync(file, text);
    };
    const { publisher } = setUp({ outbox: openOutbox({ directory, staleBytesMax: 2_000 }, { write }) });
    const steps = Array.from({ length: 100 }, (_, n) => publisher.openStep({ chatId: 'c', stepId: `s${n}` }));
    await publisher.flush();
    for (let i = 0; i < 100; i++) await steps[0]!.textDelta('t', 'x').acknowledged;
    // A hundred events of about 150 bytes, and the starts of the steps.
    expect(rewrites).toBeGreaterThan(2);
    expect(rewrites).toBeLessThan(20);
    kill();
    const { log, publisher: next } = setUp({ producer: 'second' });
    await next.close();
    expect(typesOf(log).filter((type) => type === 'interrupt')).toHaveLength(100);
  });

  it('writes not much more than what it keeps while a log that was away for long takes it', async () => {
    let bytes = 0;
    const write = (file: number, text: string): number => {
      bytes += Buffer.byteLength(text);
      return writeSync(file, text);
    };
    const log = new RecordingLog();
    const { publisher } = setUp({ log, outbox: openOutbox({ directory, staleBytesMax: 2_000 }, { write }) });
    log.pause();
    const opened = publisher.openStep(step);
    for (let i = 0; i < 5_000; i++) void opened.textDelta('t', 'x'.repeat(100));
    const keptBytes = bytes;
    log.resume();
    // One more for each batch that the log has taken.
    for (let i = 0; i < 20; i++) await opened.textDelta('t', 'x'.repeat(100));
    await publisher.flush();
    await opened.end();
    expect(bytes).toBeLessThan(3 * keptBytes);
    await publisher.close();
  });

  it.each([NaN, -1, 0.5])('refuses %d as staleBytesMax', (staleBytesMax) => {
    expect(() => openOutbox({ directory, staleBytesMax })).toThrow(
      expect.objectContaining({ code: 'bad-configuration' }),
    );
  });

  it('goes on in its file when there is no room for a new one, and tries again later', async () => {
    let isFull = true;
    let tries = 0;
    const write = (file: number, text: string): number => {
      if (text.startsWith('o')) tries++;
      if (isFull && text.startsWith('o')) throw new Error('ENOSPC');
      return writeSync(file, text);
    };
    const { publisher, errors } = setUp({
      outbox: openOutbox({ directory, staleBytesMax: 2_000 }, { write }),
    });
    const opened = publisher.openStep(step);
    for (let i = 0; i < 50; i++) await opened.textDelta('t', `${i} `.padEnd(100)).acknowledged;
    expect(errors).toEqual([]);
    expect(tries).toBeGreaterThan(1);
    expect(tries).toBeLessThan(10);
    expect(readFileSync(join(directory, names()[0]!)).length).toBeGreaterThan(5_000);
    isFull = false;
    for (let i = 0; i < 50; i++) await opened.textDelta('t', `${i} `.padEnd(100)).acknowledged;
    expect(readFileSync(join(directory, names()[0]!)).length).toBeLessThan(4_000);
    await publisher.close();
    expect(names()).toEqual([]);
  });

  it.each(['never', 'before'])(
    'loses no event after one that a full disk has torn (file written anew: %s)',
    async (when) => {
      const staleBytesMax = when === 'never' ? undefined : 500;
      let isFull = false;
      let isAnew = false;
      const write = (file: number, text: string): number => {
        isAnew ||= text.startsWith('o');
        if (!isFull) return writeSync(file, text);
        writeSync(file, text.slice(0, 20));
        throw new Error('ENOSPC');
      };
      const log = new RecordingLog();
      const outbox = openOutbox(
        { directory, ...(staleBytesMax === undefined ? {} : { staleBytesMax }) },
        { write },
      );
      const { publisher } = setUp({ log, outbox });
      const opened = publisher.openStep(step);
      for (let i = 0; i < 10; i++) await opened.textDelta('t', `${i}`.padEnd(100)).acknowledged;
      expect(isAnew).toBe(when === 'before');
      log.pause();
      isFull = true;
      void opened.textDelta('t', 'torn');
      isFull = false;
      void opened.textDelta('t', 'kept');
      kill();
      const { log: other, publisher: next } = setUp({ producer: 'second' });
      await next.close();
      const texts = other.events().flatMap((event) => (event.type === 'text-delta' ? [event.text] : []));
      expect(texts).toContain('kept');
      expect(texts).not.toContain('torn');
      expect(names()).toEqual([]);
    },
  );

  it('takes what is not on the log along when it writes its file anew', async () => {
    const log = new RecordingLog(2);
    const { publisher } = setUp({ log, outbox: openOutbox({ directory, staleBytesMax: 500 }) });
    const [slow, quick] = [0, 1].map((partition) => {
      const chatId = ['a', 'b', 'c', 'd', 'e'].find(
        (id) => partitionOf(new TextEncoder().encode(id), 2) === partition,
      )!;
      return publisher.openStep({ chatId, stepId: 's' });
    });
    log.pause(0);
    void slow!.textDelta('t', 'not on the log');
    for (let i = 0; i < 20; i++) await quick!.textDelta('t', 'x'.repeat(100)).acknowledged;
    expect(readFileSync(join(directory, names()[0]!), 'utf8')).toMatch(/^o/);
    kill();
    const { log: next, publisher: other } = setUp({ log: new RecordingLog(2), producer: 'second' });
    await other.flush();
    expect(next.events()).toContainEqual(expect.objectContaining({ text: 'not on the log' }));
  });

  it('loses nothing and ends every open step, wherever it is killed', async () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('delta' as const), step: fc.nat(2) }),
      fc.record({ kind: fc.constant('open' as const), step: fc.nat(2) }),
      fc.record({ kind: fc.constant('end' as const), step: fc.nat(2) }),
      fc.record({ kind: fc.constant('settle' as const), step: fc.nat(2) }),
      fc.record({ kind: fc.constant('kill' as const), step: fc.nat(2) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        rmSync(directory, { recursive: true, force: true });
        const log = new RecordingLog();
        const taken: string[] = [];
        let incarnation = 0;
        const begin = () => {
          incarnation++;
          return setUp({
            log,
            outbox: openOutbox({ directory, staleBytesMax: 200 }),
            producer: `p${incarnation}`,
          });
        };
        let present = begin();
        let open = new Map<number, ReturnType<typeof present.publisher.openStep>>();
        for (const [index, { kind, step: number }] of actions.entries()) {
          const handle = open.get(number);
          if (kind === 'open' && handle === undefined) {
            log.pause();
            open.set(number, present.publisher.openStep({ chatId: 'c', stepId: `s${number}-${index}` }));
          } else if (kind === 'delta' && handle !== undefined) {
            log.pause();
            const text = `${index}`.padEnd(80, '.');
            void handle.textDelta('t', text);
            taken.push(text);
          } else if (kind === 'end' && handle !== undefined) {
            void handle.end();
            open.delete(number);
          } else if (kind === 'settle') {
            log.resume();
            await present.runtime.settle();
          } else if (kind === 'kill') {
            kill();
            log.resume();
            present = begin();
            open = new Map();
          }
        }
        kill();
        log.resume();
        present = begin();
        await present.publisher.close();
        const events = log.events();
        const texts = new Set(events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])));
        expect([...texts].toSorted()).toEqual(taken.toSorted());
        expect(openSteps(events)).toEqual([]);
        expect(names()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

function openSteps(events: readonly Event[]): string[] {
  const open = new Set<string>();
  for (const { type, step_id } of events) if (type === 'step-start') open.add(step_id);
  for (const { type, step_id } of events)
    if (type === 'step-end' || type === 'interrupt') open.delete(step_id);
  return [...open];
}
