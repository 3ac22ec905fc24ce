/** Names that are told apart; a hostile stream may invent any number of them. */
const NAMES_MAX = 100;
const NAME_LENGTH_MAX = 100;

export interface PartCounter {
  /** Counts a part that is passed over. `type` is what the part has for a type, whatever it is. */
  passOver(type: unknown): void;
  readonly counts: ReadonlyMap<string, number>;
}

/** Counts by name. The 101st name and all later ones count as `(other)`. */
export function createPartCounter(): PartCounter {
  const counts = new Map<string, number>();
  return {
    counts,
    passOver(type) {
      let name = typeof type === 'string' ? type.slice(0, NAME_LENGTH_MAX) : '(no type)';
      if (!counts.has(name) && counts.size >= NAMES_MAX) name = '(other)';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    },
  };
}
