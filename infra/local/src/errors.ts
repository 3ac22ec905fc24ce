/**
 * - `bad-usage`: the caller asked for something that cannot be.
 * - `tool-missing`: a program that fetching or starting needs is not on this machine.
 * - `fetch-failed`: a registry could not be reached, or what it gave is not whole.
 * - `start-failed`: a server ended, or did not answer as it should, before it was ready.
 * - `sql-failed`: PostgreSQL refused a statement.
 */
export type LocalServersErrorCode =
  'bad-usage' | 'tool-missing' | 'fetch-failed' | 'start-failed' | 'sql-failed';

/** What can go wrong with local servers. The message says what to do, and never holds a password. */
export class LocalServersError extends Error {
  override readonly name = 'LocalServersError';
  constructor(
    readonly code: LocalServersErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
