import { base64Of } from './bytes.js';
import { fieldsOf } from './fields-of.js';
import { metadataOf } from './metadata-of.js';
import type { FileFields } from './step-fields.js';
import type { StepWriter } from './step-writer.js';

/** The images and the speech of one stream of chat completions. */
export interface OpenaiChatFiles {
  /** An `image_url` of a content part or of OpenRouter's `images`; false if it has none. Repeated ones are one. */
  image(given: unknown, at: number): boolean;
  /** A piece of speech: it is one file when it is whole. */
  audio(given: unknown, at: number): void;
  /** The speech is over. Its file has the time of its last piece. */
  end(): void;
  /** A new step begins. */
  reset(): void;
}

interface Audio {
  readonly pieces: string[];
  id?: unknown;
  expiresAt?: unknown;
  lastAt: number;
}

export function createOpenaiChatFiles(writer: StepWriter): OpenaiChatFiles {
  let urls = new Set<string>();
  let audio: Audio | undefined;
  return {
    image(given, at) {
      const image = fieldsOf(given)['image_url'] ?? given;
      const url = typeof image === 'string' ? image : fieldsOf(image)['url'];
      if (typeof url !== 'string' || url === '') return false;
      if (!urls.has(url)) writer.file(at, fileOf(url));
      urls.add(url);
      return true;
    },
    audio(given, at) {
      const piece = fieldsOf(given);
      if (typeof piece['data'] !== 'string' && piece['id'] === undefined && audio === undefined) return;
      audio ??= { pieces: [], lastAt: at };
      audio.lastAt = at;
      audio.id = piece['id'] ?? audio.id;
      audio.expiresAt = piece['expires_at'] ?? audio.expiresAt;
      if (typeof piece['data'] === 'string') audio.pieces.push(piece['data']);
    },
    end() {
      if (audio === undefined) return;
      const { pieces, id, expiresAt, lastAt } = audio;
      audio = undefined;
      if (pieces.length === 0) return;
      // What the request asked for is not in the stream; raw samples are all that can be streamed.
      writer.file(lastAt, {
        mediaType: 'audio/pcm',
        content: { base64: joinedBase64(pieces) },
        metadata: metadataOf(undefined, { provider: 'openai', entries: { audioId: id, expiresAt } }),
      });
    },
    reset() {
      urls = new Set();
      audio = undefined;
    },
  };
}

/** A data URL is the file itself. */
function fileOf(url: string): FileFields {
  const comma = url.startsWith('data:') ? url.indexOf(',') : -1;
  const [mediaType = '', ...options] = comma < 0 ? [] : url.slice('data:'.length, comma).split(';');
  if (options.at(-1) === 'base64') return { mediaType, content: { base64: url.slice(comma + 1) } };
  return { mediaType: mediaType || 'image/*', content: { url } };
}

/** Base64 of all pieces together: each is padded for itself, so their text cannot simply be joined. */
function joinedBase64(pieces: readonly string[]): string {
  const areWhole = pieces.slice(0, -1).every((piece) => piece.length % 4 === 0 && !piece.endsWith('='));
  if (areWhole) return pieces.join('');
  try {
    const binary = pieces.map((piece) => atob(piece)).join('');
    return base64Of(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return pieces.join('');
  }
}
