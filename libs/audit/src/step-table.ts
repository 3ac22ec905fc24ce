import type { CreateSha256 } from '@stepfold/fold';

/** Words of a slot: 96 bits of the key's hash, and the value + 1; 0 there is a free slot. */
const SLOT_WORDS = 4;
const SLOTS_MIN = 1_024;

/**
 * A number for each of very many steps: 16 bytes a slot, at most three quarters of the slots taken, and no
 * key is kept. Keys are told apart by 96 bits of their SHA-256: nobody finds two that are the same there,
 * and of a hundred million keys two are by chance with a probability below 10^-12.
 */
export interface StepTable {
  /** 0 if nothing was set. */
  get(key: string): number;
  /** `value` is a whole number from 0 to 2^32 − 2. */
  set(key: string, value: number): void;
  readonly size: number;
}

export function createStepTable(createSha256: CreateSha256): StepTable {
  const encoder = new TextEncoder();
  let slots = new Uint32Array(SLOTS_MIN * SLOT_WORDS);
  let size = 0;
  // The same key is asked for several times in a row.
  let hashedKey = '';
  const hash = new Uint32Array(3);

  function hashOf(key: string): void {
    if (key === hashedKey) return;
    const sha256 = createSha256();
    sha256.update(encoder.encode(key));
    const hex = sha256.digest('hex');
    for (let word = 0; word < 3; word++) hash[word] = parseInt(hex.slice(word * 8, word * 8 + 8), 16);
    hashedKey = key;
  }

  /** Where the hashed key stands in the table, or the free slot for it. */
  function find(table: Uint32Array, [first, second, third]: Uint32Array): number {
    const slotCount = table.length / SLOT_WORDS;
    for (let slot = first! % slotCount; ; slot = (slot + 1) % slotCount) {
      const at = slot * SLOT_WORDS;
      if (table[at + 3] === 0) return at;
      if (table[at] === first && table[at + 1] === second && table[at + 2] === third) return at;
    }
  }

  function grow(): void {
    const larger = new Uint32Array(slots.length * 2);
    for (let at = 0; at < slots.length; at += SLOT_WORDS) {
      if (slots[at + 3] === 0) continue;
      larger.set(slots.subarray(at, at + SLOT_WORDS), find(larger, slots.subarray(at, at + 3)));
    }
    slots = larger;
  }

  return {
    get size() {
      return size;
    },
    get(key) {
      hashOf(key);
      return Math.max(0, slots[find(slots, hash) + 3]! - 1);
    },
    set(key, value) {
      hashOf(key);
      let at = find(slots, hash);
      if (slots[at + 3] === 0) {
        size++;
        if (size * SLOT_WORDS * 4 > slots.length * 3) {
          grow();
          at = find(slots, hash);
        }
        slots.set(hash, at);
      }
      slots[at + 3] = value + 1;
    },
  };
}
