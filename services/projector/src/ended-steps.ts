import { isKnownDuplicate, type SeenEvents, type StepState } from '@stepfold/fold';
import type { Event } from '@stepfold/events';

/**
 * A bounded memory of steps that have ended. It only saves work and false alarms: what it has forgotten
 * may be folded again, and the guard of the store refuses the outcome.
 */
export interface EndedSteps {
  remember(key: string, state: StepState): void;
  /** The attempt that ended, or undefined if the step is not known to have ended. */
  endedAttempt(key: string): number | undefined;
  /** True if the event was accepted before its step ended. */
  isKnownDuplicate(key: string, event: Event): boolean;
  forget(key: string): void;
}

export function createEndedSteps(stepsMax: number): EndedSteps {
  const steps = new Map<string, SeenEvents & Pick<StepState, 'attempt'>>();
  return {
    remember(key, state) {
      steps.delete(key);
      steps.set(key, { attempt: state.attempt, producers: state.producers, gaps: state.gaps });
      if (steps.size <= stepsMax) return;
      const oldest = steps.keys().next().value;
      if (oldest !== undefined) steps.delete(oldest);
    },
    endedAttempt: (key) => steps.get(key)?.attempt,
    isKnownDuplicate(key, event) {
      const step = steps.get(key);
      return step !== undefined && (event.attempt ?? 0) === step.attempt && isKnownDuplicate(step, event);
    },
    forget: (key) => void steps.delete(key),
  };
}
