import { fieldsOf } from './fields-of.js';
import type { ToolOutput } from './openai-responses-tools.js';

type Fields = Readonly<Record<string, unknown>>;

/** What an item says that is itself the result of a call (`*_output`), in the shape that the AI SDK gives it. */
export function toolOutputOfItem(item: Fields): ToolOutput {
  const isError = item['status'] === 'failed';
  switch (item['type']) {
    case 'shell_call_output':
      return { result: shellOutput(item['output'], item['max_output_length']), isError };
    case 'program_output':
      return { result: { result: item['result'], status: item['status'] }, isError };
    case 'tool_search_output':
      return { result: { tools: item['tools'] }, isError };
    default:
      return { result: item['output'] ?? item['result'] ?? null, isError };
  }
}

const names: ReadonlyMap<unknown, string> = new Map([
  ['program_output', 'programmatic_tool_calling'],
  ['tool_search_output', 'tool_search'],
  ['shell_call_output', 'shell'],
  ['local_shell_call_output', 'local_shell'],
  ['apply_patch_call_output', 'apply_patch'],
  ['computer_call_output', 'computer'],
]);

/** The tool whose result an item is, where its type says so. */
export function toolNameOfOutput(item: Fields): string | undefined {
  return names.get(item['type']);
}

/** True for results of tools that ran at the provider, whoever may read others from a list of items. */
export function isOutputOfProvider(item: Fields): boolean {
  if (item['type'] === 'tool_search_output') return item['execution'] !== 'client';
  return item['type'] === 'shell_call_output' || item['type'] === 'program_output';
}

/** What commands of a shell printed. The parts of it that are still missing are left out. */
export function shellOutput(given: unknown, maxOutputLength?: unknown): unknown {
  const output = Array.isArray(given) ? given.map(commandOutput) : given;
  return typeof maxOutputLength === 'number' ? { maxOutputLength, output } : { output };
}

function commandOutput(given: unknown): unknown {
  const { stdout, stderr, outcome } = fieldsOf(given);
  const { type, exit_code: exitCode } = fieldsOf(outcome);
  const shownOutcome = type === 'exit' ? { type, exitCode } : outcome;
  return { stdout, stderr, ...(outcome === undefined ? {} : { outcome: shownOutcome }) };
}
