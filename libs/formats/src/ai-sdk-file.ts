import { base64Of, bytesFromJson, bytesOf } from './bytes.js';
import { fieldsOf } from './fields-of.js';
import type { FileContent } from './step-fields.js';

export interface GivenFile {
  readonly mediaType: unknown;
  readonly content: FileContent;
  readonly name: unknown;
  readonly providerMetadata: unknown;
}

/**
 * The file of a `file` or `reasoning-file` part: the AI SDK's `GeneratedFile`, live or as JSON left it (its
 * getters `base64` and `uint8Array` are then gone, and their private fields `base64Data` and `uint8ArrayData`
 * are there), the fields of the part itself, or the `data` of a language model: base64, bytes, or
 * `{type: 'data' | 'url', …}`. Undefined if there is no content.
 */
export function aiSdkFileOf(part: Readonly<Record<string, unknown>>): GivenFile | undefined {
  const file = typeof part['file'] === 'object' && part['file'] !== null ? fieldsOf(part['file']) : part;
  const content =
    contentOf(file['base64']) ??
    contentOf(file['base64Data']) ??
    contentOf(file['uint8Array']) ??
    contentOf(file['uint8ArrayData']) ??
    contentOf(file['data']) ??
    taggedContentOf(fieldsOf(file['data'])) ??
    urlOf(file['url']);
  if (content === undefined) return undefined;
  return {
    mediaType: file['mediaType'] ?? part['mediaType'],
    content,
    name: file['filename'] ?? part['filename'],
    providerMetadata: part['providerMetadata'] ?? file['providerMetadata'],
  };
}

function contentOf(given: unknown): FileContent | undefined {
  if (typeof given === 'string') return isUrl(given) ? { url: given } : { base64: given };
  if (given instanceof URL) return { url: given.href };
  const bytes = bytesOf(given) ?? bytesFromJson(given);
  return bytes === undefined ? undefined : { base64: base64Of(bytes) };
}

function taggedContentOf(data: Readonly<Record<string, unknown>>): FileContent | undefined {
  if (data['type'] === 'url') return urlOf(data['url']);
  return data['type'] === 'data' ? contentOf(data['data']) : undefined;
}

function urlOf(given: unknown): FileContent | undefined {
  const url = given instanceof URL ? given.href : given;
  return typeof url === 'string' ? { url } : undefined;
}

/** Base64 has no colon, so a scheme tells the two apart. */
function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(text);
}
