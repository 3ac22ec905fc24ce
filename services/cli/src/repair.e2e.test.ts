import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ChatsRebuild, RetriedLetter } from '@stepfold/audit';
import type { EventLog, LogRecord, Topic } from '@stepfold/event-log';
import { encodeStepRecord, type Message, type MessageJson } from '@stepfold/fold';
import { FIRST_COLLECTION, type DeadLetter } from '@stepfold/message-store';
import { availableBackends } from '../../../test/support/test-data.js';
import { killSpawned, outputOf, runStepfoldProcess } from './testing/spawn-stepfold.js';
import { stream } from './testing/stored-messages.js';
import { temporaryFolder } from './testing/temporary-folder.js';
import { adaptersOf, type TestAdapters } from './testing/test-adapters.js';

jest.setTimeout(180_000);
afterEach(killSpawned);

async function jsonOf<T>(commandLine: readonly string[]): Promise<{ exitCode: number | null; json: T }> {
  const { exitCode, stdout, stderr } = await runStepfoldProcess([...commandLine, '--json']);
  expect(stderr).toBe('');
  return { exitCode, json: JSON.parse(stdout) as T };
}

/** Publishes the short recording as chat `c`; no service runs. */
async function publish(adapters: TestAdapters): Promise<void> {
  using folder = temporaryFolder();
  const file = folder.write('run.jsonl', stream);
  await outputOf(['publish', file, '--format', 'ai-sdk', '--chat', 'c', ...adapters.words]);
}

/** Every record of a topic, with its partition. */
async function recordsOf(log: EventLog, topic: Topic): Promise<{ partition: number; record: LogRecord }[]> {
  const found: { partition: number; record: LogRecord }[] = [];
  for (let partition = 0; partition < log.partitionCount; partition++) {
    const { begin } = await log.bounds(topic, partition);
    const { records } = await log.read(topic, partition, begin);
    found.push(...records.map((record) => ({ partition, record })));
  }
  return found;
}

function letterOf(
  log: EventLog,
  topic: Topic,
  { partition, record }: { partition: number; record: LogRecord },
  fields: Pick<DeadLetter, 'stage' | 'reason'>,
): DeadLetter {
  const { key, value, offset } = record;
  const id = `${log.topicPrefix}${topic}:${partition}:${offset}`;
  return { id, detail: 'of a test', key, value, at: 1_775_822_400_000_001, ...fields };
}

