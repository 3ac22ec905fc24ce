import { describe, expect, it } from '@jest/globals';
import type { RecordToAppend } from '@stepfold/event-log';
import * as fc from 'fast-check';
import {
  decodeFrame,
  encodeFrames,
  FRAME_BYTES_MAX,
  frameBytesBefore,
  frameStampMs,
  stampFrame,
} from './record-frame.js';

const bytes = fc.option(fc.uint8Array({ maxLength: 100 }), { nil: null });
const headerNames = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', ''));
const headers = fc
  .uniqueArray(fc.tuple(headerNames, fc.string({ unit: 'binary' })), {
    selector: ([name]) => name,
    maxLength: 4,
  })
  .map((entries) => Object.fromEntries(entries));
const records: fc.Arbitrary<RecordToAppend> = fc.oneof(
  fc.record({ key: bytes, value: bytes }),
  fc.record({ key: bytes, value: bytes, headers }),
);
const high = fc.nat(2 ** 48 - 1);

describe('a framed record', () => {
  it('comes back as it was, with its stamp and its place, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(records), high, high, (records, stampMs, bytesBefore) => {
        for (const [i, frame] of encodeFrames(records).entries()) {
          stampFrame(frame, stampMs, bytesBefore);
          const decoded = decodeFrame(frame, 7);
          expect(decoded).toMatchObject({ offset: 7, appendedAtMs: stampMs });
          expect(hex(decoded.key)).toBe(hex(records[i]!.key));
          expect(hex(decoded.value)).toBe(hex(records[i]!.value));
          expect(Object.entries(decoded.headers)).toEqual(Object.entries(records[i]!.headers ?? {}));
          expect([frameStampMs(frame), frameBytesBefore(frame)]).toEqual([stampMs, bytesBefore]);
        }
      }),
    );
  });

  it('may be as large as the limit, and no larger', () => {
    const framing = encodeFrames([{ key: null, value: new Uint8Array(0) }])[0]!.length;
    const largest = Buffer.alloc(FRAME_BYTES_MAX - framing);
    expect(encodeFrames([{ key: null, value: largest }])[0]).toHaveLength(FRAME_BYTES_MAX);
    const small = { key: null, value: null };
    expect(() => encodeFrames([small, { key: new Uint8Array(0), value: largest }])).toThrow(
      /record 1 of 2 takes 16777219 bytes; the embedded log takes 16777215/,
    );
  });
});

function hex(field: Uint8Array | null): string | null {
  return field === null ? null : Buffer.from(field).toString('hex');
}
