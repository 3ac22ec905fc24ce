import { describe, expect, it } from '@jest/globals';
import { isProviderId } from '@stepfold/events';
import * as fc from 'fast-check';
import { createProviderIds, providerNameOf } from './provider-ids.js';

describe('the ids of a provider', () => {
  it('are taken as they are where an event may have them', () => {
    const { idOf } = createProviderIds();
    expect(['call_1', ' ', '💡'.repeat(512), 7].map(idOf)).toEqual(['call_1', ' ', '💡'.repeat(512), '7']);
  });

  it('are none where nothing was given', () => {
    const { idOf } = createProviderIds();
    expect([undefined, null, '', {}, Number.NaN, true].map(idOf)).toEqual(Array(6).fill(undefined));
  });

  it('stay the same for the same thing and differ for another, however alike they look when cut', () => {
    const { idOf } = createProviderIds();
    const [first, second] = [`${'x'.repeat(600)}1`, `${'x'.repeat(600)}2`];
    expect(idOf(first)).toBe(`${'x'.repeat(490)}~0`);
    expect(idOf(second)).toBe(`${'x'.repeat(490)}~1`);
    expect(idOf('a\0b')).toBe('a\uFFFDb~2');
    expect(idOf(first)).toBe(`${'x'.repeat(490)}~0`);
  });

  it('are forgotten, those used longest ago first, rather than kept without end', () => {
    const { idOf } = createProviderIds();
    const long = (index: number) => `${index}`.padStart(2 ** 20, 'x');
    const [first, second] = [idOf(long(0)), idOf(long(1))];
    for (let index = 2; index < 16; index++) idOf(long(index));
    expect(idOf(long(0))).toBe(first);
    idOf(long(16));
    expect(idOf(long(0))).toBe(first);
    expect(idOf(long(1))).not.toBe(second);
    expect(idOf('x'.repeat(2 ** 25))).toBe(idOf('x'.repeat(2 ** 25)));
  });

  it('are always ids that an event may have', () => {
    const { idOf } = createProviderIds();
    const unusual = fc.string({
      unit: fc.constantFrom('a', '\0', '💡', '\uD800', ' '),
      maxLength: 1_100,
      size: 'max',
    });
    fc.assert(
      fc.property(unusual, (given) => {
        const id = idOf(given);
        expect(given === '' ? id === undefined : isProviderId(id)).toBe(true);
        const name = providerNameOf(given);
        expect(given === '' ? name === undefined : isProviderId(name)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
