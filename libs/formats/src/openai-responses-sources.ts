import type { Metadata } from '@stepfold/events';
import { fieldsOf, isObject } from './fields-of.js';
import { metadataOf } from './metadata-of.js';
import type { SourceFields } from './step-fields.js';

/** Metadata under the name that the AI SDK has for this API. Entries that are null or undefined are left out. */
export function openaiMetadata(entries: Readonly<Record<string, unknown>>): Metadata | undefined {
  const present = Object.entries(entries).filter(([, value]) => value !== null && value !== undefined);
  return metadataOf(undefined, { provider: 'openai', entries: Object.fromEntries(present) });
}

/**
 * The source that an annotation of a text names: a page (`url_citation`), or a file (`file_citation`,
 * `container_file_citation`, `file_path`). Undefined if it names neither. Where in the text it stands, the
 * annotation itself says, which the text keeps.
 */
export function sourceOfAnnotation(given: unknown): SourceFields | undefined {
  if (!isObject(given)) return undefined;
  if (typeof given['url'] === 'string') {
    return { sourceType: 'url', url: given['url'], title: given['title'] };
  }
  const file = given['filename'] ?? given['file_id'];
  if (file === undefined || file === null) return undefined;
  return {
    sourceType: 'document',
    mediaType: given['type'] === 'file_path' ? 'application/octet-stream' : 'text/plain',
    title: file,
    filename: file,
    metadata: openaiMetadata({
      type: given['type'],
      fileId: given['file_id'],
      containerId: given['container_id'],
      index: given['index'],
    }),
  };
}

/** The pages that a web search looked at, if the request asked for them. */
export function sourcesOfWebSearch(item: Readonly<Record<string, unknown>>): SourceFields[] {
  const sources = fieldsOf(item['action'])['sources'];
  if (!Array.isArray(sources)) return [];
  return sources.flatMap((given): SourceFields[] => {
    const { url, title } = fieldsOf(given);
    return typeof url === 'string' ? [{ sourceType: 'url', url, title }] : [];
  });
}
