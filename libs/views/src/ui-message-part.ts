import type { JsonValue, Metadata } from '@stepfold/events';
import type { DataPart, Elided, FilePart, ReasoningPart, SourcePart, TextPart } from '@stepfold/fold';

/**
 * A part of a `UIMessage`, as versions 5, 6 and 7 of the AI SDK have it in common. Which fields there are depends on
 * `type`: `text`, `reasoning`, `step-start`, `source-url`, `source-document`, `file`, `data-NAME`, `tool-NAME` and
 * `dynamic-tool`.
 */
export type UiPart = { readonly type: string } & Readonly<Record<string, JsonValue>>;

/** What the SDK calls the metadata that it has fields of its own for. */
const OWN_PROVIDER = 'ai-sdk';

/** `isOpen`: the step may go on, so that a block without an end is still written. */
export function uiBlock(part: TextPart | ReasoningPart, isOpen: boolean): UiPart {
  const state = isOpen && part.completed_at === undefined ? 'streaming' : 'done';
  const citations = part.type === 'text' ? ownEntry(part.metadata, 'citations') : undefined;
  return {
    type: part.type,
    ...(part.type === 'reasoning' ? present('id', part.id) : {}),
    text: part.text,
    ...present('citations', citations),
    state,
    ...present('providerMetadata', providerMetadata(part.metadata)),
  };
}

export function uiSource(part: SourcePart): UiPart {
  const id = part.source_id ?? part.url ?? part.filename ?? part.title ?? '';
  const metadata = present('providerMetadata', providerMetadata(part.metadata));
  if (part.source_type === 'url') {
    return {
      type: 'source-url',
      sourceId: id,
      url: part.url ?? '',
      ...present('title', part.title),
      ...metadata,
    };
  }
  return {
    type: 'source-document',
    sourceId: id,
    mediaType: part.media_type ?? 'application/octet-stream',
    title: part.title ?? part.filename ?? part.url ?? '',
    ...present('filename', part.filename),
    ...metadata,
  };
}

/**
 * A file is one that the next request can carry. One of the model's reasoning, and one that is only an id at its provider,
 * are none: versions 5 and 6 do not know the former, and nothing can fetch the latter. They are data parts.
 */
export function uiFile(part: FilePart): UiPart {
  const url =
    part.url ?? (part.data === undefined ? undefined : `data:${part.media_type};base64,${part.data}`);
  const metadata = present('providerMetadata', providerMetadata(part.metadata));
  if (url !== undefined && part.reasoning !== true && URL.canParse(url)) {
    return { type: 'file', mediaType: part.media_type, ...present('filename', part.name), url, ...metadata };
  }
  return {
    type: part.reasoning === true ? 'data-reasoning-file' : 'data-file',
    data: {
      mediaType: part.media_type,
      ...present('filename', part.name),
      ...present('url', url),
      ...present('fileId', part.file_id),
      ...present('elided', part.data_elided === undefined ? undefined : standIn(part.data_elided)),
      ...metadata,
    },
  };
}

export function uiData(part: DataPart): UiPart {
  return {
    type: `data-${part.name}`,
    ...present('id', part.data_id),
    data: valueOf(part.data, part.data_elided) ?? null,
  };
}

/** A value, or what events have in its place where it was too large. */
export function valueOf(value: JsonValue | undefined, elided: Elided | undefined): JsonValue | undefined {
  return value === undefined && elided !== undefined ? standIn(elided) : value;
}

function standIn({ bytes, sha256 }: Elided): JsonValue {
  return { $elided: { bytes, sha256 } };
}

/** What the provider said, without what the SDK has fields for. */
export function providerMetadata(metadata: Metadata | undefined): Metadata | undefined {
  const entries = Object.entries(metadata ?? {}).filter(([provider]) => provider !== OWN_PROVIDER);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** What a stream of the AI SDK said in one of its own fields. */
export function ownEntry(metadata: Metadata | undefined, name: string): JsonValue | undefined {
  const own = metadata?.[OWN_PROVIDER];
  return own !== undefined && Object.hasOwn(own, name) ? own[name] : undefined;
}

export function present<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: Value };
}
