/** The bytes behind a typed array, a view or a buffer; undefined for every other value. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** Bytes that are given to `String.fromCharCode` at once: more arguments than this can exceed the stack. */
const CHUNK_BYTES = 8_192;

/** Base64 of bytes, with padding. */
export function base64Of(bytes: Uint8Array): string {
  let binary = '';
  for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(from, from + CHUNK_BYTES));
  }
  return btoa(binary);
}

/**
 * Bytes that went through JSON: what `JSON.stringify` makes of a `Uint8Array` (`{"0": 137, "1": 80, …}`), of
 * a Node `Buffer` (`{"type": "Buffer", "data": […]}`), or an array of numbers. Undefined for everything else.
 */
export function bytesFromJson(value: unknown): Uint8Array | undefined {
  const list = Array.isArray(value) ? value : byteList(value);
  if (list === undefined || !list.every(isByte)) return undefined;
  return Uint8Array.from(list);
}

function byteList(value: unknown): unknown[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('data' in value && 'type' in value && value.type === 'Buffer' && Array.isArray(value.data)) {
    return value.data;
  }
  const keys = Object.keys(value);
  // Keys that are array indices come first and in order, so the last one says whether there are others.
  if (keys.length === 0 || keys.at(-1) !== String(keys.length - 1)) return undefined;
  return Object.values(value);
}

function isByte(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}
