import type { FilePart } from '@stepfold/fold';

/** Where the bytes of a file are: in the message, behind a URL that a provider can read, or with the provider itself. */
export type FileContent =
  | { readonly kind: 'base64'; readonly data: string; readonly mediaType: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType: string }
  | { readonly kind: 'id'; readonly id: string; readonly mediaType: string };

/** Undefined if nobody but the application could find the file. */
export function fileContentOf(part: FilePart): FileContent | undefined {
  const mediaType = part.media_type;
  if (part.data !== undefined) return base64Content(part.data, mediaType);
  if (part.url !== undefined) {
    const inline = /^data:([^;,]*)(?:;[^;,]*)*;base64,(.*)$/s.exec(part.url);
    if (inline !== null) return base64Content(inline[2] as string, inline[1] || mediaType);
    return /^https?:\/\/\S+$/i.test(part.url) ? { kind: 'url', url: part.url, mediaType } : undefined;
  }
  return part.file_id === undefined || part.file_id === ''
    ? undefined
    : { kind: 'id', id: part.file_id, mediaType };
}

function base64Content(data: string, mediaType: string): FileContent | undefined {
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(data) && data.length % 4 === 0;
  return isBase64 ? { kind: 'base64', data, mediaType } : undefined;
}

/** What is said of a file that a provider does not take, so that the model knows of it. */
export function fileMention(part: FilePart): string {
  const name = part.name?.trim() || part.media_type;
  return `[file not sent: ${name}]`;
}

export function dataUrl({ data, mediaType }: Extract<FileContent, { kind: 'base64' }>): string {
  return `data:${mediaType};base64,${data}`;
}
