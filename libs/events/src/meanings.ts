import { JSON_DEPTH_MAX } from './limits.js';

/**
 * What types and fields of events mean, in a sentence each: for the published JSON Schema and docs/events.md.
 * They check nothing. The schema of a type that has a field without a sentence cannot be made.
 */

export const typeMeanings = {
  'step-start': 'The model call begins: opens the step.',
  'text-start': 'A text block begins.',
  'text-delta': 'More of a text block. It may be empty, and then still carries `metadata`.',
  'text-end': 'A text block is over.',
  'reasoning-start': 'A reasoning block begins.',
  'reasoning-delta': 'More of a reasoning block.',
  'reasoning-end': 'A reasoning block is over.',
  'tool-input-start': 'The model begins to write a tool call.',
  'tool-input-delta': 'More of the raw text of the arguments.',
  'tool-input-end': 'The arguments are written.',
  'tool-call': 'The whole call. It needs no input events before it.',
  'tool-execution-start': 'The tool really starts, after queueing and approval.',
  'tool-approval': 'A person or a policy is asked about a call, or answers.',
  'tool-result': 'What the tool gave. `at` is the moment that it returned, not that of publishing.',
  source: 'A citation.',
  file: 'A file that the model made.',
  data: 'Anything else worth keeping. The same `name` and `data_id` again replaces the data.',
  heartbeat: 'The step is alive; nothing else.',
  finish: 'The model stream is over. Not the end of the step: its tools may still run.',
  'step-end': 'Ends the step: `complete`.',
  interrupt: 'Ends the step: `interrupted`.',
  error: 'Something went wrong. A fatal one ends the step: `failed`; any other is noted.',
  message: 'A whole message in one event: opens and completes its step.',
} as const;

const json = `any JSON value of at most ${JSON_DEPTH_MAX} levels, with no number beyond a double`;

/** By the name of the field, or of the type and the field where one name means two things. */
const fieldMeanings: Readonly<Record<string, string>> = {
  v: 'version of the schema; one that the reader does not know is a dead letter',
  chat_id: 'the chat, and the key of the record: all events of a chat share a partition',
  step_id: 'the step, unique within its chat',
  attempt: '0 if absent; a retry of the step starts again with a higher one',
  producer: 'one incarnation of a publisher; with `seq` or not at all',
  seq: 'counts 0, 1, 2… for each chat, step, attempt and producer',
  at: 'when the thing happened, on the clock of the publisher; nothing replaces it',
  enc: 'the own fields of the type, encrypted, but for those that decide acceptance or order',
  type: 'what happened',
  metadata: 'what the provider wants back: an object for each provider, merged key by key',
  id: 'the block, as the provider names it',
  text: 'the text, to be joined as it is',
  until: 'of a merged delta: `at` of the last one',
  merged: 'of a merged delta: how many it was',
  redacted: 'the provider hides what was thought',
  tool_call_id: 'the call, as the provider names it',
  tool_name: 'the tool',
  provider_executed: 'the provider runs the tool itself',
  dynamic: 'the tool was not known when the program was written',
  title: 'a title for people',
  parent_tool_call_id: 'the call within which this one was made',
  role: 'who speaks',
  'step-start.role': 'who speaks; `assistant` if absent',
  provider: 'who runs the model',
  model: 'the model',
  'finish.model': 'the model that really answered',
  step_index: 'the number of the step in its run',
  run_id: 'the run that the step belongs to',
  args: `the arguments: ${json}`,
  args_text: 'the arguments, where they are no JSON',
  invalid: 'the arguments do not fit the tool',
  'tool-call.error': 'why the call is invalid',
  approval_id: 'the question, so that the answer can be matched',
  state: 'asked, or what was answered',
  automatic: 'a policy answered, nobody was asked',
  'tool-approval.reason': 'why it was answered so',
  result: `what the tool gave: ${json}`,
  is_error: 'the result is an error',
  is_media: 'the result is an image, a sound or the like',
  preliminary: 'not the last word of the tool',
  execution_started_at: 'when the tool started, where the call is in an earlier step',
  source_type: 'what is cited',
  source_id: 'the source, as the provider names it',
  url: 'where it is',
  media_type: 'IANA media type',
  filename: 'name of the file',
  file_id: 'the file, where a service keeps it',
  'file.data': 'the file itself, base64',
  'file.name': 'name of the file',
  'file.reasoning': 'made while thinking, not for the answer',
  'data.name': 'what kind of data it is',
  data_id: 'what is replaced when it comes again; without it, always a new part',
  'data.data': `the data: ${json}`,
  transient: 'for who follows live; not stored',
  finish_reason: 'why the model stopped; absent only where the source never says',
  raw_finish_reason: 'the same in the words of the provider',
  usage: 'tokens: input counts include cached ones, output counts include reasoning',
  response_id: 'the response, as the provider names it',
  'interrupt.reason': 'why; one by the user counts for whatever attempt is the present one',
  'interrupt.message': 'why, in words',
  detected_at: 'when it was noticed, where that was later',
  if_events: 'counts only if the step has exactly so many events',
  'error.message': 'what went wrong',
  'error.code': 'a code for programs',
  retryable: 'trying again may help',
  fatal: 'whether the step ends with it',
  parts: 'the parts of the message',
};

/** @throws Error for a field without a sentence, as soon as the schemas are made */
export function fieldMeaning(type: string, field: string): string {
  const meaning = fieldMeanings[`${type}.${field}`] ?? fieldMeanings[field];
  if (meaning === undefined) throw new Error(`${type}.${field} has no sentence in meanings.ts`);
  return meaning;
}
