import { argumentsOf } from './arguments-of.js';
import { fieldsOf } from './fields-of.js';
import { textOf } from './json-of.js';
import type { StepWriter } from './step-writer.js';

/** The tools that the service ran itself, as Groq tells it: `executed_tools` of a delta. */
export interface OpenaiChatExecutedTools {
  /** Each entry is told with its arguments, and again with its output. */
  add(given: unknown, at: number): void;
  /** A new step begins. */
  reset(): void;
}

export function createOpenaiChatExecutedTools(writer: StepWriter): OpenaiChatExecutedTools {
  let byIndex = new Map<unknown, { readonly id: string; isAnswered: boolean }>();
  /** By number within the run, because results are looked up across steps. */
  let count = 0;
  return {
    add(given, at) {
      for (const [position, entry] of (Array.isArray(given) ? given : []).entries()) {
        const { index = position, type, name, arguments: given, ...result } = fieldsOf(entry);
        let tool = byIndex.get(index);
        if (tool === undefined) {
          byIndex.set(index, (tool = { id: `executed#${count++}`, isAnswered: false }));
          writer.call(at, {
            toolCallId: tool.id,
            toolName: name ?? type,
            isProviderExecuted: true,
            ...argumentsOf(textOf(given) ?? ''),
          });
        }
        const hasResult = Object.values(result).some((value) => value !== null && value !== undefined);
        if (!hasResult || tool.isAnswered) continue;
        tool.isAnswered = true;
        writer.result(at, { toolCallId: tool.id, result, isProviderExecuted: true });
      }
    },
    reset() {
      byIndex = new Map();
    },
  };
}
