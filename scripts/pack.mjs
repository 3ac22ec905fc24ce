/**
 * Packs every package that is published, as `npm publish` would: `npm run pack -- FOLDER`. Each gets the licence of the whole for
 * as long as it is packed. Needs a build. Prints the file of each as JSON.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('pack: name a folder: npm run pack -- FOLDER');
  process.exit(2);
}
fs.mkdirSync(folder, { recursive: true });

const packages = ['libs', 'services']
  .flatMap((group) => fs.readdirSync(path.join(root, group)).map((name) => path.join(root, group, name)))
  .filter((directory) => fs.existsSync(path.join(directory, 'package.json')))
  .filter((directory) => !JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8')).private);

const packed = [];
const licences = packages.map((directory) => path.join(directory, 'LICENSE'));
try {
  for (const licence of licences) fs.copyFileSync(path.join(root, 'LICENSE'), licence);
  const words = ['pack', '--json', '--pack-destination', path.resolve(folder), ...packages];
  const { status, stdout, stderr } = spawnSync('npm', words, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(stderr);
  for (const { name, version, filename, files } of JSON.parse(stdout)) {
    packed.push({
      name,
      version,
      file: path.resolve(folder, filename),
      files: files.map((file) => file.path),
    });
  }
} finally {
  for (const licence of licences) fs.rmSync(licence, { force: true });
}
console.log(JSON.stringify(packed));
