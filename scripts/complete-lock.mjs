/**
 * Adds to the lock file the packages for other platforms that it names but does not hold.
 *
 * npm leaves an optional package out of the lock file if the registry at hand does not have it, and then
 * `npm ci` refuses the file everywhere. Run this after `npm install` on such a machine. What is added has
 * its exact version and no hash: those were never seen here.
 */
import fs from 'node:fs';
import path from 'node:path';

const file = path.resolve(import.meta.dirname, '../package-lock.json');
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
const systems = {
  darwin: 'darwin',
  linux: 'linux',
  win32: 'win32',
  windows: 'win32',
  freebsd: 'freebsd',
  android: 'android',
  openharmony: 'openharmony',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  sunos: 'sunos',
  aix: 'aix',
};
const processors = /^(arm64|x64|ia32|ppc64le|ppc64|s390x|riscv64|loong64|arm|mips64el|wasm32)/;

/** Which machines a package is for, told from the words of its name. */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = words.map((word) => systems[word]).find(Boolean);
  const cpu = words.map((word) => processors.exec(word)?.[1]).find(Boolean);
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu === 'ppc64le' ? 'ppc64' : cpu] }),
    ...(os === undefined ? {} : { os: [os] }),
  };
}

let added = 0;
for (const [place, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    const top = `node_modules/${name}`;
    if (lock.packages[`${place}/${top}`] !== undefined || lock.packages[top] !== undefined) continue;
    const version = range.replace(/^[~^]/, '');
    lock.packages[top] = { version, ...platformOf(name), ...(dev ? { dev } : {}), optional: true };
    added++;
  }
}
const entries = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries(entries);
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`lock file: ${added} packages of other platforms added`);
