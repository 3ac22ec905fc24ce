type Fields = Readonly<Record<string, unknown>>;

/** An answer that came as a whole, as the parts of a stream in which everything came at once. */
export function* generatedParts(result: Fields): Generator<Fields> {
  const { content, warnings, response, finishReason, usage, providerMetadata } = result;
  yield { type: 'stream-start', warnings };
  if (typeof response === 'object' && response !== null) yield { ...response, type: 'response-metadata' };
  for (const [index, item] of (Array.isArray(content) ? (content as Fields[]) : []).entries()) {
    const { type, text, providerMetadata: own } = item;
    if (type !== 'text' && type !== 'reasoning') {
      yield item;
      continue;
    }
    const id = String(index);
    const metadata = own === undefined ? {} : { providerMetadata: own };
    yield { type: `${type}-start`, id, ...metadata };
    yield { type: `${type}-delta`, id, delta: text };
    yield { type: `${type}-end`, id, ...metadata };
  }
  yield { type: 'finish', finishReason, usage, providerMetadata };
}
