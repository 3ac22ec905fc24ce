import { describe, expect, it } from '@jest/globals';
import { argumentsOf } from './arguments-of.js';

describe('argumentsOf', () => {
  it.each([
    ['{"a":[1]}', { a: [1] }],
    ['"text"', 'text'],
    ['null', null],
    ['', {}],
    [' \n', {}],
  ])('reads %j', (text, args) => {
    expect(argumentsOf(text)).toEqual({ args });
  });

  it.each([['{"a":'], ['*** Begin Patch'], ['{"a":1}{"a":1}'], ['['.repeat(100_000)]])(
    'keeps text that is no JSON (example %#)',
    (text) => {
      expect(argumentsOf(text)).toEqual({
        argsText: text,
        isInvalid: true,
        error: 'the arguments are not JSON',
      });
    },
  );
});
