import { canonicalJson } from './canonical-json.js';
import type { ClientPublishing, GivenEvent, LaneFact } from './client-publishing.js';
import type { RunFacts, Violation } from './violation.js';

interface Copy {
  readonly seq: number;
  readonly offset: number;
  readonly partition: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/**
 * Invariants 1 and 6 where they begin: what a publisher sent of an attempt is what it was given, in its order, each
 * once but for repetitions of the same bytes; merged deltas hold all of their text; what was acknowledged is there;
 * what found no room has used up its number.
 */
export function checkClients(facts: RunFacts, clients: readonly ClientPublishing[]): Violation[] {
  const copies = copiesByLane(facts);
  return clients.flatMap((client) => [
    ...checkQueue(facts, client),
    ...client.lanes.flatMap((lane) => checkLane(facts, lane, copies.get(keyOf(lane)) ?? [])),
  ]);
}

/** Invariant 8: the queue holds no more than it may, and above that no more ends of steps than it may. */
function checkQueue({ options }: RunFacts, { name, queuedMax, lanes }: ClientPublishing): Violation[] {
  const {
    coalesceMs = 0,
    queueEventsMax = Infinity,
    queueExcessEventsMax = Infinity,
    whenFull,
  } = options.client;
  const ends = whenFull === 'drop' ? lanes.flatMap(({ events }) => events).filter(isTerminal).length : 0;
  if (coalesceMs > 0 || queuedMax <= queueEventsMax + Math.min(ends, queueExcessEventsMax)) return [];
  return [{ invariant: 8, what: `${name} had ${queuedMax} events in a queue of ${queueEventsMax}` }];
}

/**
 * A signal was aborted only if somebody else ended the step, or opened a later attempt of it. A stop button of the same process
 * aborts it at once, whatever the fold says to the stop later.
 */
export function checkSignals(facts: RunFacts, clients: readonly ClientPublishing[]): Violation[] {
  const lives = facts.expectations.flatMap((expectation) => expectation.lives);
  const isStop = ({ fields }: GivenEvent): boolean =>
    fields['type'] === 'interrupt' && fields['reason'] === 'user';
  const stopped = new Set(
    clients.flatMap(({ lanes }) => lanes.flatMap(({ id, events }) => (events.some(isStop) ? [id] : []))),
  );
  return clients
    .flatMap(({ signals }) => signals)
    .filter(({ ending, id, attempt, producer }) => {
      if (ending === 'user' && stopped.has(id)) return false;
      const own = lives.filter((life) => life.id === id && life.attempt >= attempt);
      const isEndedByOthers = own.some((life) => {
        const last = life.events.at(-1)!;
        return life.attempt > attempt || (life.endedAt !== undefined && last.producer !== producer);
      });
      return !isEndedByOthers;
    })
    .map(({ id, attempt, producer }) => ({
      invariant: 10,
      what: `the signal of ${id} attempt ${attempt} of ${producer} was aborted, and nobody has ended it`,
    }));
}

function copiesByLane(facts: RunFacts): Map<string, Copy[]> {
  const byLane = new Map<string, Copy[]>();
  for (const { verdicts, partition } of facts.expectations) {
    for (const { event, id, record } of verdicts) {
      if (event?.producer === undefined || id === undefined) continue;
      const {
        v: _v,
        chat_id: _c,
        step_id: _s,
        attempt = 0,
        producer,
        seq,
        at: _at,
        until: _u,
        ...fields
      } = event as typeof event & { until?: number };
      const key = `${id}:${attempt}:${producer}`;
      const copy = {
        seq: seq!,
        offset: record.offset,
        partition,
        fields,
        text: decoder.decode(record.value ?? undefined),
      };
      const known = byLane.get(key);
      if (known === undefined) byLane.set(key, [copy]);
      else known.push(copy);
    }
  }
  return byLane;
}

const decoder = new TextDecoder();
const keyOf = ({ id, attempt, producer }: LaneFact): string => `${id}:${attempt}:${producer}`;

function checkLane(facts: RunFacts, lane: LaneFact, copies: readonly Copy[]): Violation[] {
  const at = `${lane.producer} of ${lane.id} attempt ${lane.attempt}`;
  const violation = (invariant: number, what: string): Violation[] => [{ invariant, what: `${at}: ${what}` }];
  const bySeq = new Map<number, Copy>();
  let last = -1;
  for (const copy of copies) {
    const first = bySeq.get(copy.seq);
    if (first !== undefined) {
      if (first.text !== copy.text)
        return violation(1, `${copy.seq} was sent as ${first.text} and as ${copy.text}`);
      continue;
    }
    if (copy.seq < last) return violation(6, `${copy.seq} came first after ${last}`);
    last = copy.seq;
    bySeq.set(copy.seq, copy);
  }
  const sent = [...bySeq.values()].filter(({ fields }) => !isNumberless(fields));
  // What found no room is gone if it was to be dropped, and else comes when there is some.
  const given = lane.events.filter(
    ({ fields, isTaken }) => !isNumberless(fields) && (isTaken || facts.options.client.whenFull === 'wait'),
  );
  let index = 0;
  for (const copy of sent) {
    const parts = partsOf(given, index, copy);
    const problem = problemOf(parts, copy);
    if (problem !== undefined) return violation(6, `${problem}: ${copy.text}`);
    for (const { position } of parts) {
      const isThere =
        position === undefined ||
        copies.some(({ seq, offset }) => seq === copy.seq && offset === position.offset);
      if (!isThere)
        return violation(1, `${copy.seq} was acknowledged at ${position?.offset}, where it is not`);
    }
    index += parts.length;
  }
  const missing = given
    .slice(index)
    .filter(({ position, isTaken }) => position !== undefined || (lane.mustArrive && isTaken));
  if (missing.length > 0) return violation(1, `${JSON.stringify(missing[0]!.fields)} is not on the log`);
  return [];
}

function isTerminal({ fields }: GivenEvent): boolean {
  return ['step-end', 'interrupt', 'error'].includes(String(fields['type']));
}

/** Sent by the publisher itself, or without a number. */
function isNumberless(fields: Readonly<Record<string, unknown>>): boolean {
  return fields['type'] === 'heartbeat' || (fields['type'] === 'interrupt' && fields['reason'] === 'user');
}

/** What was merged into the copy, of what was given from an index on. An event may be given as one that stands for several. */
function partsOf(given: readonly GivenEvent[], from: number, copy: Copy): readonly GivenEvent[] {
  let left = Number(copy.fields['merged'] ?? 1);
  let to = from;
  while (left > 0 && to < given.length) left -= Number(given[to++]!.fields['merged'] ?? 1);
  return given.slice(from, to);
}

function problemOf(parts: readonly GivenEvent[], copy: Copy): string | undefined {
  const [first] = parts;
  if (first === undefined) return 'nobody gave it';
  const { merged: _merged, ...fields } = copy.fields;
  const text =
    parts.length === 1 ? first.fields['text'] : parts.map((part) => String(part.fields['text'])).join('');
  const { until: _until, merged: _given, ...given } = first.fields;
  const expected = { ...given, ...(text === undefined ? {} : { text }) };
  const isOfOneBlock = parts.every((part) =>
    ['type', 'id', 'tool_call_id'].every((name) => part.fields[name] === first.fields[name]),
  );
  if (!isOfOneBlock) return 'it merges what does not belong together';
  const isGiven = canonicalJson(JSON.parse(JSON.stringify(expected))) === canonicalJson(fields);
  return isGiven ? undefined : `given was ${JSON.stringify(expected)}`;
}
