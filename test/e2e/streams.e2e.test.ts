import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runStepfold as runStepfoldHere } from '../../services/cli/src/run-stepfold.js';
import { createInProcessHost } from '../../services/cli/src/testing/in-process-host.js';
import { recordedStreams } from '../support/recorded-streams.js';
import { outputOf, runStepfold, startService, type ServiceProcess } from '../support/service-process.js';
import { availableBackends, openTestData, type TestData } from '../support/test-data.js';

/** Every recording that has all that a stream can have, each of which becomes a chat of its own. */
const files = recordedStreams(['ai-sdk-v7'], '.full.jsonl').map(({ file }) => file);
/** Without recordings there is nothing to publish; where they are demanded, `recordedStreams` has thrown. */
const skipped = files.length === 0 ? 'SKIPPED, no recorded streams: ' : '';

interface Printed {
  readonly chat_id: string;
  readonly log?: unknown;
  readonly digest?: unknown;
}

describe.each(availableBackends())('two projectors and two writers as processes on %s', (backend) => {
  let data: TestData;
  let services: ServiceProcess[];

  beforeEach(async () => {
    data = await openTestData(backend);
    services = ['projector', 'projector', 'writer', 'writer'].map((name) =>
      startService([name, ...data.serviceArguments]),
    );
  });

  afterEach(async () => {
    await Promise.all(services.map((service) => service.end('SIGKILL')));
    await data[Symbol.asyncDispose]();
  });

  it(`${skipped}store of published recordings what fold prints of them`, async () => {
    if (skipped !== '') return;
    for (const service of services) await service.saying('partition assigned');
    // A tick of no whole milliseconds: every microsecond has to come back.
    const times = ['--start', '2026-04-10T12:00:00Z', '--tick', '1001'];
    const options = [...files, '--format', 'ai-sdk', ...times, '--json'];
    const published = JSON.parse(await outputOf(['publish', ...options, ...data.adapterArguments])) as {
      chats: readonly string[];
    };
    expect(published.chats).toHaveLength(files.length);

    const folded = new Map<string, Printed[]>();
    for (const message of JSON.parse(await outputOf(['fold', ...options])) as Printed[]) {
      folded.set(message.chat_id, [...(folded.get(message.chat_id) ?? []), message]);
    }
    expect([...folded.keys()].sort()).toEqual([...published.chats].sort());

    await data.untilStored();
    for (const [chatId, expected] of folded) {
      const stored = await printed(['messages', chatId, ...data.adapterArguments, '--json']);
      expect(withoutLog(JSON.parse(stored) as Printed[])).toBe(withoutLog(expected));
    }
    const verified = await runStepfold(['verify', '--all', ...data.adapterArguments, '--json']);
    expect(verified.exitCode).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, not_yet: 0, differences: [] });
    expect((await data.store.deadLetters()).items).toEqual([]);
    expect(await Promise.all(services.map((service) => service.end('SIGTERM')))).toEqual([0, 0, 0, 0]);
  }, 240_000);
});

/** What a command prints that runs in this process: there are too many of them to start a process for each. */
async function printed(commandLine: readonly string[]): Promise<string> {
  const host = createInProcessHost();
  expect({ exitCode: await runStepfoldHere(commandLine, host), stderr: host.complained() }).toEqual({
    exitCode: 0,
    stderr: '',
  });
  return host.printed();
}

/** What depends on the log is not in what `fold` prints. */
function withoutLog(messages: readonly Printed[]): string {
  return JSON.stringify(messages.map(({ log: _log, digest: _digest, ...message }) => message));
}
