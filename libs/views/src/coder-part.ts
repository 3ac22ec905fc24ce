import { formatStamp, type JsonValue } from '@stepfold/events';
import type {
  DataPart,
  Elided,
  FilePart,
  Part,
  ToolApprovalPart,
  ToolCallPart,
  ToolResultPart,
} from '@stepfold/fold';

/** Parts that Coder has a word for. */
export type ShownPart = Exclude<Part, DataPart | ToolApprovalPart>;

/**
 * A part as readers of Coder's `ChatMessagePart` know it: which fields there are depends on `type`. Stamps
 * are text of fixed width (`2026-04-10T12:00:00.000000Z`), and only calls, results and reasoning have them.
 */
export interface CoderPart {
  readonly type: 'text' | 'reasoning' | 'tool-call' | 'tool-result' | 'source' | 'file';
  readonly text?: string;
  readonly tool_call_id?: string;
  readonly tool_name?: string;
  readonly args?: JsonValue;
  readonly result?: JsonValue;
  readonly is_error?: true;
  readonly is_media?: true;
  readonly source_id?: string;
  readonly url?: string;
  readonly title?: string;
  readonly media_type?: string;
  readonly name?: string;
  readonly file_id?: string;
  readonly provider_executed?: true;
  readonly created_at?: string;
  readonly completed_at?: string;
}

/** `isByProvider`: of a result, whether the provider itself gave it. */
export function coderPart(part: ShownPart, isByProvider = false): CoderPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'reasoning':
      return {
        type: 'reasoning',
        text: part.text,
        ...stamp('created_at', part.created_at),
        ...stamp('completed_at', part.completed_at),
      };
    case 'tool-call':
      return callPart(part);
    case 'tool-result':
      return resultPart(part, isByProvider);
    case 'source':
      // Readers rely on the url of a source: a document that has none has an empty one.
      return {
        type: 'source',
        ...present('source_id', part.source_id),
        url: part.url ?? '',
        ...present('title', part.title),
      };
    case 'file':
      return filePart(part);
  }
}

function callPart(part: ToolCallPart): CoderPart {
  return {
    type: 'tool-call',
    tool_call_id: part.tool_call_id,
    ...present('tool_name', part.tool_name),
    ...present('args', shownArgs(part)),
    ...flag('provider_executed', part.provider_executed),
    ...stamp('created_at', part.created_at),
  };
}

/** Arguments that are no JSON are a JSON string, so what the model wrote is there; none at all are absent. */
function shownArgs(part: ToolCallPart): JsonValue | undefined {
  if (part.args !== undefined) return part.args;
  const elided = part.args_elided ?? part.args_text_elided;
  if (elided !== undefined) return standIn(elided);
  return part.args_text === '' ? undefined : part.args_text;
}

function resultPart(part: ToolResultPart, isByProvider: boolean): CoderPart {
  const { result, result_elided: elided } = part;
  return {
    type: 'tool-result',
    tool_call_id: part.tool_call_id,
    ...present('tool_name', part.tool_name),
    ...present('result', result === undefined && elided !== undefined ? standIn(elided) : result),
    ...flag('is_error', part.is_error),
    ...flag('is_media', part.is_media),
    ...flag('provider_executed', isByProvider ? true : undefined),
    ...stamp('created_at', part.created_at),
  };
}

/** Coder keeps files under an id. One that the message holds itself becomes a `data:` URL: none is lost. */
function filePart(part: FilePart): CoderPart {
  const url =
    part.url ?? (part.data === undefined ? undefined : `data:${part.media_type};base64,${part.data}`);
  return {
    type: 'file',
    ...present('url', url),
    media_type: part.media_type,
    ...present('name', part.name),
    ...present('file_id', part.file_id),
  };
}

/** What events have in the place of a value that was too large. */
function standIn({ bytes, sha256 }: Elided): JsonValue {
  return { $elided: { bytes, sha256 } };
}

function present<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: Value };
}

function flag<Name extends string>(name: Name, value: true | undefined): { readonly [N in Name]?: true } {
  return present(name, value === true ? value : undefined);
}

/** A stamp that is not known is absent, never zero. */
function stamp<Name extends string>(
  name: Name,
  micros: number | undefined,
): { readonly [N in Name]?: string } {
  return present(name, micros === undefined ? undefined : formatStamp(micros));
}
