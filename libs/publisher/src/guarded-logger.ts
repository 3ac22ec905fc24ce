import type { LogFields, Logger } from '@stepfold/runtime';

/** A logger that does not throw: a line that it cannot write is lost, and stops no event on its way. */
export function guardLogger(logger: Logger): Logger {
  const guarded = (level: keyof Logger) => (fields: LogFields, message: string) => {
    try {
      logger[level](fields, message);
    } catch {
      // Nobody is left who could be told.
    }
  };
  return {
    debug: guarded('debug'),
    info: guarded('info'),
    warn: guarded('warn'),
    error: guarded('error'),
  };
}
