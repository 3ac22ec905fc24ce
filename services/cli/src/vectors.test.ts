import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runStepfold } from './run-stepfold.js';
import { createInProcessHost } from './testing/in-process-host.js';
import { temporaryFolder } from './testing/temporary-folder.js';

interface Vector {
  readonly name: string;
  readonly events: readonly object[];
  readonly messages: readonly object[];
}

const vectorFolder = path.resolve(__dirname, '../../../test/vectors');
const vectors = fs
  .readdirSync(vectorFolder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(fs.readFileSync(path.join(vectorFolder, name), 'utf8')) as Vector);

async function printed(commandLine: readonly string[]): Promise<string> {
  const host = createInProcessHost();
  const exitCode = await runStepfold(commandLine, host);
  if (exitCode !== 0) throw new Error(`${commandLine[0]} answered ${exitCode}: ${host.complained()}`);
  return host.printed();
}

describe('every vector of the contract', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', async (_name, vector) => {
    using folder = temporaryFolder();
    const lines = vector.events.map((event) => `${JSON.stringify(event)}\n`).join('');
    const file = folder.write('events.jsonl', lines);
    const messages = JSON.parse(await printed(['fold', file, '--format', 'stepfold', '--json'])) as {
      fold_version?: number;
    }[];
    for (const message of messages) {
      expect(message.fold_version).toBe(1);
      delete message.fold_version;
    }
    expect(canonical(messages)).toBe(canonical(vector.messages));

    // Events of a file are taken as they are: converting them changes nothing.
    const converted = await printed(['convert', file, '--format', 'stepfold', '--json']);
    const events = converted
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(canonical(events)).toBe(canonical(vector.events));
    // And every message can be shown to a person.
    const shown = await printed(['fold', file, '--format', 'stepfold']);
    expect(shown.split('\n').every((line) => Array.from(line).length <= 80)).toBe(true);
  });
});

/** JSON text with sorted keys: `__proto__` counts as a key, and −0 is 0. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',\n')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
