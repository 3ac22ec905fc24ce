import { isProviderId } from '@stepfold/events';

/** Characters of unusable ids that are remembered: hostile ones may have megabytes each, and come without end. */
const REMEMBERED_LENGTH_MAX = 2 ** 24;

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
 * cleaned, and numbered (`~0`, `~1`, …) so that two of them that look alike then are still two. Of 16 Mi characters of
 * those the ones that were used longest ago are forgotten: should they come again, they are others.
 */
export function createProviderIds(): ProviderIds {
  const unusable = new Map<string, string>();
  let rememberedLength = 0;
  let count = 0;

  function forgetOldest(): void {
    for (const given of unusable.keys()) {
      // The newest stays, however long it is.
      if (rememberedLength <= REMEMBERED_LENGTH_MAX || unusable.size === 1) return;
      unusable.delete(given);
      rememberedLength -= given.length;
    }
  }

  return {
    idOf(given) {
      if (typeof given === 'number' && Number.isFinite(given)) return String(given);
      if (typeof given !== 'string' || given === '') return undefined;
      const { length } = given;
      if (isProviderId(given)) return given;
      const known = unusable.get(given);
      const id = known ?? `${usablePart(given, KEPT_LENGTH)}~${count++}`;
      if (known === undefined) rememberedLength += length;
      else unusable.delete(given);
      unusable.set(given, id);
      forgetOldest();
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
