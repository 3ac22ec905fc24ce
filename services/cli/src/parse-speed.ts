import { InvalidArgumentError } from 'commander';

/** Reads how many times faster something is played. */
export function parseSpeed(text: string): number {
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (speed > 0 && Number.isFinite(speed)) return speed;
  throw new InvalidArgumentError('It must be a number above 0.');
}
