import { withoutUnknownTimes, type Message, type Part, type ToolCallPart } from '@stepfold/fold';
import { chatTools, partMicros, stepMicros, toolStartedAt, type ChatTools } from './durations.js';
import { formatDuration } from './format-duration.js';
import { cutText } from './plain-text.js';
import type { Look, Screen } from './screen.js';
import { chatHead, joined, shownStamp, statusLook } from './step-head.js';
import { createTextTable, type Cell, type Column } from './text-table.js';
import { valueWords } from './value-words.js';

const columns: readonly Column[] = [
  { title: '#', align: 'right', columnsMax: 5 },
  { title: 'type', columnsMax: 9 },
  { title: 'what', columnsMax: 120, isFlexible: true },
  { title: 'at', align: 'right', columnsMax: 13 },
  { title: 'took', align: 'right', columnsMax: 12 },
  { title: 'note', columnsMax: 24 },
];

/**
 * A chat as a table: a line for each part, under the number that other commands take for it. `at` counts from
 * the beginning of the step.
 */
export function renderTable(chatId: string, stored: readonly Message[], screen: Screen): string {
  const messages = stored.map(withoutUnknownTimes);
  const tools = chatTools(messages);
  const steps = messages.map((message) => ({ message, rows: rowsOf(message, tools) }));
  const rows = steps.flatMap((step) => step.rows);
  const table = createTextTable(columns, rows, screen, '  ');
  return [
    chatHead(chatId, messages, screen),
    ...steps.flatMap((step) => [
      '',
      headLine(step.message, screen),
      ...(step.rows.length === 0 ? [] : [table.head, ...step.rows.map(table.line)]),
    ]),
    '',
  ].join('\n');
}

function headLine(message: Message, { width, paint }: Screen): string {
  const { step_id, attempt, role, status, started_at } = message;
  const micros = stepMicros(message);
  const line = joined([
    `step ${step_id}`,
    role,
    status === 'complete' ? undefined : status,
    attempt > 0 ? `attempt ${attempt} (a retry)` : undefined,
    micros === undefined || micros === 0 ? undefined : formatDuration(micros),
    shownStamp(started_at),
    message.model,
  ]);
  return paint(status === 'complete' ? 'heading' : statusLook(status), cutText(line, width));
}

function rowsOf(message: Message, tools: ChatTools): readonly (readonly Cell[])[] {
  const { parts, errors = [], interrupt, started_at } = message;
  return [
    ...parts.map((part, index) => {
      const { type, look, what, at, note } = descriptionOf(part, message, tools);
      const micros = partMicros(part, message, tools);
      return [
        { text: String(index) },
        { text: type, look },
        { text: what },
        { text: offsetOf(at, started_at) },
        { text: micros === undefined ? '' : formatDuration(micros) },
        note,
      ];
    }),
    ...errors.map(({ message: sentence, at, code }) =>
      troubleRow('error', 'failure', sentence, offsetOf(at, started_at), code),
    ),
    ...(interrupt === undefined
      ? []
      : [
          troubleRow(
            'interrupt',
            'warning',
            joined([interrupt.reason, interrupt.message]),
            offsetOf(interrupt.at, started_at),
          ),
        ]),
  ];
}

function troubleRow(type: string, look: Look, what: string, at: string, note = ''): readonly Cell[] {
  return [
    { text: '' },
    { text: type, look },
    { text: what, look },
    { text: at },
    { text: '' },
    { text: note },
  ];
}

/** A part in the words of the table. */
interface Description {
  readonly type: string;
  readonly look: Look;
  readonly what: string;
  /** When it began, as far as that is known. */
  readonly at: number | undefined;
  readonly note: Cell;
}

function descriptionOf(part: Part, step: Message, tools: ChatTools): Description {
  switch (part.type) {
    case 'text':
    case 'reasoning': {
      const cut = part.end_reason === undefined ? undefined : `cut off: ${part.end_reason}`;
      const open = step.status === 'open' && part.completed_at === undefined ? 'open' : undefined;
      const redacted = part.type === 'reasoning' && part.redacted === true ? 'redacted' : undefined;
      return {
        type: part.type,
        look: part.type,
        what: valueWords(part.text, part.text_elided),
        at: part.created_at,
        note: { text: joined([cut, redacted, open]), look: 'warning' },
      };
    }
    case 'tool-call':
      return {
        type: 'call',
        look: 'tool',
        what: `${part.tool_name ?? '(no name yet)'} ${valueWords(part.args ?? part.args_text, part.args_elided ?? part.args_text_elided)}`,
        at: part.input_started_at ?? part.created_at,
        note: { text: callNote(part, step, tools), look: 'warning' },
      };
    case 'tool-result': {
      const call = tools.callOf(part.tool_call_id, step);
      const isOfThisStep = call !== undefined && step.parts.includes(call);
      const note = joined([
        part.synthetic === true ? 'synthetic: cut off' : part.is_error === true ? 'failed' : undefined,
        part.preliminary === true ? 'preliminary' : undefined,
        isOfThisStep ? undefined : call === undefined ? 'call unknown' : 'called earlier',
      ]);
      return {
        type: 'result',
        look: 'tool',
        what: `${part.tool_name ?? call?.tool_name ?? 'a tool'} ${valueWords(part.result, part.result_elided)}`,
        at: partMicros(part, step, tools) === undefined ? part.created_at : toolStartedAt(part, call),
        note: { text: note, look: part.is_error === true && part.synthetic !== true ? 'failure' : 'warning' },
      };
    }
    case 'tool-approval':
      return {
        type: 'approval',
        look: 'tool',
        what: joined([part.tool_call_id, part.reason]),
        at: part.created_at,
        note: { text: part.state },
      };
    case 'source':
      return plainRow('source', joined([part.title ?? part.filename, part.url]), part.created_at);
    case 'file':
      return plainRow(
        'file',
        joined([part.media_type, part.name, part.url ?? part.file_id]),
        part.created_at,
      );
    case 'data':
      return plainRow('data', `${part.name} ${valueWords(part.data, part.data_elided)}`, part.created_at);
    default:
      // A type of a later version of the fold.
      return plainRow((part as Part).type, '', undefined);
  }
}

function plainRow(type: string, what: string, at: number | undefined): Description {
  return { type, look: 'faint', what, at, note: { text: '' } };
}

function callNote(call: ToolCallPart, step: Message, tools: ChatTools): string {
  const result = tools.resultOf(call.tool_call_id, step);
  const approval = tools.approvalOf(call);
  return joined([
    call.partial === true ? 'never made' : undefined,
    call.input_open === true ? 'being written' : undefined,
    call.invalid === true ? 'invalid' : undefined,
    approval === undefined ? undefined : `approval ${approval.state}`,
    call.partial === true || call.input_open === true || result !== undefined ? undefined : 'no result',
    result === undefined || step.parts.includes(result) ? undefined : 'result later',
  ]);
}

/** From the beginning of the step, where both are known; a clock that went backwards shows. */
function offsetOf(at: number | undefined, startedAt: number | undefined): string {
  if (at === undefined || startedAt === undefined) return '';
  return `${at < startedAt ? '-' : '+'}${formatDuration(Math.abs(at - startedAt))}`;
}
