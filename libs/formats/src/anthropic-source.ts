import { anthropicMetadataOf } from './anthropic-metadata.js';
import { fieldsOf, isObject } from './fields-of.js';
import type { SourceFields } from './step-fields.js';

/**
 * A citation of the Messages API as a source: a page of the web or a search result (whose `source` the caller chose,
 * mostly a URL), else a document of the request, by its file id and title. The cited text, the place and what the
 * next request needs (`encryptedIndex`) are metadata.
 */
export function anthropicSourceOf(citation: unknown): SourceFields | undefined {
  if (!isObject(citation)) return undefined;
  const url = citation['url'] ?? citation['source'];
  if (typeof url === 'string') {
    return {
      sourceType: 'url',
      url,
      title: citation['title'],
      metadata: anthropicMetadataOf(citation, ['url', 'source', 'title']),
    };
  }
  return {
    sourceType: 'document',
    sourceId: citation['file_id'],
    title: citation['document_title'] ?? citation['title'],
    metadata: anthropicMetadataOf(citation, ['file_id', 'document_title', 'title']),
  };
}

/** The pages that a `web_search_tool_result` found. None if the search failed. */
export function anthropicSearchSourcesOf(content: unknown): readonly SourceFields[] {
  if (!Array.isArray(content)) return [];
  return content
    .map(fieldsOf)
    .filter((page) => typeof page['url'] === 'string')
    .map((page) => ({
      sourceType: 'url',
      url: page['url'],
      title: page['title'],
      // The encrypted page itself is kilobytes, and stands in the result of the call.
      metadata: anthropicMetadataOf(page, ['type', 'url', 'title', 'encrypted_content']),
    }));
}
