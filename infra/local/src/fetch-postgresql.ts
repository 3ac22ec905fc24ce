import fs from 'node:fs';
import path from 'node:path';
import { mirrorOf, parsePackages, selectPackages } from './debian-packages.js';
import { LocalServersError } from './errors.js';
import { fetchedFolder, type Progress } from './fetched-folder.js';
import { debianKeyring } from './required-tools.js';
import { runCommand, runFetchCommand } from './run-command.js';

const WHAT = 'PostgreSQL with DocumentDB';
const MAJOR = '18';
const WANTED = [`postgresql-${MAJOR}-documentdb`, `postgresql-${MAJOR}`, 'patchelf'];
const ANYONES_MIRROR = 'http://deb.debian.org/debian';

/** Shared libraries and PostgreSQL's own packages are followed; nothing that only its tools need. */
const isFollowed = (name: string): boolean =>
  /^(lib|zlib1g|postgresql-18|postgresql-client-18)/.test(name) &&
  // PostGIS's raster parts, which DocumentDB does not use, would bring a hundred megabytes.
  !/^lib(gdal|sfcgal|selinux|xslt|uuid1$|perl|debconf|boost)/.test(name);

const LIBRARIES = 'usr/lib/x86_64-linux-gnu';
const POSTGRESQL = `usr/lib/postgresql/${MAJOR}`;
const EXTENSIONS = `usr/share/postgresql/${MAJOR}/extension`;
const LOADER = `${LIBRARIES}/ld-linux-x86-64.so.2`;

/** Of no use to a server, or broken by what is not followed above. */
const LEFT_OUT = [
  ...['doc', 'man', 'locale', 'lintian', 'proj', `postgresql/${MAJOR}/contrib`].map(
    (name) => `usr/share/${name}`,
  ),
  `${POSTGRESQL}/lib/bitcode`,
  'etc',
  'var',
];
const LEFT_OUT_LIBRARIES = /^(postgis_(raster|sfcgal|topology)|rtpostgis|address_standardizer|llvmjit)/;
const LEFT_OUT_EXTENSIONS = /^(postgis_(tiger|topology|raster|sfcgal)|address_)/;

/**
 * Unpacks PostgreSQL and DocumentDB from Debian testing into a folder of the cache, with every library they
 * need down to the C library, so that they run on any Linux x64. Apt does the fetching and checks signature
 * and hashes, with folders of its own: the machine's apt is not touched, and nobody has to be root.
 * Answers the folder with the programs.
 *
 * `STEPFOLD_DEBIAN_MIRROR` names another mirror than the machine's, `STEPFOLD_DEBIAN_SUITE` another suite.
 */
export async function fetchPostgresql(progress: Progress): Promise<string> {
  const suite = process.env['STEPFOLD_DEBIAN_SUITE'] ?? 'forky';
  const folder = await fetchedFolder(
    {
      name: `postgresql-${MAJOR}-documentdb-${suite}`,
      what: WHAT,
      fill: (draft, folder) => fill(draft, folder, suite),
    },
    progress,
  );
  return path.join(folder, POSTGRESQL, 'bin');
}

async function fill(draft: string, folder: string, suite: string) {
  const work = path.join(draft, 'work');
  const debs = path.join(work, 'debs');
  fs.mkdirSync(debs, { recursive: true });
  const environment = { APT_CONFIG: await writeAptConfiguration(path.join(work, 'apt'), suite) };
  const apt = (command: string, args: readonly string[], cwd = work): Promise<string> =>
    runFetchCommand(WHAT, command, args, { cwd, environment });

  await apt('apt-get', ['-q', 'update']);
  const packages = selectPackages(parsePackages(await apt('apt-cache', ['dumpavail'])), WANTED, isFollowed);
  if (!packages.some(({ name }) => name === WANTED[0])) {
    throw new LocalServersError('fetch-failed', `${WHAT}: Debian ${suite} has no package ${WANTED[0]}`);
  }
  await apt(
    'apt-get',
    ['-q', 'download', ...packages.map(({ name, version }) => `${name}=${version}`)],
    debs,
  );
  for (const file of fs.readdirSync(debs)) {
    await runFetchCommand(WHAT, 'dpkg-deb', ['-x', path.join(debs, file), draft]);
  }
  fs.rmSync(work, { recursive: true });
  leaveOut(draft);
  await bindToLibraries(draft, folder);
  await runFetchCommand(WHAT, path.join(draft, LOADER), [
    ...['--library-path', `${path.join(draft, LIBRARIES)}:${path.join(draft, POSTGRESQL, 'lib')}`],
    ...[path.join(draft, POSTGRESQL, 'bin/postgres'), '-V'],
  ]);
  return {
    versions: Object.fromEntries(packages.map(({ name, version }) => [name, version])),
    files: [
      LOADER,
      ...['postgres', 'initdb', 'psql'].map((name) => `${POSTGRESQL}/bin/${name}`),
      ...['pg_cron', 'pg_documentdb', 'pg_documentdb_core'].map((name) => `${POSTGRESQL}/lib/${name}.so`),
      `${EXTENSIONS}/documentdb.control`,
    ],
  };
}

