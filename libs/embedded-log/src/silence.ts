import type { GroupMember } from './group-state.js';

interface Observation {
  readonly beat: number;
  readonly silentMs: number;
}

/**
 * For how long the other members of a group have been silent, by this process's own clock.
 *
 * Clocks of two processes cannot be compared, and the wall clock may jump, so what is stored is a counter.
 * Between two looks at most `gapMaxMs` counts: an observer that was frozen itself, or had to wait for the
 * log, has not seen the others be silent in that time.
 */
export interface SilenceMeter {
  look(members: ReadonlyMap<string, GroupMember>, nowMs: number): void;
  silentMs(id: string): number;
}

export function createSilenceMeter(gapMaxMs: number): SilenceMeter {
  let observations = new Map<string, Observation>();
  let lookedAtMs: number | undefined;
  return {
    look(members, nowMs) {
      const gapMs = Math.min(nowMs - (lookedAtMs ?? nowMs), gapMaxMs);
      lookedAtMs = nowMs;
      observations = new Map(
        [...members].map(([id, { beat }]) => {
          const before = observations.get(id);
          return [id, { beat, silentMs: before?.beat === beat ? before.silentMs + gapMs : 0 }];
        }),
      );
    },
    silentMs: (id) => observations.get(id)?.silentMs ?? 0,
  };
}
