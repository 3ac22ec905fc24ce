import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

jest.setTimeout(180_000);

const root = path.resolve(__dirname, '../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-packages-'));
const project = path.join(folder, 'project');
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Packed {
  readonly name: string;
  readonly file: string;
  readonly files: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
}

function run(command: string, words: readonly string[], cwd = project): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${command} ${words.join(' ')} answered ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

let packed: readonly Packed[];
const manifestOf = (name: string): Manifest =>
  JSON.parse(fs.readFileSync(path.join(project, 'node_modules', name, 'package.json'), 'utf8')) as Manifest;
/** What an importer writes for each program that a package exports. */
const specifiersOf = (name: string): string[] =>
  Object.entries(manifestOf(name).exports)
    .filter(([, target]) => typeof target !== 'string')
    .map(([key]) => path.posix.join(name, key));

beforeAll(() => {
  packed = JSON.parse(
    run(process.execPath, ['scripts/pack.mjs', path.join(folder, 'packed')], root),
  ) as Packed[];
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{"private":true,"type":"module"}');
  const files = packed.map(({ file }) => file);
  run('npm', [
    'install',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel',
    'error',
    ...files,
  ]);
});

/** Told by one object, so that a test of all packages names those that fail. */
function problemsOf(problems: (given: Packed) => readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(
    packed.map((given) => [given.name, problems(given)]).filter(([, found]) => found!.length > 0),
  );
}

