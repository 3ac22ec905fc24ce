import type { PartitionBounds } from '@stepfold/event-log';
import type { JsonValue } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { firstDifference, type MessageDifference } from './first-difference.js';
import type { PartitionCheck, Suspicion } from './partition-check.js';
import { compareToLog, readVersion, type Reached, type StoredVersion } from './stored-version.js';

/**
 * Decides on something that did not fit, with the stored message and the bounds of the log as they are now:
 * the message may have been replaced since, and retention may have deleted what it was made of (V18, V19).
 */
export function ruleOnSuspicion(
  check: PartitionCheck,
  suspicion: Suspicion,
  message: Message | undefined,
  bounds: PartitionBounds,
): void {
  check.begin = Math.max(check.begin, bounds.begin);
  const stored = message === undefined ? undefined : readVersion(message);
  switch (suspicion.about) {
    case 'message':
      return ruleOnMessage(check, suspicion, stored);
    case 'further':
      return ruleOnFurther(check, suspicion, stored, bounds);
    case 'unopened':
      return ruleOnUnopened(check, suspicion, stored, bounds);
  }
}

function ruleOnMessage(
  check: PartitionCheck,
  suspicion: Extract<Suspicion, { about: 'message' }>,
  stored: StoredVersion | undefined,
): void {
  const { tally } = check;
  const { expected, isRequired } = suspicion;
  if (stored === undefined) {
    if (isRequired) tally.report(suspicion, 'missing');
    else tally.add(suspicion, 'notYet');
    return;
  }
  // Some of its events may have been deleted before they were read.
  if ((expected.log?.first_offset ?? 0) < check.begin) return tally.add(suspicion, 'beyondLog');
  // Replaced meanwhile, and it is not known by what.
  if (compareToLog(stored, expected) === 'newer') return tally.add(suspicion, 'notYet');
  const difference = firstDifference(expected, stored.message, check.createSha256);
  if (difference !== undefined) tally.report(suspicion, 'different', difference);
}

function ruleOnFurther(
  check: PartitionCheck,
  suspicion: Extract<Suspicion, { about: 'further' }>,
  stored: StoredVersion | undefined,
  bounds: PartitionBounds,
): void {
  const { tally } = check;
  const { reached, isOver } = suspicion;
  if (stored === undefined) return tally.add(suspicion, 'notYet');
  if (isOffLog(check, stored) || suspicion.firstOffset < check.begin)
    return tally.add(suspicion, 'beyondLog');
  const isTheSame =
    stored.attempt === suspicion.stored.attempt &&
    stored.events === suspicion.stored.events &&
    stored.isEnded === suspicion.stored.isEnded;
  const lastOffset = stored.lastOffset ?? 0;
  const isLater = !isOver && check.readTo <= lastOffset && lastOffset < bounds.end;
  // Replaced meanwhile, by what the log got after it was read.
  if (!isTheSame || isLater) return tally.add(suspicion, 'notYet');
  tally.report(suspicion, 'ahead', claim(stored, reached));
}

/** The field in which a stored message claims more than the log has. */
function claim(stored: StoredVersion, reached: Reached): MessageDifference {
  const { message, attempt = reached.attempt, isEnded } = stored;
  const path = attempt !== reached.attempt ? 'attempt' : isEnded ? 'status' : 'events';
  return { path, expected: reached[path], stored: message[path] as JsonValue };
}

function ruleOnUnopened(
  check: PartitionCheck,
  suspicion: Extract<Suspicion, { about: 'unopened' }>,
  stored: StoredVersion | undefined,
  bounds: PartitionBounds,
): void {
  const { tally } = check;
  if (stored === undefined) return;
  if (isOffLog(check, stored)) return ruleOnOffLog(check, suspicion, stored);
  const { firstOffset = 0 } = stored;
  // V12: it lies where the log has nothing yet.
  if (firstOffset >= bounds.end) return tally.report(suspicion, 'ahead');
  // V8: opened since the log was read.
  if (firstOffset >= check.readTo) return tally.add(suspicion, 'notYet');
  tally.report(suspicion, 'extra');
}

/** Whether the first event of a stored message is not on the log (any more). */
export function isOffLog(check: PartitionCheck, stored: StoredVersion): boolean {
  const { generation } = check.place.log;
  return (stored.generation ?? generation) !== generation || (stored.firstOffset ?? Infinity) < check.begin;
}

/** V13 … V15: a message that the log says nothing about. One that is open will stay so for ever. */
function ruleOnOffLog(check: PartitionCheck, suspicion: Suspicion, stored: StoredVersion): void {
  const { generation } = check.place.log;
  const isOfLaterLog = (stored.generation ?? generation) > generation;
  if (stored.isEnded || isOfLaterLog) check.tally.add(suspicion, 'beyondLog');
  else check.tally.report(suspicion, 'orphaned');
}
