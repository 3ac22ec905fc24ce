const say = (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);

/** A logger for a process whose lines a test waits for. */
export const stderrLogger = { debug: () => undefined, info: say, warn: say, error: say };
