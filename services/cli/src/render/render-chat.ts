import type { JsonValue } from '@stepfold/events';
import { withoutUnknownTimes, type Elided, type Message, type Part } from '@stepfold/fold';
import { chatTools, partMicros, spanMicros, type ChatTools } from './durations.js';
import { formatDuration } from './format-duration.js';
import { cutText, wrapText } from './plain-text.js';
import type { Look, Screen } from './screen.js';
import { chatHead, joined, stepHead } from './step-head.js';

const INDENT = '  ';
const TEXT_INDENT = '    ';
const TEXT_LINES_MAX = 12;

/** The messages of one chat for a person: steps in order, parts with their durations and what they say. */
export function renderChat(chatId: string, stored: readonly Message[], screen: Screen): string {
  const messages = stored.map(withoutUnknownTimes);
  const tools = chatTools(messages);
  return [
    chatHead(chatId, messages, screen),
    ...messages.flatMap((message) => ['', ...stepLines(message, tools, screen)]),
    '',
  ].join('\n');
}

function stepLines(message: Message, tools: ChatTools, screen: Screen): readonly string[] {
  return [
    ...stepHead(message, screen),
    ...message.parts.flatMap((part) => partLines(part, message, tools, screen)),
    ...footLines(message, screen),
  ];
}

function partLines(part: Part, step: Message, tools: ChatTools, screen: Screen): readonly string[] {
  const line = (look: Look, text: string): string => lineOf(look, text, screen);
  const { width } = screen;
  const micros = partMicros(part, step, tools);
  const duration = micros === undefined ? undefined : formatDuration(micros);
  switch (part.type) {
    case 'text':
    case 'reasoning': {
      const note = part.end_reason === undefined ? undefined : `cut off: ${part.end_reason}`;
      const isRedacted = part.type === 'reasoning' && part.redacted === true;
      return [
        line(part.type, joined([part.type, duration, note, isRedacted ? 'redacted' : undefined])),
        ...body(part.text, part.text_elided, width),
      ];
    }
    case 'tool-call': {
      const input = part.args === undefined ? part.args_text : part.args;
      const approval = tools.approvalOf(part);
      const writing = spanMicros(part.input_started_at, part.created_at);
      const head = joined([
        `call ${part.tool_name ?? '(no name yet)'}`,
        writing === undefined ? undefined : `written in ${formatDuration(writing)}`,
        part.partial === true ? 'never made' : undefined,
        part.invalid === true ? 'invalid' : undefined,
        approval === undefined ? undefined : `approval ${approval.state}`,
        part.tool_call_id,
      ]);
      return [line('tool', head), ...value(input, part.args_elided ?? part.args_text_elided, width)];
    }
    case 'tool-result': {
      const head = joined([
        `result of ${part.tool_name ?? tools.callOf(part.tool_call_id, step)?.tool_name ?? 'a tool'}`,
        duration,
        part.synthetic === true ? 'cut off' : part.is_error === true ? 'failed' : undefined,
        part.preliminary === true ? 'preliminary' : undefined,
        part.tool_call_id,
      ]);
      const look = part.synthetic === true ? 'warning' : part.is_error === true ? 'failure' : 'tool';
      return [line(look, head), ...value(part.result, part.result_elided, width)];
    }
    case 'tool-approval':
      return [line('tool', joined([`approval ${part.state}`, part.reason, part.tool_call_id]))];
    case 'source':
      return [line('faint', joined(['source', part.title ?? part.filename, part.url]))];
    case 'file':
      return [line('faint', joined(['file', part.media_type, part.name, part.url ?? part.file_id]))];
    case 'data':
      return [
        line('faint', joined([`data ${part.name}`, part.data_id])),
        ...value(part.data, part.data_elided, width),
      ];
    default:
      // A type of a later version of the fold.
      return [line('faint', (part as Part).type)];
  }
}

function footLines(message: Message, screen: Screen): readonly string[] {
  const line = (look: Look, text: string): string => lineOf(look, text, screen);
  const { interrupt, usage, errors = [] } = message;
  return [
    ...errors.map((error) => line('failure', joined([`error: ${error.message}`, error.code]))),
    ...(interrupt === undefined
      ? []
      : [line('warning', joined([`interrupted by ${interrupt.reason}`, interrupt.message]))]),
    ...(message.pending_tool_call_ids === undefined
      ? []
      : [line('warning', `waits for the results of ${message.pending_tool_call_ids.join(', ')}`)]),
    ...(usage === undefined
      ? []
      : [
          line(
            'faint',
            joined([
              `tokens: ${usage.input_tokens ?? '?'} in, ${usage.output_tokens ?? '?'} out`,
              usage.reasoning_tokens === undefined ? undefined : `${usage.reasoning_tokens} of reasoning`,
              message.finish_reason,
            ]),
          ),
        ]),
  ];
}

function lineOf(look: Look, text: string, { width, paint }: Screen): string {
  return `${INDENT}${paint(look, cutText(text, width - INDENT.length))}`;
}

function body(text: string, elided: Elided | undefined, width: number): readonly string[] {
  if (elided !== undefined) return [elidedLine(elided, width)];
  if (text.trim() === '') return [];
  return wrapText(text, width - TEXT_INDENT.length, TEXT_LINES_MAX).map((row) => `${TEXT_INDENT}${row}`);
}

function value(json: JsonValue | undefined, elided: Elided | undefined, width: number): readonly string[] {
  if (elided !== undefined) return [elidedLine(elided, width)];
  if (json === undefined) return [];
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return [`${TEXT_INDENT}${cutText(text, width - TEXT_INDENT.length)}`];
}

function elidedLine({ bytes }: Elided, width: number): string {
  const sentence = `(${bytes} bytes, left out of the message because of their size)`;
  return `${TEXT_INDENT}${cutText(sentence, width - TEXT_INDENT.length)}`;
}
