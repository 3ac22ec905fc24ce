/**
 * A made-up version 0 of the events, which stands for the version before the present one: milliseconds in
 * `time`, and `kind` for the type (the one of libs/events/src/upcasters.test.ts). A process of the *old*
 * release knows this version alone; one of the *new* release is the code as it is, and reads the old events
 * by an upcaster.
 */
import { createEventCodec } from '@stepfold/events';

const upcasters = { 0: ({ time, kind, ...rest }) => ({ ...rest, at: time * 1_000, type: kind }) };

const newCodec = createEventCodec({ upcasters });

const oldCodec = {
  decode(value) {
    return oldCodec.check(JSON.parse(new TextDecoder().decode(value)));
  },
  check(raw) {
    if (raw.v === 0) return newCodec.check(raw);
    return { ok: false, code: 'unknown-version', detail: `v: version ${raw.v} is not known here; 0 is` };
  },
  encode(event) {
    return new TextEncoder().encode(JSON.stringify(asOldEvent(event)));
  },
};

export const codecs = { old: oldCodec, new: newCodec };

/** An event of whole milliseconds as the old release writes it. */
function asOldEvent({ v: _v, at, type, ...rest }) {
  return { v: 0, ...rest, time: Math.floor(at / 1_000), kind: type };
}

/** The log of a publisher of a release: of the old one, what it appends is written in the old version. */
export function logOfRelease(release, log) {
  if (release === 'new') return log;
  const asOld = (value) => oldCodec.encode(JSON.parse(new TextDecoder().decode(value)));
  return {
    generation: log.generation,
    partitionCount: log.partitionCount,
    topicPrefix: log.topicPrefix,
    append: (topic, partition, records) =>
      log.append(
        topic,
        partition,
        records.map((record) => ({ ...record, value: asOld(record.value) })),
      ),
  };
}
