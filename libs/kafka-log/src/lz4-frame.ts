const MAGIC = 0x184d2204;
/** Sizes of blocks by their number in a frame's header. */
const BLOCK_BYTES: Readonly<Record<number, number>> = {
  4: 64 * 1024,
  5: 256 * 1024,
  6: 1024 * 1024,
  7: 4 * 1024 * 1024,
};
const IS_STORED = 0x8000_0000;

/**
 * How many bytes LZ4 frames hold at most once they are decompressed, told from the headers of their blocks: a block of
 * which nothing else is known counts as full. Bytes that are no frame hold none; whoever decompresses them says so.
 *
 * magic u32 · flags u8 · block size u8 · [content size u64] · [dictionary u32] · checksum u8 · blocks, each of length u32,
 * bytes and [checksum u32] · 0 u32 · [checksum u32]
 */
export function lz4BytesAtMost(bytes: Buffer): number {
  let total = 0;
  let at = 0;
  const has = (count: number): boolean => at + count <= bytes.length;
  while (has(7) && bytes.readUInt32LE(at) === MAGIC) {
    const flags = bytes[at + 4]!;
    const blockBytes = BLOCK_BYTES[(bytes[at + 5]! >> 4) & 7] ?? 0;
    const isSet = (bit: number): boolean => (flags & (1 << bit)) !== 0;
    at += 7 + (isSet(3) ? 8 : 0) + (isSet(0) ? 4 : 0);
    while (has(4)) {
      const length = bytes.readUInt32LE(at);
      at += 4;
      if (length === 0) break;
      const storedBytes = length % IS_STORED;
      total += length >= IS_STORED ? storedBytes : blockBytes;
      at += storedBytes + (isSet(4) ? 4 : 0);
    }
    at += isSet(2) ? 4 : 0;
  }
  return total;
}
