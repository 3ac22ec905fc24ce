/**
 * Where a generator takes its choices from: a seed, or a tape of numbers that a property test shrinks.
 * The lower the number, the simpler the choice is meant to be; an exhausted tape answers 0 for ever.
 */
export interface Chance {
  /** A whole number from 0 to `end` − 1. */
  below(end: number): number;
}

/** True once in about `every` times; never for the simplest choice. */
export function oneIn(chance: Chance, every: number): boolean {
  return chance.below(every) === every - 1;
}

export function pick<T>(chance: Chance, items: readonly T[]): T {
  return items[chance.below(items.length)]!;
}

/** A whole number from `min` to `max`, both included. */
export function between(chance: Chance, min: number, max: number): number {
  return min + chance.below(max - min + 1);
}

/** Choices from a tape, for property tests: a shorter tape and lower numbers give a simpler outcome. */
export function tapeChance(tape: readonly number[]): Chance {
  let position = 0;
  return {
    below(end) {
      const number = tape[position] ?? 0;
      position += 1;
      return number % end;
    },
  };
}

/** A random number generator that a seed determines: sfc32, whose state is four 32-bit numbers. */
export class SeededChance implements Chance {
  #a: number;
  #b: number;
  #c = 0x9e3779b9;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 2 ** 32) >>> 0;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** A whole number from 0 to 2^32 − 1. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.next() / 2 ** 32;
  }

  below(end: number): number {
    return Math.floor(this.fraction() * end);
  }

  /** True with this probability. */
  isTrue(probability: number): boolean {
    return probability > 0 && this.fraction() < probability;
  }

  /** A generator of its own, so that what one process draws does not disturb the others. */
  fork(): SeededChance {
    return new SeededChance(this.next() * 2 ** 20 + (this.next() >>> 12));
  }
}
