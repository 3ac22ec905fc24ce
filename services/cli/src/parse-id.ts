import { InvalidArgumentError } from 'commander';
import { idProblem, isId } from '@stepfold/events';

/** Reads an id. What none can be is a mistake of who typed it, and not the id of something unknown. */
export function parseId(text: string): string {
  if (isId(text)) return text;
  throw new InvalidArgumentError(`It ${idProblem(text)}.`);
}

/** The same for several. */
export function parseIds(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), parseId(text)];
}
