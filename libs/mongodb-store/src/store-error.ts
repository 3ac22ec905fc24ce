import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoCompatibilityError,
  MongoError,
  MongoErrorLabel,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} from 'mongodb';
import { InvariantViolation, StepfoldError, TransientError, UsageError } from '@stepfold/runtime';
import type { StorePlace } from './store-place.js';

/** What the server says about one operation, or about all of a command. */
export interface ServerTrouble {
  readonly code: number | undefined;
  readonly message: string;
}

const ACCESS_CODES: ReadonlySet<unknown> = new Set([18, 8_000]); // AuthenticationFailed, AtlasError
const UNAUTHORIZED_CODES: ReadonlySet<unknown> = new Set([13]);
const BLOCKED_CODES: ReadonlySet<unknown> = new Set([371]); // UserWritesBlocked
const FULL_CODES: ReadonlySet<unknown> = new Set([14_031]); // OutOfDiskSpace
const TIMEOUT_CODES: ReadonlySet<unknown> = new Set([50, 202, 262]); // MaxTimeMSExpired, NetworkInterfaceExceededTimeLimit, ExceededTimeLimit
const UNCONFIRMED_CODES: ReadonlySet<unknown> = new Set([64, 79, 100]); // of a write concern
const NO_PRIMARY_CODES: ReadonlySet<unknown> = new Set([
  91, // ShutdownInProgress
  189, // PrimarySteppedDown
  10_058, // LegacyNotPrimary
  10_107, // NotWritablePrimary
  11_600, // InterruptedAtShutdown
  11_602, // InterruptedDueToReplStateChange
  13_435, // NotPrimaryNoSecondaryOk
  13_436, // NotPrimaryOrSecondary
]);

const READ_ONLY_TEXT = /read[- ]?only/i;
const FULL_TEXT =
  /no space left|disk (?:is )?full|out of disk|could not (?:extend|write)|over your space quota/i;
const NO_CREDENTIALS_TEXT = /requires authentication|not authenticated|authentication required/i;

/**
 * The error of an operation, in terms of what to do next, and in words for whoever reads it in a terminal. They name
 * host and port and what the driver or the server calls the trouble, never what was written: the server's own text may
 * quote a document, and the driver's error holds the whole command, so neither goes into a message or a cause.
 */
export function storeError(error: unknown, place: StorePlace): StepfoldError {
  if (error instanceof StepfoldError) return error;
  const options = { cause: slimCause(error) };
  if (
    error instanceof MongoClientClosedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoNotConnectedError
  ) {
    return closedError(place);
  }
  if (error instanceof MongoBulkWriteError) {
    // What cut the bulk off, a lost connection say, is wrapped in an error that says nothing of it.
    const wrapped: unknown = error.errorResponse;
    if (wrapped instanceof Error) return storeError(wrapped, place);
    const first = [error.writeErrors].flat()[0];
    const trouble = { code: first?.code ?? numberOf(error.code), message: first?.errmsg ?? error.message };
    return troubleError(trouble, place, options);
  }
  if (error instanceof MongoServerError) {
    return troubleError({ code: numberOf(error.code), message: error.message }, place, options);
  }
  if (isTimeout(error)) return unavailable(place, 'did not answer in time', 'See that it is well', options);
  if (error instanceof MongoServerSelectionError) {
    return error.reason?.type.startsWith('ReplicaSet') === true && isReachable(error)
      ? unavailable(place, 'has no primary at the moment', 'Wait until one is elected', options)
      : unreachable(error, place, options);
  }
  if (error instanceof MongoNetworkError || isAway(error)) return unreachable(error, place, options);
  if (error instanceof MongoError && error.hasErrorLabel(MongoErrorLabel.RetryableWriteError)) {
    return unreachable(error, place, options);
  }
  if (error instanceof MongoCompatibilityError) {
    return new UsageError(
      'bad-configuration',
      `The store at ${place.hosts} is too old: it must be MongoDB 4.4 or later.`,
      options,
    );
  }
  return new InvariantViolation(`The store at ${place.hosts} failed: ${nameOf(error)}.`, options);
}

