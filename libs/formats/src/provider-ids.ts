import { isProviderId } from '@stepfold/events';

/** Characters of an unusable id that are kept; the rest of the 512 is for the number that tells it apart. */
const KEPT_LENGTH = 490;

export interface ProviderIds {
  /**
   * An id that an event may have, for what a provider gave: the same one for the same thing, and another for
   * another. Numbers are written out. Undefined if there is none: empty, absent, or no string and no number.
   */
  idOf(given: unknown): string | undefined;
}

/**
 * The ids of one run. Nearly all are taken as they are; one that is too long or holds a NUL is cut and
 * cleaned, and numbered (`~0`, `~1`, …) so that two of them that look alike then are still two.
 */
export function createProviderIds(): ProviderIds {
  const unusable = new Map<string, string>();
  return {
    idOf(given) {
      if (typeof given === 'number' && Number.isFinite(given)) return String(given);
      if (typeof given !== 'string' || given === '') return undefined;
      if (isProviderId(given)) return given;
      let id = unusable.get(given);
      if (id === undefined) {
        id = `${usablePart(given, KEPT_LENGTH)}~${unusable.size}`;
        unusable.set(given, id);
      }
      return id;
    },
  };
}

/** A name that an event may have, for what a provider gave. Names need not stay apart, so they are only cut. */
export function providerNameOf(given: unknown): string | undefined {
  if (typeof given !== 'string' || given === '') return undefined;
  return isProviderId(given) ? given : usablePart(given, 512);
}

function usablePart(given: string, length: number): string {
  // A code point has at most two units: what lies beyond is cut off before it is looked at.
  return Array.from(given.slice(0, length * 2))
    .slice(0, length)
    .join('')
    .replaceAll('\0', '\uFFFD');
}
