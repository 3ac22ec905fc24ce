import { fieldsOf, listOf } from './fields-of.js';
import { jsonText, textOf } from './json-of.js';
import { metadataOf } from './metadata-of.js';
import type { StepWriter } from './step-writer.js';

/**
 * The citations of one stream of chat completions. Services repeat them in every chunk; each is a source once a step.
 */
export interface OpenaiChatSources {
  /** `annotations` of a delta: places in the text that cite a page (or, as data, something else). */
  annotations(given: unknown, at: number): void;
  /** `citations` (URLs, in the order that the text numbers them by) and `search_results` of a chunk. */
  chunk(chunk: Readonly<Record<string, unknown>>, at: number): void;
  /** `reference_ids` of Mistral: ids of documents that the request had. */
  references(ids: unknown, at: number): void;
  /** A new step begins. */
  reset(): void;
}

export function createOpenaiChatSources(writer: StepWriter): OpenaiChatSources {
  let annotations = new Set<string>();
  let urls = new Set<string>();
  let references = new Set<string>();

  function page(given: Readonly<Record<string, unknown>>, at: number): void {
    const { url, title, ...more } = given;
    if (typeof url !== 'string' || url === '' || urls.has(url)) return;
    urls.add(url);
    const entries = { searchResult: Object.keys(more).length === 0 ? undefined : more };
    writer.source(at, {
      sourceType: 'url',
      url,
      title,
      metadata: metadataOf(undefined, { provider: 'openai', entries }),
    });
  }

  return {
    annotations(given, at) {
      for (const annotation of listOf(given)) {
        const text = jsonText(annotation);
        if (annotations.has(text)) continue;
        annotations.add(text);
        const fields = fieldsOf(annotation);
        const cited = { ...fields, ...fieldsOf(fields['url_citation']) };
        if (typeof cited['url'] !== 'string') {
          writer.data(at, { name: 'annotation', data: annotation });
          continue;
        }
        urls.add(cited['url']);
        writer.source(at, {
          sourceType: 'url',
          url: cited['url'],
          title: cited['title'],
          metadata: metadataOf(undefined, {
            provider: 'openai',
            entries: {
              startIndex: cited['start_index'] ?? undefined,
              endIndex: cited['end_index'] ?? undefined,
              content: cited['content'] ?? undefined,
            },
          }),
        });
      }
    },
    chunk(chunk, at) {
      const results = listOf(chunk['search_results']).map(fieldsOf);
      const byUrl = new Map(results.map((result) => [result['url'], result]));
      for (const citation of listOf(chunk['citations'])) {
        const url = typeof citation === 'string' ? citation : fieldsOf(citation)['url'];
        page(byUrl.get(url) ?? (typeof citation === 'string' ? { url } : fieldsOf(citation)), at);
      }
      for (const result of results) page(result, at);
    },
    references(ids, at) {
      for (const given of listOf(ids)) {
        const id = textOf(given);
        if (id === undefined || references.has(id)) continue;
        references.add(id);
        writer.source(at, { sourceType: 'document', sourceId: id });
      }
    },
    reset() {
      annotations = new Set();
      urls = new Set();
      references = new Set();
    },
  };
}
