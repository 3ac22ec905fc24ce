import { describe, expect, it } from '@jest/globals';
import { createEventCodec } from '@stepfold/events';
import * as fc from 'fast-check';
import { mergedMetadata, metadataOf } from './metadata-of.js';

describe('metadataOf', () => {
  it('answers valid metadata as it is', () => {
    const given = { anthropic: { signature: 's', nothing: null } };
    expect(metadataOf(given)).toBe(given);
    expect([metadataOf(undefined), metadataOf(null)]).toEqual([undefined, undefined]);
  });

  it('loses nothing that is not metadata', () => {
    expect(
      metadataOf({ a: 'text', b: [1], c: null, d: { e: undefined, f: Number.POSITIVE_INFINITY } }),
    ).toEqual({
      a: { value: 'text' },
      b: { value: [1] },
      d: { f: 'Infinity' },
    });
    expect(metadataOf('text')).toEqual({ unknown: { value: 'text' } });
    expect(metadataOf([1])).toEqual({ unknown: { value: [1] } });
  });

  it('adds entries of its own beside those that are there, and none that are undefined', () => {
    const own = (entries: Record<string, unknown>) => ({ provider: 'ai-sdk', entries });
    expect(metadataOf({ a: { b: 1 } }, own({ c: 2, d: undefined }))).toEqual({
      a: { b: 1 },
      'ai-sdk': { c: 2 },
    });
    expect(metadataOf({ 'ai-sdk': { b: 1 } }, own({ c: 2 }))).toEqual({ 'ai-sdk': { b: 1, c: 2 } });
    expect(metadataOf(undefined, own({ d: undefined }))).toBeUndefined();
  });

  it('makes metadata that the codec takes of anything', () => {
    const codec = createEventCodec();
    const deep = fc
      .nat(70)
      .map((levels) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`) as unknown);
    const given = fc.oneof(fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }), deep);
    fc.assert(
      fc.property(given, given, (value, entry) => {
        const metadata = metadataOf(value, { provider: 'ai-sdk', entries: { entry } });
        const event = { v: 1, chat_id: 'c', step_id: 's', at: 1e15, type: 'text-start', id: '0', metadata };
        expect(codec.check(event)).toMatchObject({ ok: true });
      }),
      { numRuns: 300 },
    );
  });
});

describe('mergedMetadata', () => {
  it('lays later metadata over earlier, key by key, and changes neither', () => {
    const former = { a: { x: 1, y: 1 }, b: { z: 1 } };
    const later = { a: { y: 2 }, c: {} };
    expect(mergedMetadata(former, later)).toEqual({ a: { x: 1, y: 2 }, b: { z: 1 }, c: {} });
    expect(former).toEqual({ a: { x: 1, y: 1 }, b: { z: 1 } });
    expect(mergedMetadata(undefined, later)).toBe(later);
    expect(mergedMetadata(former, undefined)).toBe(former);
  });
});
