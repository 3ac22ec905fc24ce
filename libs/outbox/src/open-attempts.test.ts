import { describe, expect, it } from '@jest/globals';
import type { Event } from '@stepfold/events';
import { OpenAttempts } from './open-attempts.js';

const envelope = (step_id: string, at: number) => ({ v: 1, chat_id: 'c', step_id, at }) as const;
const start = (stepId: string, at: number): Event => ({ ...envelope(stepId, at), type: 'step-start' });
const heartbeat = (stepId: string, at: number): Event => ({ ...envelope(stepId, at), type: 'heartbeat' });

describe('the open attempts', () => {
  it('are bounded: the one that was silent for longest is forgotten, as of a step that somebody else has ended', () => {
    const attempts = new OpenAttempts(3);
    attempts.note(start('ended elsewhere', 1));
    attempts.note(start('a', 2));
    attempts.note(start('b', 3));
    attempts.note(heartbeat('ended elsewhere', 4));
    for (let at = 5; at < 1_000; at += 3) {
      attempts.note(heartbeat('a', at));
      attempts.note(heartbeat('b', at + 1));
      attempts.note(start(`ended elsewhere ${at}`, at + 2));
    }
    expect(attempts.all.map(({ step_id }) => step_id)).toEqual(['a', 'b', 'ended elsewhere 998']);
    expect(attempts.all.map(({ at }) => at)).toEqual([998, 999, 1_000]);
  });
});
