/**
 * Writes docs/events.md, or another file that is named, made from the built schemas. With --check it writes
 * nothing and fails if the page is not in step.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { format, resolveConfig } from 'prettier';

const root = path.resolve(import.meta.dirname, '..');
const named = process.argv.slice(2).find((word) => !word.startsWith('--'));
const target = path.resolve(root, named ?? 'docs/events.md');

for (const lib of ['events', 'fold']) {
  if (fs.existsSync(path.join(root, `libs/${lib}/dist/index.js`))) continue;
  console.error(`events page: libs/${lib} is not built; run: npm run build`);
  process.exit(1);
}
const events = await import('../libs/events/dist/index.js');
const fold = await import('../libs/fold/dist/index.js');

const schema = events.eventJsonSchema();
const schemaOf = (type) => schema.anyOf.find(({ title }) => title === type);
const envelopeNames = ['v', 'chat_id', 'step_id', 'attempt', 'producer', 'seq', 'at', 'type', 'enc'];

/** A schema in words. Ids, stamps and the like are named once, above the tables. */
function typeInWords(field) {
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(' ');
  if (field.type === undefined) return 'JSON';
  if (field.type === 'array') return `list, at most ${field.maxItems.toLocaleString('en')}`;
  if (field.type === 'object') {
    if (field.additionalProperties?.type === 'object') return 'metadata';
    return `object: ${Object.keys(field.properties)
      .map((name) => `\`${name}\``)
      .join(' ')}`;
  }
  if (field.type === 'integer') {
    if (field.exclusiveMaximum !== undefined) return 'stamp';
    return field.maximum === Number.MAX_SAFE_INTEGER
      ? 'count'
      : `integer 0…${field.maximum.toLocaleString('en')}`;
  }
  if (field.type === 'string' && field.maxLength === 512) return 'name';
  if (field.type === 'string' && field.pattern !== undefined) return 'id';
  return field.type === 'boolean' ? 'true or false' : 'text';
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function fieldTable(object, names) {
  const oneOf = new Set((object.oneOf ?? []).flatMap(({ required }) => required));
  const required = new Set(object.required);
  return table(
    ['field', 'type', 'needed', 'meaning'],
    names.map((name) => [
      `\`${name}\``,
      name === 'type' ? 'one of those below' : typeInWords(object.properties[name]),
      required.has(name) ? 'yes' : oneOf.has(name) ? 'exactly one' : '',
      object.properties[name].description ?? '',
    ]),
  );
}

function typeSection(type) {
  const object = schemaOf(type);
  const own = Object.keys(object.properties).filter((name) => !envelopeNames.includes(name));
  const ends = (object.oneOf ?? []).map(({ required: [name] }) => `\`${name}\``);
  return [
    `### ${type}`,
    object.description,
    own.length === 0 ? 'No fields of its own.' : fieldTable(object, own),
    ...(ends.length === 0 ? [] : [`Exactly one of ${ends.join(', ')}.`]),
    ...(type === 'message' ? [partSection(object.properties.parts)] : []),
    `\`\`\`ndjson\n${JSON.stringify(events.eventExamples[type])}\n\`\`\``,
  ].join('\n\n');
}

function partSection(parts) {
  const rows = parts.items.oneOf.map(({ properties, required }) => [
    `\`${properties.type.const}\``,
    Object.keys(properties)
      .filter((name) => name !== 'type')
      .map((name) => `\`${name}\`${required.includes(name) ? '' : '?'}`)
      .join(' '),
  ]);
  return `Fields of a part are those of its events; the stamps are those that a stored part has. With a question mark: may be left out.\n\n${table(['part', 'fields'], rows)}`;
}

const meanings = (of) => Object.entries(of).map(([name, text]) => [`\`${name}\``, text]);
const usage = schemaOf('finish').properties.usage;

const text = `# Events

<!-- Made by scripts/write-events-page.mjs from the schemas in libs/events. Change those, and run it. -->

One event is one fact of a model stream: one JSON object in the value of one log record, whose key is the \`chat_id\`.
\`libs/events/event.schema.json\` says the same for programs. What the events of a step become is in
[concepts.md](concepts.md).

Unknown fields are kept by whoever forwards an event, and ignored by the fold. An event is at most
${(events.EVENT_BYTES_MAX / 2 ** 20).toLocaleString('en')} MiB as JSON.

## Types of fields

${table(
  ['type', 'is'],
  [
    ['id', '1 to 200 characters of `A–Z a–z 0–9 . _ ~ @ / -`, not starting with a dot'],
    ['name', 'what a provider calls something: 1 to 512 characters without NUL'],
    ['text', 'any string'],
    [
      'stamp',
      `whole microseconds since the Unix epoch, from ${events.STAMP_MICROS_MIN.toLocaleString('en')} to below 2^53: milliseconds by mistake are refused`,
    ],
    ['count', 'a whole number, 0 or more, below 2^53'],
    ['JSON', `any JSON value, at most ${events.JSON_DEPTH_MAX} levels deep, no number beyond a double`],
    ['metadata', '`{provider: {key: JSON}}`, merged key by key'],
  ],
)}

## Every event

${fieldTable(schemaOf('heartbeat'), envelopeNames)}

## Types

${events.eventTypes.map(typeSection).join('\n\n')}

## Usage

All optional, all counts: ${Object.keys(usage.properties)
  .map((name) => `\`${name}\``)
  .join(', ')}.

## Encrypted events

With \`enc\` an event has, besides the fields of every event, only these in the clear, because acceptance or order
depends on them:

${table(
  ['type', 'fields'],
  events.eventTypes.flatMap((type) => {
    const { properties } = schemaOf(`${type}, encrypted`);
    const clear = Object.keys(properties).filter((name) => !envelopeNames.includes(name));
    return clear.length === 0 ? [] : [[`\`${type}\``, clear.map((name) => `\`${name}\``).join(' ')]];
  }),
)}

## What becomes of an event

Only accepted events change a message. The others are counted under their outcome.

${table(['outcome', 'when'], meanings(fold.outcomeMeanings))}

## Dead letters

A record that can never be applied is kept with its reason, its position and its bytes. Of events that were not accepted
only those become dead letters whose content nobody else has; duplicates never do.

${table(
  ['code', 'cause', 'what to do'],
  Object.entries(events.deadLetterCatalogue).map(([code, { cause, remedy }]) => [
    `\`${code}\``,
    cause,
    remedy,
  ]),
)}

\`stepfold dead-letters show ID\` says the same of a letter; [operating.md](operating.md) how to try one again.
`;

const page = await format(text, {
  ...(await resolveConfig(path.join(root, 'docs/events.md'))),
  parser: 'markdown',
});

if (!process.argv.includes('--check')) {
  fs.writeFileSync(target, page);
  console.log(`events page: written to ${path.relative(root, target)}`);
} else if (!fs.existsSync(target) || fs.readFileSync(target, 'utf8') !== page) {
  console.error(
    'events page: not in step with the schemas; run: npm run build && node scripts/write-events-page.mjs',
  );
  process.exitCode = 1;
} else {
  console.log('events page: in step with the schemas');
}
