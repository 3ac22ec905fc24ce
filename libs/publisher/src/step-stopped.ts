import type { InterruptReason } from '@stepfold/events';

/** How somebody else ended a step: an interrupt by its reason, another terminal event, or a higher attempt. */
export type StepEnding = InterruptReason | 'error' | 'step-end' | 'attempt';

/** The reason of `OpenStep.signal`. SDKs tell by its name that nothing failed. */
export type StepStopped = DOMException & { readonly name: 'AbortError'; readonly ending: StepEnding };

export function stepStopped(stepId: string, ending: StepEnding): StepStopped {
  const error = new DOMException(`step ${stepId} was ended from elsewhere: ${ending}`, 'AbortError');
  return Object.assign(error, { ending }) as StepStopped;
}
