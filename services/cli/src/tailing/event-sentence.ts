import type { Event, EventOf, JsonValue } from '@stepfold/events';
import { spanMicros } from '../render/durations.js';
import { formatDuration } from '../render/format-duration.js';
import type { Look } from '../render/screen.js';
import { blockKey, type StepView } from './step-view.js';

/** What one event means to a person, and how it looks. Written by models and users in part: to be cut and cleaned. */
export interface EventSentence {
  readonly look: Look;
  readonly words: string;
}

/**
 * What an accepted event says, in the light of what is known of its step; undefined for what is shown in
 * another way (streamed text) or not worth a line.
 */
export function eventSentence(event: Event, view: StepView): EventSentence | undefined {
  if (event.enc !== undefined) return say('faint', `${event.type} (encrypted)`);
  switch (event.type) {
    case 'step-start': {
      const attempt = event.attempt ?? 0;
      const begins = attempt === 0 ? 'step begins' : `step begins again, attempt ${attempt}`;
      return say('heading', begins, event.provider, event.model);
    }
    case 'text-start':
      return say('text', 'text begins');
    case 'reasoning-start':
      return say('reasoning', 'reasoning begins', event.redacted === true ? 'redacted' : undefined);
    case 'text-end':
      return say('text', 'text ends', lastedSince(view.blocks.get(blockKey(event))?.startedAt, event.at));
    case 'reasoning-end':
      return say(
        'reasoning',
        'reasoning ends',
        lastedSince(view.blocks.get(blockKey(event))?.startedAt, event.at),
      );
    case 'tool-input-start':
      return say('tool', `call ${event.tool_name ?? '(no name yet)'} is written`);
    case 'tool-call': {
      const invalid = event.invalid === true ? 'invalid' : undefined;
      return say('tool', `call ${event.tool_name}`, invalid, valueText(event.args ?? event.args_text));
    }
    case 'tool-execution-start':
      return say('tool', `${nameOf(event.tool_call_id, view)} runs`);
    case 'tool-approval': {
      const by = event.automatic === true ? 'automatic' : undefined;
      return say(
        'warning',
        `approval of ${nameOf(event.tool_call_id, view)} ${event.state}`,
        by,
        event.reason,
      );
    }
    case 'tool-result':
      return resultSentence(event, view);
    case 'source':
      return say('text', 'source', event.title ?? event.filename, event.url);
    case 'file':
      return say('text', 'file', event.media_type, event.name, event.url ?? event.file_id);
    case 'data':
      return say('faint', `data ${event.name}`, event.data_id, valueText(event.data));
    case 'finish': {
      const { usage } = event;
      const tokens =
        usage === undefined
          ? undefined
          : `${usage.input_tokens ?? '?'} tokens in, ${usage.output_tokens ?? '?'} out`;
      return say('faint', 'the model is done', event.finish_reason, tokens);
    }
    case 'error': {
      const { message, code } = event;
      const retryable = event.retryable === true ? 'can be tried again' : undefined;
      if (!event.fatal) return say('failure', `error: ${message}`, code, retryable);
      return say(
        'failure',
        `step failed: ${message}`,
        code,
        retryable,
        lastedSince(view.startedAt, event.at),
      );
    }
    case 'interrupt': {
      const lasted = lastedSince(view.startedAt, event.at);
      return say('warning', `step interrupted: ${event.reason}`, event.message, lasted);
    }
    case 'step-end':
      return say('good', 'step complete', lastedSince(view.startedAt, event.at));
    case 'message':
      return say('heading', `${event.role} message`, partsText(event));
    default:
      return undefined;
  }
}

function resultSentence(event: EventOf<'tool-result'>, view: StepView): EventSentence {
  const call = view.calls.get(event.tool_call_id);
  const isError = event.is_error === true;
  return say(
    isError ? 'failure' : 'tool',
    `result of ${event.tool_name ?? nameOf(event.tool_call_id, view)}`,
    lastedSince(event.execution_started_at ?? call?.startedAt, event.at),
    isError ? 'failed' : undefined,
    event.preliminary === true ? 'preliminary' : undefined,
    valueText(event.result),
  );
}

function say(look: Look, ...words: readonly (string | undefined)[]): EventSentence {
  return { look, words: words.filter((each) => each !== undefined && each !== '').join(' · ') };
}

function nameOf(toolCallId: string, view: StepView): string {
  return view.calls.get(toolCallId)?.name ?? toolCallId;
}

function lastedSince(from: number | undefined, to: number): string | undefined {
  const micros = spanMicros(from, to);
  return micros === undefined ? undefined : formatDuration(micros);
}

function valueText(value: JsonValue | undefined): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
}

function partsText({ parts }: EventOf<'message'>): string | undefined {
  const others = parts.filter(({ type }) => type !== 'text').map(({ type }) => type);
  return others.length === 0 ? undefined : others.join(', ');
}
