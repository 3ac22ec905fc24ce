import { readFileSync, renameSync, rmSync } from 'node:fs';
import type { Event } from '@stepfold/events';
import type { RecoveredEvent } from '@stepfold/publisher';
import type { Logger } from '@stepfold/runtime';
import { disown } from './left-files.js';
import type { OpenAttempt } from './open-attempts.js';
import { readOutboxLines } from './outbox-lines.js';

/**
 * What a process that was killed has left in a file that this one has taken over, and the ends of the steps that it held open. The
 * file is removed when all of that is on the log.
 */
export function readLeftEvents(path: string, nowMicros: number, logger: Logger): RecoveredEvent[] {
  const { events, open, damagedLines } = readOutboxLines(readFileSync(path));
  if (damagedLines > 0) {
    logger.error({ path, damagedLines }, 'lines of an outbox could not be read; the file is kept');
  }
  const all = [...events.values(), ...open.map((attempt) => crashOf(attempt, nowMicros))];
  let waiting = all.length;
  const onSettled = (): void => {
    waiting--;
    if (waiting === 0) finish();
  };
  const finish = (): void => {
    disown(path);
    if (damagedLines === 0) rmSync(path, { force: true });
    else renameSync(path, `${path}.damaged`);
  };
  if (waiting === 0) finish();
  return all.map((event) => ({ event, onSettled }));
}

function crashOf({ chat_id, step_id, attempt, at }: OpenAttempt, nowMicros: number): Event {
  return {
    v: 1,
    chat_id,
    step_id,
    ...(attempt > 0 ? { attempt } : {}),
    at,
    type: 'interrupt',
    reason: 'crash',
    detected_at: nowMicros,
  };
}
