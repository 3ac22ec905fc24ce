/** Longest run id that is made from a file name, in characters: the step ids made from it must still be ids. */
const RUN_LENGTH_MAX = 180;

/**
 * The run id of a recorded file: its base name without the last extension, in which each code point that an
 * id may not have, and a leading dot, is replaced by `-`. Standard input (`-`) is `stdin`.
 *
 * @param fileName a path with `/` between folders, or a base name
 */
export function runFromFileName(fileName: string): string {
  if (fileName === '-') return 'stdin';
  const base = fileName.slice(fileName.lastIndexOf('/') + 1);
  const dot = base.lastIndexOf('.');
  // A name that begins with its only dot has no extension.
  const stem = dot > 0 ? base.slice(0, dot) : base;
  const run = stem
    .replaceAll(/[^A-Za-z0-9._~@/-]/gu, '-')
    .replace(/^\./, '-')
    .slice(0, RUN_LENGTH_MAX);
  return run === '' ? '-' : run;
}
