import { isObject } from './fields-of.js';
import { jsonText, textOf } from './json-of.js';

export interface GivenError {
  readonly message: string;
  readonly code?: string;
  readonly retryable?: boolean;
}

/**
 * What a source gave as an error: an `Error`, what JSON left of one, a provider's error object (also one
 * level down, `{error: {…}}`), or a sentence. The code is the first of `code`, `type` and `name` that is there
 * and says more than "error".
 */
export function errorOf(given: unknown): GivenError {
  return isObject(given) && given['message'] === undefined && isObject(given['error'])
    ? describe(given['error'])
    : describe(given);
}

function describe(given: unknown): GivenError {
  if (!isObject(given)) return { message: textOf(given) || 'unknown error' };
  const code = [given['code'], given['type'], given['name']].map(textOf).find(isTelling);
  const retryable = given['isRetryable'] ?? given['retryable'];
  return {
    message: textOf(given['message']) || jsonText(given),
    ...(code === undefined ? {} : { code }),
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
  };
}

function isTelling(code: string | undefined): boolean {
  return code !== undefined && code !== '' && code.toLowerCase() !== 'error';
}
