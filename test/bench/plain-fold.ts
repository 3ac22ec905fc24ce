import { createHash } from 'node:crypto';
import { encodeEvent, type Event } from '@stepfold/events';
import { createEventDigest, evolve, initialState, toMessage, type Message } from '@stepfold/fold';
import { canonicalJson } from '../simulation/canonical-json.js';

/** What the plain fold makes of some events, without any log or store between: what an arm has to come to. */
export interface ExpectedMessages {
  readonly fingerprints: ReadonlyMap<string, string>;
  /** Of each message, over the events as `encodeEvent` writes them. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Folds events one by one, in order. A message is kept as its fingerprint, so that the heap stays small. */
export function foldPlainly(events: Iterable<Event>): ExpectedMessages {
  const steps = new Map<string, ReturnType<typeof newStep>>();
  const fingerprints = new Map<string, string>();
  const digests = new Map<string, string>();
  for (const event of events) {
    const key = `${event.chat_id}:${event.step_id}`;
    let step = steps.get(key);
    if (step === undefined) steps.set(key, (step = newStep()));
    if (evolve(step.state, event) !== 'accepted') continue;
    step.digest.add(encodeEvent(event));
    if (step.state.status === 'open') continue;
    steps.delete(key);
    fingerprints.set(key, fingerprintOf(toMessage(step.state)));
    digests.set(key, step.digest.finish());
  }
  for (const [key, { state }] of steps) fingerprints.set(key, fingerprintOf(toMessage(state)));
  return { fingerprints, digests };
}

function newStep() {
  return { state: initialState(), digest: createEventDigest(() => createHash('sha256')) };
}

/** The hash of everything in a message that does not depend on where its events lie on a log. */
export function fingerprintOf(message: Message): string {
  const { log: _log, digest: _digest, ...rest } = message;
  return createHash('sha256').update(canonicalJson(rest)).digest('base64');
}

/** In a sentence, how messages differ from those of the plain fold; undefined if they do not. */
export function differenceFrom(
  expected: ExpectedMessages,
  messages: Iterable<Message>,
  { hasDigests }: { readonly hasDigests: boolean },
): string | undefined {
  const missing = new Set(expected.fingerprints.keys());
  for (const message of messages) {
    const key = `${message.chat_id}:${message.step_id}`;
    const fingerprint = expected.fingerprints.get(key);
    if (fingerprint === undefined) return `message ${key} is none of the plain fold`;
    if (!missing.delete(key)) return `message ${key} came twice`;
    if (fingerprint !== fingerprintOf(message)) return `message ${key} is not that of the plain fold`;
    if (hasDigests && message.digest !== expected.digests.get(key)) {
      return `the digest of message ${key} is not that of its events`;
    }
  }
  const [first] = missing;
  return first === undefined ? undefined : `message ${first} and ${missing.size - 1} others are missing`;
}
