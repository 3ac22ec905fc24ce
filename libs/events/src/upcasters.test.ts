import { describe, expect, it } from '@jest/globals';
import { createEventCodec } from './codec.js';
import type { Upcasters } from './upcasters.js';

const at = 1_775_822_400_000_000;

/** A made-up version 0: milliseconds in `time`, and `kind` for the type. */
const fromVersion0: Upcasters = {
  0: ({ time, kind, ...rest }) => ({ ...rest, at: (time as number) * 1000, type: kind }),
};
/** And one before it, which knew chats by `conversation`. */
const fromVersionMinus1: Upcasters = {
  ...fromVersion0,
  [-1]: ({ conversation, ...rest }) => ({ ...rest, chat_id: conversation }),
};

const version0 = {
  v: 0,
  chat_id: 'c',
  step_id: 's',
  time: at / 1000,
  kind: 'text-delta',
  id: '0',
  text: 'x',
};
const version1 = { v: 1, chat_id: 'c', step_id: 's', at, type: 'text-delta', id: '0', text: 'x' };

describe('upcasters', () => {
  it('turn an old event into one of the present version', () => {
    const { decode } = createEventCodec({ upcasters: fromVersion0 });
    const decoded = decode(new TextEncoder().encode(JSON.stringify(version0)));
    expect(decoded).toEqual({ ok: true, event: version1 });
  });

  it('are chained, one version at a time', () => {
    const { check } = createEventCodec({ upcasters: fromVersionMinus1 });
    const { chat_id, ...rest } = version0;
    expect(check({ ...rest, v: -1, conversation: chat_id })).toEqual({ ok: true, event: version1 });
  });

  it('leave the record itself as it was', () => {
    const record = structuredClone(version0);
    createEventCodec({ upcasters: fromVersion0 }).check(record);
    expect(record).toEqual(version0);
  });

  it('do not touch the present version', () => {
    const upcasters: Upcasters = {
      1: () => {
        throw new Error('never called');
      },
    };
    expect(createEventCodec({ upcasters }).check(version1)).toEqual({ ok: true, event: version1 });
  });

  it('do not lead from a later version anywhere', () => {
    const upcasters: Upcasters = {
      2: () => {
        throw new Error('never called');
      },
    };
    expect(createEventCodec({ upcasters }).check({ ...version1, v: 2 })).toMatchObject({
      code: 'unknown-version',
    });
  });

  it('make events that are checked like any other', () => {
    const { check } = createEventCodec({ upcasters: fromVersion0 });
    expect(check({ ...version0, time: at })).toMatchObject({ ok: false, code: 'bad-event' });
    expect(check({ ...version0, kind: 'telegram' })).toMatchObject({ ok: false, code: 'unknown-type' });
  });

  it('keep unknown fields and the key __proto__ as data', () => {
    const { check } = createEventCodec({ upcasters: fromVersion0 });
    const raw = JSON.parse(
      `{"v":0,"chat_id":"c","step_id":"s","time":${at / 1000},"kind":"heartbeat","new":1,"__proto__":{"x":1}}`,
    ) as unknown;
    const decoded = check(raw);
    expect(decoded.ok && Object.keys(decoded.event).sort()).toEqual(
      ['__proto__', 'at', 'chat_id', 'new', 'step_id', 'type', 'v'].sort(),
    );
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('do not help with a version that none of them reads', () => {
    const { check } = createEventCodec({ upcasters: fromVersionMinus1 });
    for (const v of [2, 3, -2, -1e9, 1e308]) {
      expect(check({ ...version1, v })).toMatchObject({ ok: false, code: 'unknown-version' });
    }
    // A chain with a link missing leads nowhere.
    const { [-1]: first } = fromVersionMinus1;
    const broken = createEventCodec({ upcasters: { [-1]: first as NonNullable<typeof first> } });
    expect(broken.check({ ...version0, v: -1 })).toMatchObject({ ok: false, code: 'unknown-version' });
  });

  it('are not looked for on a prototype', () => {
    const upcasters = Object.create({ 0: (raw: object) => ({ ...raw }) }) as Upcasters;
    expect(createEventCodec({ upcasters }).check(version0)).toMatchObject({ code: 'unknown-version' });
  });
});
