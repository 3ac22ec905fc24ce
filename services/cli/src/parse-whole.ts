import { InvalidArgumentError } from 'commander';

/** Reads a whole number from 0 to `max` for an option. */
export function parseWhole(text: string, max: number, unit: string): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (number <= max) return number;
  throw new InvalidArgumentError(`It must be a whole number of ${unit} from 0 to ${max}.`);
}
