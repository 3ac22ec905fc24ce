import type { Message } from '@stepfold/fold';

/**
 * Ids of traces and spans are hashes of what is stored, so that a chat that is exported again gives the same ones, and
 * a back end recognises them. FNV-1a of 128 bits: short, and this is no place where anybody gains by a collision.
 */
const OFFSET_BASIS = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = 0x0000000001000000000000000000013bn;

/** The steps of one run are one trace; a step without a run is a trace of its own. */
export function traceIdOf({ chat_id, run_id, step_id }: Message): string {
  const hash = run_id === undefined ? hashOf('step', chat_id, step_id) : hashOf('run', chat_id, run_id);
  return hex(hash, 128);
}

/**
 * The id of the span of a step, or of something within it. Another attempt of a step is another span: a back end may
 * have the one that failed.
 */
export function spanIdOf({ chat_id, step_id, attempt }: Message, ...within: readonly string[]): string {
  return hex(hashOf('span', chat_id, step_id, String(attempt ?? 0), ...within), 64);
}

function hashOf(...words: readonly string[]): bigint {
  let hash = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(JSON.stringify(words))) {
    hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * PRIME);
  }
  return hash;
}

/** An id of zeros only would be none. */
function hex(hash: bigint, bits: 64 | 128): string {
  const folded = bits === 128 ? hash : BigInt.asUintN(64, hash ^ (hash >> 64n));
  return (folded === 0n ? 1n : folded).toString(16).padStart(bits / 4, '0');
}
