import type { Metadata } from '@stepfold/events';
import { fieldsOf } from './fields-of.js';
import { metadataOf } from './metadata-of.js';
import type { BlockKind, CallFields, SourceFields } from './step-fields.js';

/** What the parts of the AI SDK's `fullStream` and those of its language models have in common. */

type Part = Readonly<Record<string, unknown>>;

/** Whether a `text-…` or `reasoning-…` part is about text or reasoning. */
export function aiSdkBlockKindOf(part: Part): BlockKind {
  return (part['type'] as string).startsWith('text') ? 'text' : 'reasoning';
}

/** Anthropic and Bedrock hide reasoning; its encrypted form is all that the SDK hands on. */
export function aiSdkRedactionOf(part: Part): { isRedacted?: true } {
  const isRedacted = Object.values(fieldsOf(part['providerMetadata'])).some(
    (entries) => fieldsOf(entries)['redactedData'] !== undefined,
  );
  return isRedacted ? { isRedacted } : {};
}

/** The fields of a `tool-input-start` or `tool-call`, but for the input. */
export function aiSdkCallFieldsOf(part: Part): CallFields {
  return {
    toolCallId: part['toolCallId'],
    toolName: part['toolName'],
    isProviderExecuted: part['providerExecuted'],
    isDynamic: part['dynamic'],
    title: part['title'],
    parentToolCallId: parentToolCallIdOf(part),
    metadata: aiSdkMetadataOf(part, {
      toolMetadata: part['toolMetadata'],
      inputEncoding: part['inputEncoding'],
    }),
  };
}

/** The call from whose code this one was made, as the provider's `caller` says. */
function parentToolCallIdOf(part: Part): unknown {
  for (const entries of Object.values(fieldsOf(part['providerMetadata']))) {
    const caller = fieldsOf(fieldsOf(entries)['caller']);
    const id = caller['toolId'] ?? caller['tool_id'] ?? caller['callerId'] ?? caller['caller_id'];
    if (id !== undefined && id !== null) return id;
  }
  return undefined;
}

export function aiSdkSourceOf(part: Part): SourceFields {
  const isNamed = part['sourceType'] === 'url' || part['sourceType'] === 'document';
  return {
    sourceType: isNamed
      ? (part['sourceType'] as 'url' | 'document')
      : part['url'] === undefined
        ? 'document'
        : 'url',
    sourceId: part['id'],
    url: part['url'],
    title: part['title'],
    mediaType: part['mediaType'],
    filename: part['filename'],
    metadata: metadataOf(part['providerMetadata']),
  };
}

/** The warnings of a part that begins a model call. No warnings are nothing to keep. */
export function aiSdkWarningsOf(part: Part): unknown {
  return Array.isArray(part['warnings']) && part['warnings'].length > 0 ? part['warnings'] : undefined;
}

/** Provider metadata, with what an event has no field for under `ai-sdk`. */
export function aiSdkMetadataOf(
  part: Part,
  entries: Readonly<Record<string, unknown>> = {},
): Metadata | undefined {
  return metadataOf(part['providerMetadata'], { provider: 'ai-sdk', entries });
}
