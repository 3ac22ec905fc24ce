import type { JsonValue } from '@stepfold/events';
import { answerText, argumentsObject, type CallAnswer } from './call-answer.js';
import type { Call } from './chat-turns.js';
import { isObject, metadataText } from './metadata-entry.js';
import type { ResponsesClientCall, ResponsesClientOutput } from './responses-items.js';

/** The AI SDK names Azure's metadata after Azure. */
export const responsesProviders = ['openai', 'azure'] as const;

/**
 * Calls of tools that the API knows and the client runs: a shell, and patches. They have items of their own, and so have
 * their outputs; their item ids tell them from functions of the same name. Undefined for any other call.
 */
export function clientToolItem(call: Call, callId: string): ResponsesClientCall | undefined {
  const itemId = metadataText(call.part, responsesProviders, 'itemId') ?? '';
  const { action, operation } = argumentsObject(call.part);
  if (itemId.startsWith('sh_') && isObject(action)) {
    const { commands } = action;
    if (!Array.isArray(commands) || !commands.every((command) => typeof command === 'string'))
      return undefined;
    const [timeout, length] = [action['timeoutMs'], action['maxOutputLength']];
    return {
      type: 'shell_call',
      call_id: callId,
      action: {
        commands: [...commands] as string[],
        ...(typeof timeout === 'number' ? { timeout_ms: timeout } : {}),
        ...(typeof length === 'number' ? { max_output_length: length } : {}),
      },
      status: 'completed',
    };
  }
  if (!itemId.startsWith('apc_') || !isObject(operation)) return undefined;
  const { type, path, diff } = operation;
  if (typeof path !== 'string') return undefined;
  const common = { type: 'apply_patch_call', call_id: callId, status: 'completed' } as const;
  if (type === 'delete_file') return { ...common, operation: { type, path } };
  if ((type !== 'create_file' && type !== 'update_file') || typeof diff !== 'string') return undefined;
  return { ...common, operation: { type, path, diff } };
}

/** The output of such a call, from the result that the AI SDK gives it, or from any other. */
export function clientToolOutput(asked: ResponsesClientCall, answer: CallAnswer): ResponsesClientOutput {
  const { value, isError } = answer;
  const { call_id } = asked;
  if (asked.type === 'shell_call') {
    const given = isObject(value) ? value['output'] : undefined;
    const outputs = Array.isArray(given) ? (given as readonly JsonValue[]).flatMap(shellOutput) : [];
    if (outputs.length > 0) return { type: 'shell_call_output', call_id, output: outputs };
    const text = answerText(answer);
    return {
      type: 'shell_call_output',
      call_id,
      output: [
        {
          stdout: isError ? '' : text,
          stderr: isError ? text : '',
          outcome: { type: 'exit', exit_code: isError ? 1 : 0 },
        },
      ],
    };
  }
  const output =
    isObject(value) && typeof value['output'] === 'string' ? value['output'] : answerText(answer);
  const hasFailed = isError || (isObject(value) && value['status'] === 'failed');
  return { type: 'apply_patch_call_output', call_id, status: hasFailed ? 'failed' : 'completed', output };
}

type ShellOutput = Extract<ResponsesClientOutput, { type: 'shell_call_output' }>['output'][number];

function shellOutput(given: JsonValue): readonly ShellOutput[] {
  if (!isObject(given) || !isObject(given['outcome'])) return [];
  const { stdout, stderr, outcome } = given;
  const code = outcome['exitCode'] ?? outcome['exit_code'];
  return [
    {
      stdout: typeof stdout === 'string' ? stdout : '',
      stderr: typeof stderr === 'string' ? stderr : '',
      outcome:
        outcome['type'] === 'timeout'
          ? { type: 'timeout' }
          : { type: 'exit', exit_code: typeof code === 'number' ? code : 1 },
    },
  ];
}
