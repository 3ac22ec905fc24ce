import type { Event } from '@stepfold/events';
import type { OpenStep, Publication, Publisher } from '@stepfold/publisher';

/** Publishes the events of a workload as an application does: a method of a step's handle for each. */
export function createEventPublishing(publisher: Publisher): (event: Event) => Publication {
  const steps = new Map<string, OpenStep>();

  return function publish(event) {
    const { chat_id: chatId, step_id: stepId, at } = event;
    const key = `${chatId}:${stepId}`;
    if (event.type === 'message') {
      return publisher.message({ chatId, stepId, at, role: event.role, parts: event.parts });
    }
    if (event.type === 'step-start') {
      const { provider, model, step_index: stepIndex } = event;
      const opened = publisher.openStep({ chatId, stepId, at, provider, model, stepIndex });
      steps.set(key, opened);
      return opened.opened;
    }
    const step = steps.get(key)!;
    switch (event.type) {
      case 'reasoning-start':
        return step.reasoningStart(event.id, { at });
      case 'reasoning-delta':
        return step.reasoningDelta(event.id, event.text, { at });
      case 'reasoning-end':
        return step.reasoningEnd(event.id, { at });
      case 'text-start':
        return step.textStart(event.id, { at });
      case 'text-delta':
        return step.textDelta(event.id, event.text, { at });
      case 'text-end':
        return step.textEnd(event.id, { at });
      case 'tool-input-start':
        return step.toolInputStart(event.tool_call_id, { at, toolName: event.tool_name });
      case 'tool-input-delta':
        return step.toolInputDelta(event.tool_call_id, event.text, { at });
      case 'tool-input-end':
        return step.toolInputEnd(event.tool_call_id, { at });
      case 'tool-call':
        return step.toolCall({
          toolCallId: event.tool_call_id,
          toolName: event.tool_name,
          args: event.args,
          at,
        });
      case 'tool-execution-start':
        return step.toolExecutionStart(event.tool_call_id, { at });
      case 'tool-result':
        return step.toolResult({ toolCallId: event.tool_call_id, result: event.result, at });
      case 'finish': {
        const { input_tokens: inputTokens, output_tokens: outputTokens } = event.usage ?? {};
        return step.finish({ finishReason: event.finish_reason, usage: { inputTokens, outputTokens }, at });
      }
      case 'step-end':
        steps.delete(key);
        return step.end({ at });
      default:
        throw new Error(`the workload has no ${event.type}`);
    }
  };
}