describe('the packages', () => {
  it('hold what a user needs, and nothing of the tests', () => {
    expect(packed.length).toBeGreaterThan(20);
    const problems = problemsOf(({ name, files }) => {
      const { exports, bin = {} } = manifestOf(name);
      const targets = Object.values(exports).flatMap((target) =>
        typeof target === 'string' ? target : Object.values(target),
      );
      const named = [...targets, ...Object.values(bin)].map((target) => path.posix.normalize(target));
      return [
        ...['README.md', 'LICENSE', ...named]
          .filter((file) => !files.includes(file))
          .map((file) => `lacks ${file}`),
        ...files.filter((file) => /\.test\.|\/testing\/|tsbuildinfo|node_modules/.test(file)),
      ];
    });
    expect(problems).toEqual({});
    expect(fs.readdirSync(path.join(root, 'libs/fold'))).not.toContain('LICENSE');
  });

  it('pass publint', () => {
    const script = `
      import { publint } from 'publint';
      for (const directory of process.argv.slice(1)) {
        const { messages } = await publint({ pkgDir: directory, strict: true, pack: false });
        for (const { code, path } of messages) console.log(directory.split('/node_modules/').at(-1), code, path.join('.'));
      }`;
    const directories = packed.map(({ name }) => path.join(project, 'node_modules', name));
    expect(run(process.execPath, ['--input-type=module', '-e', script, ...directories], root)).toBe('');
  });

  it('can be imported, every one of their exports', () => {
    const script = `
      for (const name of process.argv.slice(1)) {
        const { length } = Object.keys(await import(name));
        if (length === 0) console.log(name, 'exports nothing');
      }`;
    const names = packed
      .flatMap(({ name }) => specifiersOf(name))
      .filter((name) => !name.endsWith('/conformance'));
    expect(run(process.execPath, ['--input-type=module', '-e', script, ...names])).toBe('');
  });

  it.each(['nodenext', 'bundler'])('have types that hold without skipping a check (%s)', (resolution) => {
    const names = packed
      .flatMap(({ name }) => specifiersOf(name))
      .filter((name) => !name.endsWith('/conformance'));
    const lines = names.map(
      (name, index) => `import * as p${index} from '${name}';\nexport const q${index}: object = p${index};`,
    );
    fs.writeFileSync(path.join(project, 'consumer.mts'), lines.join('\n'));
    // Of the driver's own types not all hold; ours have to.
    const compiler = [
      path.join(root, 'node_modules/typescript/bin/tsc'),
      '--ignoreConfig',
      '--noEmit',
      '--strict',
    ];
    const module =
      resolution === 'nodenext'
        ? ['--module', 'nodenext']
        : ['--module', 'esnext', '--moduleResolution', 'bundler'];
    const types = [
      '--target',
      'es2023',
      '--lib',
      'es2024,esnext.disposable',
      '--types',
      'node',
      '--typeRoots',
      path.join(root, 'node_modules/@types'),
    ];
    const { stdout } = spawnSync(process.execPath, [...compiler, ...module, ...types, 'consumer.mts'], {
      cwd: project,
      encoding: 'utf8',
    });
    const ours = stdout
      .split('\n')
      .filter((line) => /^(?:consumer|node_modules\/(?:@stepfold|stepfold)\/)/.test(line));
    expect(ours).toEqual([]);
  });

  it('record, fold and print in an empty project', () => {
    const program = `
      import { openEmbeddedLog } from '@stepfold/embedded-log';
      import { anthropic } from '@stepfold/formats';
      import { createRecorder } from '@stepfold/recorder';
      import { createSystemRuntime } from '@stepfold/runtime';
      const log = await openEmbeddedLog({ directory: '.stepfold/log', runtime: createSystemRuntime() });
      const recorder = createRecorder({ log });
      async function* stream() {
        yield { type: 'message_start', message: { id: 'm', model: 'c', content: [], usage: {} } };
        yield { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
        yield { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } };
        yield { type: 'message_stop' };
      }
      const run = recorder.openRun({ chatId: 'chat' });
      for await (const _ of run.recordIterable(stream(), { format: anthropic }));
      await recorder.close();
      await log.close();`;
    run(process.execPath, ['--input-type=module', '-e', program]);
    const bin = path.join(project, 'node_modules/.bin/stepfold');
    expect(JSON.parse(run(bin, ['replay', 'chat', '--json']))).toMatchObject([
      { status: 'complete', parts: [{ text: 'Hello' }] },
    ]);
    expect(run(bin, ['--version'])).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('what runs in an edge runtime', () => {
  /** Bundles a program as a bundler for an edge runtime does, and answers the files of which something is in it. */
  function bundle(program: string): readonly string[] {
    fs.writeFileSync(path.join(project, 'entry.mjs'), program);
    const script = `
      import { build } from 'esbuild';
      const { metafile } = await build({
        entryPoints: ['entry.mjs'], absWorkingDir: process.argv[1], bundle: true, write: false, metafile: true,
        platform: 'browser', format: 'esm', conditions: ['edge-light', 'worker'], logLevel: 'silent',
      });
      const [output] = Object.values(metafile.outputs);
      console.log(JSON.stringify(Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file)));`;
    return JSON.parse(
      run(process.execPath, ['--input-type=module', '-e', script, project], root),
    ) as string[];
  }

  const edge = [
    'publisher',
    'formats',
    'recorder',
    'recorder-ai-sdk',
    'recorder-anthropic',
    'recorder-openai',
    'import',
    'views',
    'requests',
  ];

  it.each(edge)('@stepfold/%s needs nothing of Node, and no driver', (name) => {
    // A built-in module of Node that is imported makes the bundler fail.
    const files = bundle(`import * as all from '@stepfold/${name}';\nconsole.log(all);`);
    expect(files.filter((file) => /node_modules\/(?:lmdb|kafkajs|mongodb|pino)\//.test(file))).toEqual([]);
  });

  it('a recorder of one format holds no other', () => {
    const files = bundle(
      "import { createRecorder } from '@stepfold/recorder';\nimport { anthropic } from '@stepfold/formats';\nconsole.log(createRecorder, anthropic);",
    );
    const formats = files
      .filter((file) => file.includes('@stepfold/formats/dist/'))
      .map((file) => path.basename(file));
    expect(formats).toContain('anthropic.js');
    expect(
      formats.filter((file) => /^(?:google|openai|fantasy|ui-message|ai-sdk|language-model)/.test(file)),
    ).toEqual([]);
  });
});
