import { formatStamp, type JsonValue } from '@stepfold/events';
import type { Elided, Message, Part } from '@stepfold/fold';
import { callsById, partMicros, spanMicros, stepMicros, type CallsById } from './durations.js';
import { formatDuration } from './format-duration.js';
import { cutText, wrapText } from './plain-text.js';

const WIDTH = 80;
const TEXT_INDENT = '    ';
const TEXT_LINES_MAX = 12;

/** The messages of one chat for a person: steps in order, parts with their durations, 80 columns wide. */
export function renderChat(chatId: string, messages: readonly Message[]): string {
  if (messages.length === 0) return `chat ${chatId}: nothing is stored\n`;
  const calls = callsById(messages);
  const steps = messages.length === 1 ? '1 message' : `${messages.length} messages`;
  return [
    cutText(`chat ${chatId} · ${steps} · times are UTC`, WIDTH),
    ...messages.flatMap((message) => ['', ...stepLines(message, calls)]),
    '',
  ].join('\n');
}

function stepLines(message: Message, calls: CallsById): readonly string[] {
  return [
    ...headLines(message),
    ...message.parts.flatMap((part) => partLines(part, calls)),
    ...footLines(message),
  ];
}

function headLines(message: Message): readonly string[] {
  const micros = stepMicros(message);
  const firstOutput = spanMicros(message.started_at, message.first_output_at);
  return [
    joined([
      `${shownStamp(message.started_at)}  ${message.role}`,
      message.status === 'complete' ? undefined : message.status,
      micros === undefined || micros === 0 ? undefined : formatDuration(micros),
    ]),
    line(
      joined([
        `step ${message.step_id}`,
        message.attempt > 0 ? `attempt ${message.attempt}` : undefined,
        message.model,
        firstOutput === undefined ? undefined : `first output after ${formatDuration(firstOutput)}`,
      ]),
    ),
  ];
}

function partLines(part: Part, calls: CallsById): readonly string[] {
  const micros = partMicros(part, calls);
  const duration = micros === undefined ? undefined : formatDuration(micros);
  switch (part.type) {
    case 'text':
    case 'reasoning': {
      const note = part.end_reason === undefined ? undefined : `cut off: ${part.end_reason}`;
      const isRedacted = part.type === 'reasoning' && part.redacted === true;
      return [
        line(joined([part.type, duration, note, isRedacted ? 'redacted' : undefined])),
        ...body(part.text, part.text_elided),
      ];
    }
    case 'tool-call': {
      const input = part.args === undefined ? part.args_text : part.args;
      const writing = spanMicros(part.input_started_at, part.created_at);
      const head = joined([
        `call ${part.tool_name ?? '(no name yet)'}`,
        writing === undefined ? undefined : `written in ${formatDuration(writing)}`,
        part.partial === true ? 'never made' : undefined,
        part.invalid === true ? 'invalid' : undefined,
        part.approval === undefined ? undefined : `approval ${part.approval.state}`,
        part.tool_call_id,
      ]);
      return [line(head), ...value(input, part.args_elided ?? part.args_text_elided)];
    }
    case 'tool-result': {
      const head = joined([
        `result of ${part.tool_name ?? calls.get(part.tool_call_id)?.tool_name ?? 'a tool'}`,
        duration,
        part.synthetic === true ? 'cut off' : part.is_error === true ? 'failed' : undefined,
        part.preliminary === true ? 'preliminary' : undefined,
        part.tool_call_id,
      ]);
      return [line(head), ...value(part.result, part.result_elided)];
    }
    case 'tool-approval':
      return [line(joined([`approval ${part.state}`, part.reason, part.tool_call_id]))];
    case 'source':
      return [line(joined(['source', part.title ?? part.filename, part.url]))];
    case 'file':
      return [line(joined(['file', part.media_type, part.name, part.url ?? part.file_id]))];
    case 'data':
      return [line(joined([`data ${part.name}`, part.data_id])), ...value(part.data, part.data_elided)];
    default:
      // A type of a later version of the fold.
      return [line((part as Part).type)];
  }
}

function footLines(message: Message): readonly string[] {
  const { interrupt, usage, errors = [] } = message;
  return [
    ...errors.map((error) => line(joined([`error: ${error.message}`, error.code]))),
    ...(interrupt === undefined
      ? []
      : [line(joined([`interrupted by ${interrupt.reason}`, interrupt.message]))]),
    ...(message.pending_tool_call_ids === undefined
      ? []
      : [line(`waits for the results of ${message.pending_tool_call_ids.join(', ')}`)]),
    ...(usage === undefined
      ? []
      : [
          line(
            joined([
              `tokens: ${usage.input_tokens ?? '?'} in, ${usage.output_tokens ?? '?'} out`,
              usage.reasoning_tokens === undefined ? undefined : `${usage.reasoning_tokens} of reasoning`,
              message.finish_reason,
            ]),
          ),
        ]),
  ];
}

/** `2026-04-10 12:00:00.123`, in UTC. */
function shownStamp(micros: number): string {
  return formatStamp(micros).replace('T', ' ').slice(0, 23);
}

function joined(items: readonly (string | undefined)[]): string {
  return items.filter((item) => item !== undefined && item !== '').join(' · ');
}

function line(text: string): string {
  return `  ${cutText(text, WIDTH - 2)}`;
}

function body(text: string, elided: Elided | undefined): readonly string[] {
  if (elided !== undefined) return [elidedLine(elided)];
  if (text.trim() === '') return [];
  return wrapText(text, WIDTH - TEXT_INDENT.length, TEXT_LINES_MAX).map((row) => `${TEXT_INDENT}${row}`);
}

function value(json: JsonValue | undefined, elided: Elided | undefined): readonly string[] {
  if (elided !== undefined) return [elidedLine(elided)];
  if (json === undefined) return [];
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return [`${TEXT_INDENT}${cutText(text, WIDTH - TEXT_INDENT.length)}`];
}

function elidedLine(elided: Elided): string {
  return `${TEXT_INDENT}(${elided.bytes} bytes, left out of the message because of their size)`;
}
