import { fieldsOf, isObject, listOf } from './fields-of.js';
import { jsonText } from './json-of.js';
import { metadataOf } from './metadata-of.js';
import type { SourceFields } from './step-fields.js';
import type { StepWriter } from './step-writer.js';

/** The sources of one Gemini stream. It may send all of them again with every chunk; each is a source once a step. */
export interface GoogleSources {
  /** What `groundingMetadata` and `citationMetadata` of a candidate name. */
  add(candidate: Readonly<Record<string, unknown>>, at: number): void;
  /** A new step begins. */
  reset(): void;
}

export function createGoogleSources(writer: StepWriter): GoogleSources {
  let told = new Set<string>();
  return {
    add(candidate, at) {
      const citations = fieldsOf(candidate['citationMetadata']);
      const given = [
        ...listOf(fieldsOf(candidate['groundingMetadata'])['groundingChunks']).map(groundingSourceOf),
        ...listOf(citations['citations'] ?? citations['citationSources']).map(pageOf),
      ];
      for (const source of given) {
        if (source === undefined) continue;
        // A page is one source however often it is cited; of a document every passage is one.
        const key = source.sourceType === 'url' ? String(source.url) : jsonText(source);
        if (told.has(key)) continue;
        told.add(key);
        writer.source(at, source);
      }
    },
    reset() {
      told = new Set();
    },
  };
}

/** A chunk of grounding: a page of the web or of maps, a picture, or a passage of a document of one's own. */
function groundingSourceOf(given: unknown): SourceFields | undefined {
  const chunk = fieldsOf(given);
  if (isObject(chunk['retrievedContext'])) return passageOf(chunk['retrievedContext']);
  return pageOf(chunk['web'] ?? chunk['maps'] ?? chunk['image']);
}

function pageOf(given: unknown): SourceFields | undefined {
  const { uri, sourceUri, title, ...more } = fieldsOf(given);
  const url = uri ?? sourceUri;
  if (typeof url !== 'string' || url === '') return undefined;
  return { sourceType: 'url', url, title, metadata: moreOf(more) };
}

function passageOf(context: Readonly<Record<string, unknown>>): SourceFields | undefined {
  const { uri, title, ...more } = context;
  if (typeof uri === 'string' && /^https?:/i.test(uri)) return pageOf(context);
  const name = uri ?? context['fileSearchStore'];
  if (typeof name !== 'string' && title === undefined) return undefined;
  return {
    sourceType: 'document',
    sourceId: name,
    title,
    filename: typeof uri === 'string' ? uri.slice(uri.lastIndexOf('/') + 1) : undefined,
    metadata: moreOf(more),
  };
}

function moreOf(entries: Readonly<Record<string, unknown>>) {
  return metadataOf(undefined, { provider: 'google', entries });
}
