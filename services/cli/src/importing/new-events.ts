import { isDeepStrictEqual } from 'node:util';
import type { EventOf } from '@stepfold/events';
import { evolve, initialState, toMessage, withoutUnknownTimes, type Message } from '@stepfold/fold';

/** What an import would do to a chat. */
export interface ImportPlan {
  /** Of steps that are not there, and with `isReplacing` the next attempts of those that differ. */
  readonly events: readonly EventOf<'message'>[];
  /** Steps that are there with the same content. */
  readonly present: number;
  /** Ids of steps that are there with another content, which is kept. */
  readonly different: readonly string[];
}

/** @param present the messages of the chat by their steps */
export function planImport(
  events: readonly EventOf<'message'>[],
  present: ReadonlyMap<string, Message>,
  isReplacing: boolean,
): ImportPlan {
  const planned: EventOf<'message'>[] = [];
  const different: string[] = [];
  let same = 0;
  for (const event of events) {
    const known = present.get(event.step_id);
    if (known === undefined) planned.push(event);
    else if (isSame(known, messageOf(event))) same++;
    else if (isReplacing) planned.push({ ...event, attempt: known.attempt + 1 });
    else different.push(event.step_id);
  }
  return { events: planned, present: same, different };
}

function messageOf(event: EventOf<'message'>): Message {
  const state = initialState();
  evolve(state, event);
  return toMessage(state);
}

/** By what does not depend on when it was imported. A file that does not know the time of a message says nothing of it. */
function isSame(known: Message, given: Message): boolean {
  const [stored, wanted] = [withoutUnknownTimes(known), withoutUnknownTimes(given)];
  const knowsTime = (wanted.started_at as number | undefined) !== undefined;
  return (
    isDeepStrictEqual(contentOf(stored), contentOf(wanted)) &&
    (!knowsTime || stored.started_at === wanted.started_at)
  );
}

/** Through JSON, because a store may give back other prototypes. */
function contentOf({ role, parts }: Message): unknown {
  return JSON.parse(JSON.stringify({ role, parts }));
}