describe.each(availableBackends())('on %s', (backend) => {
  const open = (): Promise<TestAdapters> => adaptersOf(backend);

  describe('rebuild --chat', () => {
    it('stores what is missing, mends what is damaged, and never replaces a newer version', async () => {
      await using adapters = await open();
      const data = adapters.words;
      await publish(adapters);
      const rebuild = (...words: string[]) =>
        jsonOf<ChatsRebuild>(['rebuild', '--chat', 'c', ...words, ...data]);

      // Nothing has been folded yet, so nothing is missing either, and all of it is stored.
      expect(await rebuild()).toMatchObject({
        exitCode: 0,
        json: { ok: true, folded: 2, written: 2, newer: 0, refused: [], differences: [], remaining: [] },
      });
      const sound = await outputOf(['messages', 'c', ...data, '--json']);
      expect((JSON.parse(sound) as MessageJson[]).map(({ status }) => status)).toEqual([
        'complete',
        'interrupted',
      ]);

      await using store = await adapters.openStore();
      const [first, second] = (await store.messages('c')).items as [Message, Message];
      const damaged: Message = { ...first, finish_reason: 'length', parts: [] };
      expect(await store.repair(FIRST_COLLECTION, [damaged])).toEqual([{ outcome: 'applied' }]);
      const dry = await rebuild('--dry-run');
      expect(dry).toMatchObject({ exitCode: 1, json: { ok: false, dry_run: true, written: 0 } });
      expect(dry.json.differences).toMatchObject([{ step_id: first.step_id, kind: 'different' }]);
      const inWords = await runStepfoldProcess(['rebuild', '--chat', 'c', '--dry-run', ...data]);
      expect(inWords).toMatchObject({ exitCode: 1, stderr: '' });
      expect(inWords.stdout).toContain(`different: step ${first.step_id} of chat c`);
      expect((await store.message('c', first.step_id))?.parts).toEqual([]);

      const mended = await rebuild();
      expect(mended).toMatchObject({ exitCode: 0, json: { ok: true, written: 2, remaining: [] } });
      expect(mended.json.differences).toEqual(dry.json.differences);
      expect(await outputOf(['messages', 'c', ...data, '--json'])).toBe(sound);
      await outputOf(['verify', 'c', ...data]);

      const newer: Message = { ...second, fold_version: second.fold_version + 1, role: 'user' };
      expect(await store.write(FIRST_COLLECTION, [newer])).toEqual([{ outcome: 'applied' }]);
      const left = await rebuild();
      expect(left).toMatchObject({ exitCode: 1, json: { ok: false, written: 1, newer: 1 } });
      expect(left.json.remaining).toMatchObject([{ step_id: second.step_id, path: 'fold_version' }]);
      expect(await store.message('c', second.step_id)).toEqual(newer);
    });
  });

  describe('dead-letters', () => {
    it('are listed, shown, and retried as their stage asks for', async () => {
      await using adapters = await open();
      const data = adapters.words;
      await publish(adapters);
      await using log = await adapters.openLog();
      await using store = await adapters.openStore();
      expect((await jsonOf(['dead-letters', 'list', ...data])).json).toEqual([]);

      const events = await recordsOf(log, 'events');
      const ofEvent = letterOf(log, 'events', events[1]!, { stage: 'projector', reason: 'unknown-type' });
      const { partition } = events[0]!;
      const bad = { key: new Uint8Array([0xff]), value: new Uint8Array([0xfe, 0x00]) };
      const { firstOffset: offset } = await log.append('events', partition, [bad]);
      const badRecord = { ...bad, offset, headers: {}, appendedAtMs: 0 };
      const ofBad = letterOf(
        log,
        'events',
        { partition, record: badRecord },
        { stage: 'projector', reason: 'bad-json' },
      );
      const place = { generation: 0, topic: 't', partition, first_offset: 0, last_offset: 1 };
      const version = {
        chat_id: 'c',
        step_id: 'refused',
        attempt: 0,
        role: 'assistant',
        status: 'open',
        rev: 1,
        events: 1,
      };
      const message = { ...version, parts: [], started_at: 1, last_event_at: 1, fold_version: 1, log: place };
      const stamped = { ...message, started_at: 1_775_822_400_000_000, last_event_at: 1_775_822_400_000_000 };
      await log.append('steps', partition, [
        encodeStepRecord({ kind: 'version', message: stamped as Message }),
      ]);
      const steps = await recordsOf(log, 'steps');
      const ofVersion = letterOf(log, 'steps', steps.at(-1)!, { stage: 'writer', reason: 'store-refused' });
      await store.writeDeadLetters([ofEvent, ofBad, ofVersion]);

      const listed = (await jsonOf<{ id: string }[]>(['dead-letters', 'list', ...data])).json;
      expect(listed).toEqual([
        expect.objectContaining({
          id: ofEvent.id,
          reason: 'unknown-type',
          key: 'c',
          at: '2026-04-10T12:00:00.000001Z',
        }),
        expect.objectContaining({ id: ofBad.id, key_base64: '/w==', value_bytes: 2 }),
        expect.objectContaining({ id: ofVersion.id, stage: 'writer', key: 'c:refused' }),
      ]);
      expect(JSON.stringify(listed)).not.toContain('"value"');
      const only = await jsonOf<{ id: string }[]>(['dead-letters', 'list', '--reason', 'bad-json', ...data]);
      expect(only.json.map(({ id }) => id)).toEqual([ofBad.id]);
      for (const { id, value } of [ofEvent, ofVersion]) {
        const shown = await jsonOf<{ value: string; remedy: string }>(['dead-letters', 'show', id, ...data]);
        expect(shown.json.value).toBe(Buffer.from(value!).toString('utf8'));
        expect(shown.json.remedy).not.toBe('');
      }
      expect((await jsonOf(['dead-letters', 'show', ofBad.id, ...data])).json).toMatchObject({
        value_base64: '/gA=',
      });

      const retry = (...words: string[]) =>
        jsonOf<RetriedLetter[]>(['dead-letters', 'retry', ...words, ...data]);
      const all = await retry('--all');
      expect(all.json.map(({ id, outcome }) => [id, outcome])).toEqual([
        [ofEvent.id, 'written'],
        [ofBad.id, 'no-step'],
        [ofVersion.id, 'emitted'],
      ]);
      expect(all.exitCode).toBe(1);
      expect((await store.messages('c')).items).toHaveLength(1);
      expect((await recordsOf(log, 'steps')).length).toBe(steps.length + 1);
      expect(await recordsOf(log, 'events')).toHaveLength(events.length + 1);
      expect(await retry(ofEvent.id)).toMatchObject({ exitCode: 0, json: [{ outcome: 'stale' }] });

      const unknown = await runStepfoldProcess(['dead-letters', 'retry', ofEvent.id, 'x:0:1', ...data]);
      expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
      expect(unknown.stderr).toMatch(/^stepfold: no dead letter x:0:1 [^\n]*\n$/);
    });
  });
});
