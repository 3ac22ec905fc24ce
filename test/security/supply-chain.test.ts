import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = path.resolve(__dirname, '../..');

interface Locked {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly version?: string;
}

const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

describe('what is installed', () => {
  const foreign = Object.entries(lock.packages).filter(
    ([name, { link }]) => name.includes('node_modules/') && link !== true,
  );

  it('is named by version and hash, and never by an address', () => {
    expect(foreign.length).toBeGreaterThan(300);
    expect(foreign.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name)).toEqual([]);
    // Of a package for another platform that the registry at hand did not have, only the version is known.
    const unhashed = foreign.filter(
      ([, { integrity, optional }]) => integrity === undefined && optional !== true,
    );
    expect(unhashed.map(([name]) => name)).toEqual([]);
    expect(
      foreign.filter(([, { version }]) => !/^\d+\.\d+\.\d+/.test(version ?? '')).map(([name]) => name),
    ).toEqual([]);
  });

  it('runs no code when it is installed, and neither do we', () => {
    expect(fs.readFileSync(path.join(root, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
    const own = [
      'package.json',
      ...['libs', 'services', 'infra', 'examples', 'test'].flatMap((group) => manifests(group)),
    ];
    for (const file of own) {
      const { scripts = {} } = JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')) as {
        scripts?: Record<string, string>;
      };
      const forbidden = Object.keys(scripts).filter((name) =>
        /^(?:pre|post)?(?:install|prepare|publish)$/.test(name),
      );
      expect({ file, forbidden }).toEqual({ file, forbidden: [] });
    }
  });

  it('by who uses a package of ours is little', () => {
    for (const file of [...manifests('libs'), ...manifests('services')]) {
      const { name, dependencies = {} } = JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')) as {
        name: string;
        dependencies?: Record<string, string>;
      };
      const others = Object.keys(dependencies).filter(
        (dependency) => !/^(?:@stepfold\/|stepfold$)/.test(dependency),
      );
      const known = [
        'zod',
        '@noble/hashes',
        'lmdb',
        'kafkajs',
        'lz4-napi',
        'snappyjs',
        'mongodb',
        'commander',
        'pino',
        'get-east-asian-width',
        '@js-joda/core',
      ];
      expect({ name, unknown: others.filter((dependency) => !known.includes(dependency)) }).toEqual({
        name,
        unknown: [],
      });
    }
  });
});

function manifests(group: string): string[] {
  const inside = path.join(root, group);
  const folders = fs.existsSync(path.join(inside, 'package.json'))
    ? [group]
    : fs.readdirSync(inside).map((name) => `${group}/${name}`);
  return folders
    .map((folder) => `${folder}/package.json`)
    .filter((file) => fs.existsSync(path.join(root, file)));
}
