import fs from 'node:fs';
import path from 'node:path';

/** A bound as the sources have it. */
export interface Bound {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly value: number;
}

/** A row of a table of docs/limits.md. */
export interface BoundRow {
  readonly name: string;
  /** The sources that it names. */
  readonly files: readonly string[];
  readonly value: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
  /** The heading above its table. */
  readonly section: string;
}

/**
 * The numbers in the sources of `libs` and `services` that have a name: constants, fields of objects of defaults, and
 * options with a default.
 */
export function numbersOf(root: string): readonly Bound[] {
  const sources = sourcesOf(root).map((file) => ({
    file,
    text: withoutComments(fs.readFileSync(path.join(root, file), 'utf8')),
  }));
  const exported = new Map(
    sources.flatMap(({ text }) =>
      [...text.matchAll(/^export const ([A-Z]\w*) = ([^;]+);/gm)].map(([, name, given]) => [name!, given!]),
    ),
  );
  return sources.flatMap(({ file, text }) => {
    const own = new Map(
      [...text.matchAll(/^(?:export )?const ([A-Z]\w*) = ([^;]+);/gm)].map(([, name, given]) => [
        name!,
        given!,
      ]),
    );
    const defaults = [...text.matchAll(/^export const \w*Defaults\b[^=]*= \{\n([\s\S]*?)\n\};/gm)].flatMap(
      ([, body]) => [...body!.matchAll(/^ {2}(\w+): ([^\n]+),$/gm)],
    );
    const options = [
      ...text.matchAll(/\b([a-z]\w*Max)(?:: [a-z]\w*)? (?:=|\?\?) ([1-9][\d_ *]*)(?=[,;)]| \})/g),
    ];
    const valueOf = (given: string): number =>
      evaluated(given, (name) => own.get(name) ?? exported.get(name));
    return [...own, ...[...defaults, ...options].map(([, name, given]) => [name!, given!] as const)]
      .map(([name, given]) => ({ name, file, value: valueOf(given) }))
      .filter(({ value }) => Number.isFinite(value));
  });
}

/** Those that the page must have: named as a maximum, or a limit of a publisher, a projector or a writer. */
export function isBound({ name, file }: Bound): boolean {
  const isOption = /^[a-z]\w*Max$/.test(name);
  const isLimit = /\/(?:publisher-limits|config)\.ts$/.test(file) && /^[a-z]/.test(name);
  return /_MAX(?:_|$)/.test(name) || isOption || isLimit;
}

export function rowsOf(markdown: string): readonly BoundRow[] {
  let section = '';
  const rows: BoundRow[] = [];
  for (const line of markdown.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const [, bound, value, , , tests] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const name = /^\[`(\w+)`\]/.exec(bound ?? '')?.[1];
    if (name === undefined) continue;
    rows.push({
      ...{ name, section, value: value! },
      files: [...bound!.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file!),
      tests: [...tests!.matchAll(/\]\(\.\.\/([^)]+)\) “([^”]*)”/g)].map(([, file, title]) => ({
        file: file!,
        title: title!,
      })),
    });
  }
  return rows;
}

/** Whether a cell such as `16 MiB`, `32 Mi characters` or `1,000 records` has this number. */
export function isShownAs(value: number, cell: string): boolean {
  const [, digits, prefix] = /^([\d,]+) (Ki|Mi)?/.exec(cell) ?? [];
  if (digits === undefined) return false;
  const factor = prefix === 'Mi' ? 2 ** 20 : prefix === 'Ki' ? 2 ** 10 : 1;
  return Number(digits.replaceAll(',', '')) * factor === value;
}

function sourcesOf(root: string): readonly string[] {
  return ['libs', 'services'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder))
      .map((name) => path.join(folder, name, 'src'))
      .filter((source) => fs.existsSync(path.join(root, source)))
      .flatMap((source) =>
        fs
          .readdirSync(path.join(root, source), { recursive: true, encoding: 'utf8' })
          .filter(
            (file) => /(?<!\.test|\.d)\.ts$/.test(file) && !/(?:^|\/)(?:testing|conformance)\//.test(file),
          )
          .map((file) => path.posix.join(source, file)),
      ),
  );
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

/** Sums and products of numbers and constants; NaN for everything else. */
function evaluated(given: string, lookUp: (name: string) => string | undefined): number {
  const text = given.trim();
  for (const [operator, apply] of operators) {
    const at = text.lastIndexOf(operator);
    if (at < 0) continue;
    return apply(evaluated(text.slice(0, at), lookUp), evaluated(text.slice(at + operator.length), lookUp));
  }
  if (/^\d[\d_]*(?:\.\d+)?(?:e\d+)?$/.test(text)) return Number(text.replaceAll('_', ''));
  const named = /^[A-Z]\w*$/.test(text) ? lookUp(text) : undefined;
  return named === undefined ? Number.NaN : evaluated(named, lookUp);
}

/** Those that bind least come first. */
const operators: readonly (readonly [string, (a: number, b: number) => number])[] = [
  [' - ', (a, b) => a - b],
  [' + ', (a, b) => a + b],
  [' * ', (a, b) => a * b],
  [' ** ', (a, b) => a ** b],
];
