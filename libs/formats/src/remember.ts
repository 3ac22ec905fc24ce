/** Entries that a stream without end may leave behind, since nothing says which of them will still be asked for. */
export const REMEMBERED_MAX = 10_000;

/** Parts that wait for a step, at most: a stream of nothing else opens one. */
export const WAITING_MAX = 10_000;

/** Sets an entry of a map as its newest, and drops the oldest of too many. */
export function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED_MAX) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
