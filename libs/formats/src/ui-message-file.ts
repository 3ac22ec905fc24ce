import type { FileContent } from './step-fields.js';

/**
 * Where the file of a `file` chunk is: the SDK sends a file that the model made as a `data:` URL, whose bytes are then
 * the file itself. Undefined for what is no URL at all.
 */
export function uiMessageFileOf(url: unknown): FileContent | undefined {
  if (typeof url !== 'string') return undefined;
  const comma = url.startsWith('data:') ? url.indexOf(',') : -1;
  return comma > 0 && url.slice(0, comma).endsWith(';base64') ? { base64: url.slice(comma + 1) } : { url };
}
