import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { errorCatalogue } from './error-catalogue.js';
import {
  CorruptStateError,
  InvariantViolation,
  isAbortError,
  StepfoldError,
  TransientError,
  UsageError,
} from './errors.js';

const root = path.resolve(__dirname, '../../..');

/** The sources of every package, tests apart. */
function sources(): string[] {
  return ['libs', 'services'].flatMap((kind) =>
    fs.readdirSync(path.join(root, kind)).flatMap((name) => {
      const folder = path.join(root, kind, name, 'src');
      if (!fs.existsSync(folder)) return [];
      return fs
        .readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .map((file) => path.join(folder, file));
    }),
  );
}

describe('the error catalogue', () => {
  it.each(Object.entries(errorCatalogue))(
    'says of %s what causes it and what to do',
    (code, { cause, remedy }) => {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      for (const sentence of [cause, remedy]) expect(sentence).toMatch(/^[A-Z`].{15,}\.$/);
      expect(cause).not.toBe(remedy);
    },
  );

  it('has every code that is used, and every error has one', () => {
    const files = sources();
    expect(files.length).toBeGreaterThan(30);
    const uses = files.flatMap((file) =>
      [
        ...fs
          .readFileSync(file, 'utf8')
          .matchAll(/\bnew (?:Transient|Usage|CorruptState|Stepfold)Error\(\s*'([^']*)'/g),
      ].map(([, code]) => ({ file: path.relative(root, file), code: code as string })),
    );
    expect(uses.filter(({ code }) => !Object.hasOwn(errorCatalogue, code))).toEqual([]);
  });
});

describe('an error', () => {
  it('has the name of its class, its code and its cause', () => {
    const cause = new Error('why');
    for (const [Kind, name] of [
      [TransientError, 'TransientError'],
      [UsageError, 'UsageError'],
      [CorruptStateError, 'CorruptStateError'],
    ] as const) {
      const error = new Kind('bad-input', 'what', { cause });
      expect(error).toBeInstanceOf(StepfoldError);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name, code: 'bad-input', message: 'what', cause });
      expect(String(error)).toBe(`${name}: what`);
    }
  });

  it('of ours has the code of a broken invariant', () => {
    const cause = new Error('why');
    const error = new InvariantViolation('what', { cause });
    expect(error).toMatchObject({ name: 'InvariantViolation', code: 'invariant-violation', cause });
    expect(error).not.toBeInstanceOf(TransientError);
  });
});

describe('an abort error', () => {
  it('is told by its name, whatever made it', () => {
    expect(isAbortError(AbortSignal.abort().reason)).toBe(true);
    expect(isAbortError(new DOMException('stopped', 'AbortError'))).toBe(true);
    expect(isAbortError(Object.assign(new Error('stopped'), { name: 'AbortError' }))).toBe(true);
  });

  it('is nothing else', () => {
    for (const error of [
      new Error('AbortError'),
      new DOMException('late', 'TimeoutError'),
      'AbortError',
      null,
      undefined,
      {},
    ]) {
      expect(isAbortError(error)).toBe(false);
    }
  });
});
