import type { Event } from '@stepfold/events';
import * as fc from 'fast-check';
import { tapeChance, type Chance } from './chance.js';
import { generateEvents, type GenerateOptions } from './generate-events.js';

/** Valid events of a few steps, in orders that a log may hold; see `generateEvents`. */
export function arbitraryEvents(options: GenerateOptions = {}): fc.Arbitrary<readonly Event[]> {
  return arbitraryFrom((chance) => generateEvents(chance, options));
}

/** What a generator makes of a tape of numbers: fast-check shortens the tape and lowers its numbers. */
export function arbitraryFrom<T>(generate: (chance: Chance) => T, choicesMax = 1_500): fc.Arbitrary<T> {
  return fc
    .array(fc.nat({ max: 9_999 }), { maxLength: choicesMax, size: 'max' })
    .map((tape) => generate(tapeChance(tape)));
}