/** The error of what the server itself says. */
export function troubleError(
  trouble: ServerTrouble,
  place: StorePlace,
  options?: ErrorOptions,
): TransientError {
  const { code, message } = trouble;
  if (ACCESS_CODES.has(code) && !FULL_TEXT.test(message)) {
    return denied(place, 'refuses the user or the password', 'Correct them in its URL', options);
  }
  if (UNAUTHORIZED_CODES.has(code)) {
    return place.hasUser && !NO_CREDENTIALS_TEXT.test(message)
      ? denied(
          place,
          'does not let this user do that',
          `Give it the role readWrite on the database ${place.database}`,
          options,
        )
      : denied(place, 'asks for a user and a password', 'Put them into its URL', options);
  }
  if (FULL_CODES.has(code) || FULL_TEXT.test(message)) {
    return unavailable(place, 'is full', 'Give it room', options);
  }
  // FerretDB says with the code of a secondary that its PostgreSQL takes no writes: its words tell.
  if (BLOCKED_CODES.has(code) || READ_ONLY_TEXT.test(message)) {
    return unavailable(place, 'is read-only', 'Let it take writes again', options);
  }
  if (NO_PRIMARY_CODES.has(code)) {
    return unavailable(place, 'is not the primary at the moment', 'Wait until one is elected', options);
  }
  if (UNCONFIRMED_CODES.has(code)) return unconfirmedError(place, code);
  if (TIMEOUT_CODES.has(code))
    return unavailable(place, 'did not answer in time', 'See that it is well', options);
  const shown = code === undefined ? 'an error without a code' : `error ${code}`;
  return unavailable(place, `did not do what it was asked (${shown})`, 'See that it is well', options);
}

/** Written, but nobody knows whether it lasts: a majority has not confirmed it in time. */
export function unconfirmedError(place: StorePlace, code: number | undefined): TransientError {
  const cause = Object.assign(new Error('write concern not satisfied'), { code });
  return unavailable(
    place,
    'has not confirmed that a majority holds what was written',
    'See that its members are well',
    {
      cause,
    },
  );
}

export function closedError(place: StorePlace): UsageError {
  return new UsageError('store-closed', `The store at ${place.hosts} is used after it was closed.`);
}

function unreachable(error: unknown, place: StorePlace, options: ErrorOptions): TransientError {
  const reason = systemCodeOf(error);
  const shown = reason === undefined ? '' : ` (${reason})`;
  return unavailable(
    place,
    `cannot be reached${shown}`,
    'Check that it runs and that its address is right',
    options,
  );
}

function unavailable(
  place: StorePlace,
  what: string,
  remedy: string,
  options?: ErrorOptions,
): TransientError {
  return new TransientError('store-unavailable', `The store at ${place.hosts} ${what}. ${remedy}.`, options);
}

function denied(place: StorePlace, what: string, remedy: string, options?: ErrorOptions): TransientError {
  return new TransientError(
    'store-access-denied',
    `The store at ${place.hosts} ${what}. ${remedy}.`,
    options,
  );
}

function isTimeout(error: unknown): boolean {
  return (
    error instanceof MongoNetworkTimeoutError ||
    error instanceof MongoOperationTimeoutError ||
    nameOf(error) === 'MongoWaitQueueTimeoutError'
  );
}

/** Names, because the driver does not export all of these classes. */
const AWAY_NAMES: ReadonlySet<string> = new Set(['MongoPoolClosedError', 'MongoServerClosedError']);

/** Whether the connection is gone, in the words of the driver's pool, or a name could not be looked up. */
function isAway(error: unknown): boolean {
  if (AWAY_NAMES.has(nameOf(error))) return true;
  return !(error instanceof MongoError) && systemCodeOf(error) !== undefined;
}

/** What the system calls the trouble: `ECONNREFUSED`, `ENOTFOUND`, `CERT_HAS_EXPIRED`. */
function systemCodeOf(error: unknown): string | undefined {
  for (const each of chainOf(error)) {
    const code = (each as { code?: unknown }).code;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) && !code.startsWith('ERR_')) return code;
    const inText = /\bE[A-Z]{4,}\b/.exec(each.message)?.[0];
    if (inText !== undefined) return inText;
  }
  return undefined;
}

/** Whether some member of a replica set answers. */
function isReachable(error: MongoServerSelectionError): boolean {
  return [...(error.reason?.servers.values() ?? [])].some((server) => server.type !== 'Unknown');
}

/** Enough to find out more, and nothing of the command that failed. */
function slimCause(error: unknown): Error {
  const isOfServer = error instanceof MongoServerError;
  const cause = new Error(isOfServer ? 'the server answered with an error' : messagesOf(error).slice(0, 500));
  cause.name = nameOf(error);
  return error instanceof MongoError ? Object.assign(cause, { code: error.code }) : cause;
}

/** The driver wraps the error of the socket once or twice. */
function messagesOf(error: unknown): string {
  return chainOf(error)
    .map(({ message }) => message)
    .join(': ');
}

function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < 5; at = at.cause) chain.push(at);
  return chain;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function numberOf(code: unknown): number | undefined {
  return typeof code === 'number' ? code : undefined;
}
