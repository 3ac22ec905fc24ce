/** One write takes no more than this, so that others do not wait long, and that it fits one message to a server. */
const ITEMS_MAX = 1_000;
const BYTES_MAX = 16 * 1024 * 1024;

/**
 * Encodes items as they are taken, in batches for one write each: before any lock is taken, and never
 * more in memory than one batch holds.
 */
export function* boundedBatches<Item, Encoded>(
  items: readonly Item[],
  encode: (item: Item) => Encoded,
  bytesOf: (encoded: Encoded) => number,
): Generator<readonly Encoded[]> {
  let batch: Encoded[] = [];
  let bytes = 0;
  for (const item of items) {
    const encoded = encode(item);
    batch.push(encoded);
    bytes += bytesOf(encoded);
    if (batch.length < ITEMS_MAX && bytes < BYTES_MAX) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