/**
 * A configuration that shares nothing with the machine's apt but how to reach a mirror: proxy, certificates
 * and credentials. Its hooks in particular would work on the machine's own folders.
 */
async function writeAptConfiguration(folder: string, suite: string): Promise<string> {
  const private_ = [
    'state/lists/partial',
    'cache/archives/partial',
    'etc/sources',
    'etc/preferences',
    'etc/conf',
  ];
  for (const name of private_) fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, 'status'), '');
  const keys = debianKeyring() ?? '';
  fs.writeFileSync(
    path.join(folder, 'etc/sources.list'),
    `deb [arch=amd64 signed-by=${keys}] ${mirror()} ${suite} main\n`,
  );
  const file = path.join(folder, 'apt.conf');
  const settings = {
    'Dir::State': `${folder}/state`,
    'Dir::State::status': `${folder}/status`,
    'Dir::Cache': `${folder}/cache`,
    'Dir::Etc::sourcelist': `${folder}/etc/sources.list`,
    'Dir::Etc::sourceparts': `${folder}/etc/sources`,
    'Dir::Etc::preferences': `${folder}/etc/none`,
    'Dir::Etc::preferencesparts': `${folder}/etc/preferences`,
    'Dir::Etc::main': `${folder}/etc/none`,
    'Dir::Etc::parts': `${folder}/etc/conf`,
    // A mirror's copy of testing may be older than its date says. Signature and hashes are checked all the same.
    'Acquire::Check-Valid-Until': 'false',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // As root, apt would fetch as a user that cannot write here.
    ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  const { stdout } = await runCommand('apt-config', ['dump', 'Acquire']);
  const reaching = stdout.split('\n').filter((line) => /^Acquire::(https?|ftp)(::|\s)/i.test(line));
  const own = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  fs.writeFileSync(file, `${[...reaching, ...own].join('\n')}\n`, { mode: 0o600 });
  return file;
}

/** The machine's own mirror if it is a Debian: near, and surely reachable. */
function mirror(): string {
  const given = process.env['STEPFOLD_DEBIAN_MIRROR'] ?? '';
  if (given !== '') return given;
  const isDebian = /^ID="?debian"?$/m.test(readIfThere('/etc/os-release'));
  if (!isDebian) return ANYONES_MIRROR;
  const parts = '/etc/apt/sources.list.d';
  const files = fs.existsSync(parts)
    ? fs.readdirSync(parts).filter((name) => /\.(list|sources)$/.test(name))
    : [];
  const sources = ['/etc/apt/sources.list', ...files.map((name) => path.join(parts, name))].map(readIfThere);
  return mirrorOf(sources.join('\n')) ?? ANYONES_MIRROR;
}

function readIfThere(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}

function leaveOut(draft: string): void {
  for (const name of LEFT_OUT) fs.rmSync(path.join(draft, name), { recursive: true, force: true });
  const removeMatching = (folder: string, pattern: RegExp): void => {
    for (const name of fs.readdirSync(path.join(draft, folder))) {
      if (pattern.test(name)) fs.rmSync(path.join(draft, folder, name), { recursive: true });
    }
  };
  removeMatching(`${POSTGRESQL}/lib`, LEFT_OUT_LIBRARIES);
  removeMatching(EXTENSIONS, LEFT_OUT_EXTENSIONS);
  // Debian makes this link when it installs the package.
  const control = path.join(draft, EXTENSIONS, 'postgis.control');
  fs.rmSync(control, { force: true });
  fs.copyFileSync(path.join(draft, EXTENSIONS, 'postgis-3.control'), control);
}

/**
 * Makes the programs use the loader and the libraries beside them, by the paths that they will have in
 * `folder`: they must not be moved afterwards.
 */
async function bindToLibraries(draft: string, folder: string): Promise<void> {
  const libraries = path.join(draft, LIBRARIES);
  const patch = (args: readonly string[]): Promise<string> =>
    runFetchCommand(WHAT, path.join(draft, LOADER), [
      ...['--library-path', libraries],
      ...[path.join(draft, 'usr/bin/patchelf'), ...args],
    ]);
  const searched = [LIBRARIES, `${POSTGRESQL}/lib`].map((name) => path.join(folder, name)).join(':');
  for (const name of fs.readdirSync(path.join(draft, POSTGRESQL, 'bin'))) {
    const program = path.join(draft, POSTGRESQL, 'bin', name);
    if (!isElf(program)) continue;
    await patch([
      '--set-interpreter',
      path.join(folder, LOADER),
      '--force-rpath',
      '--set-rpath',
      searched,
      program,
    ]);
  }
  for (const name of fs.readdirSync(path.join(draft, POSTGRESQL, 'lib'))) {
    if (/^pg_documentdb.*\.so$/.test(name)) {
      await patch(['--remove-rpath', path.join(draft, POSTGRESQL, 'lib', name)]);
    }
  }
}

function isElf(file: string): boolean {
  const head = Buffer.alloc(4);
  const descriptor = fs.openSync(file, 'r');
  try {
    fs.readSync(descriptor, head, 0, 4, 0);
  } finally {
    fs.closeSync(descriptor);
  }
  return head.equals(Buffer.from('\u007fELF', 'latin1'));
}
