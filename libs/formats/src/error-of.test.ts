import { describe, expect, it } from '@jest/globals';
import { errorOf } from './error-of.js';

describe('errorOf', () => {
  it.each<[string, unknown, object]>([
    ['a sentence', 'no network', { message: 'no network' }],
    ['nothing', undefined, { message: 'unknown error' }],
    ['an empty sentence', '', { message: 'unknown error' }],
    ['a thrown error', new Error('no'), { message: 'no' }],
    [
      'an API error of the AI SDK',
      { name: 'AI_APICallError', message: 'Overloaded', statusCode: 529, isRetryable: true },
      { message: 'Overloaded', code: 'AI_APICallError', retryable: true },
    ],
    [
      'an error object of a provider',
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      { message: 'Overloaded', code: 'overloaded_error' },
    ],
    ['a number as code', { code: 500, message: 'no' }, { message: 'no', code: '500' }],
    ['an object without a message', { status: 1 }, { message: '{"status":1}' }],
    [
      'errors in errors',
      { error: { error: { message: 'deep' } } },
      { message: '{"error":{"message":"deep"}}' },
    ],
  ])('describes %s', (_name, given, expected) => {
    expect(errorOf(given)).toEqual(expected);
  });
});
