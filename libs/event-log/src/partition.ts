/**
 * The partition of a key: murmur2 as in the Java client and kafkajs, so every client of a cluster agrees.
 * librdkafka needs `partitioner=murmur2_random` for the same answer.
 */
export function partitionOf(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}

/** murmur2 with Kafka's seed, as a signed 32-bit integer. */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const multiplier = 0x5bd1e995;
  let hash = 0x9747b28c ^ length;
  const wholeBytes = length & ~3;
  for (let i = 0; i < wholeBytes; i += 4) {
    let word = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    word = Math.imul(word, multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  const rest = length - wholeBytes;
  if (rest > 2) hash ^= data[wholeBytes + 2]! << 16;
  if (rest > 1) hash ^= data[wholeBytes + 1]! << 8;
  if (rest > 0) {
    hash ^= data[wholeBytes]!;
    hash = Math.imul(hash, multiplier);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}
