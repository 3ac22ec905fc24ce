/** Runs a program of the tests: reads its arguments, says what is wrong with them or how it is used, and sets the exit code. */
export function runProgram<Arguments extends { readonly isHelp: boolean }>(
  parse: (given: readonly string[]) => Arguments | string,
  usage: string,
  run: (parsed: Arguments) => Promise<number>,
): void {
  const main = async (): Promise<number> => {
    const parsed = parse(process.argv.slice(2));
    if (typeof parsed === 'string') {
      console.error(`${parsed}\n\n${usage}`);
      return 2;
    }
    if (parsed.isHelp) {
      console.log(usage);
      return 0;
    }
    return run(parsed);
  };
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
