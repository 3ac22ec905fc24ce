/**
 * Writes the JSON Schema of the events, made from the built @stepfold/events, to libs/events/event.schema.json.
 * A test fails when the file is not in step with the code.
 */
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const built = path.join(root, 'libs/events/dist/index.js');
const target = path.join(root, 'libs/events/event.schema.json');

if (!fs.existsSync(built)) {
  console.error(`event schema: ${built} is not there; run: npm run build`);
  process.exit(1);
}
const { eventJsonSchema } = await import(built);
fs.writeFileSync(target, `${JSON.stringify(eventJsonSchema(), null, 2)}\n`);
console.log(`event schema: written to ${path.relative(root, target)}`);
