/**
 * Copies the vectors of the contract into test/vectors, or with `--check` only says whether they differ.
 * Where the contract is not there, there is nothing to hold them against, and it says so.
 */
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const source = path.resolve(root, '../shared/contract/vectors');
const target = path.join(root, 'test/vectors');
const isCheck = process.argv.includes('--check');

if (!fs.existsSync(source)) {
  console.log(`vectors: ${source} is not there; the copies in test/vectors stand as they are`);
  process.exit(0);
}
const names = (folder) =>
  fs.existsSync(folder) ? fs.readdirSync(folder).filter((n) => n.endsWith('.json')) : [];
const differing = [...new Set([...names(source), ...names(target)])].sort().filter((name) => {
  const [theirs, ours] = [path.join(source, name), path.join(target, name)];
  return (
    !fs.existsSync(theirs) || !fs.existsSync(ours) || !fs.readFileSync(theirs).equals(fs.readFileSync(ours))
  );
});
if (isCheck) {
  if (differing.length > 0) {
    console.error(`vectors: ${differing.join(', ')} differ from the contract; run: npm run vectors`);
    process.exit(1);
  }
  console.log(`vectors: ${names(target).length} copies are those of the contract`);
} else {
  fs.mkdirSync(target, { recursive: true });
  for (const name of differing) {
    const theirs = path.join(source, name);
    if (fs.existsSync(theirs)) fs.copyFileSync(theirs, path.join(target, name));
    else fs.rmSync(path.join(target, name));
  }
  console.log(`vectors: ${differing.length} of ${names(source).length} copied`);
}
