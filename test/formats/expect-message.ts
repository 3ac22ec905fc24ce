import { expect } from '@jest/globals';
import type { Message, Part } from '@stepfold/fold';
import { partsOfType } from '../support/convert-parts.js';
import type { ExpectedStep } from './expected-steps.js';

/** Holds a message against what its part of the stream plainly says. */
export function expectMessage(message: Message, step: ExpectedStep, index: number): void {
  expect(message).toMatchObject({
    chat_id: 'chat',
    step_id: `run.${index}`,
    run_id: 'run',
    step_index: index,
    started_at: step.startedAt,
    ended_at: step.endedAt,
  });
  const isCutOff = step.end !== 'finished';
  expect(message.parts.filter(({ type }) => type === 'text' || type === 'reasoning')).toMatchObject(
    step.blocks.map((block) => ({
      type: block.type,
      text: block.text,
      created_at: block.createdAt,
      ...(block.lastDeltaAt === undefined ? {} : { last_delta_at: block.lastDeltaAt }),
      completed_at: block.endedAt ?? step.endedAt,
      ...(Object.keys(block.metadata).length === 0 ? {} : { metadata: block.metadata }),
    })),
  );
  expect(partsOfType(message, 'tool-call').map(shownCall)).toEqual(
    [...step.calls].map(([id, call]) => ({
      id,
      name: call.name,
      inputStartedAt: call.inputStartedAt,
      calledAt: call.calledAt,
      ...(call.calledAt === undefined ? { isPartial: true, ...parsed(call.inputText) } : { args: call.args }),
    })),
  );
  const results = partsOfType(message, 'tool-result').filter((part) => part.synthetic !== true);
  expect(
    results.map((part) => [
      part.tool_call_id,
      {
        result: part.result,
        isError: part.is_error === true,
        ...(part.preliminary === true ? { isPreliminary: true } : {}),
        at: part.created_at,
      },
    ]),
    // A cut makes a synthetic result of a preliminary one.
  ).toEqual([...step.results].filter(([, result]) => !(isCutOff && result.isPreliminary === true)));
  const unanswered = [...step.calls].filter(
    ([id]) => step.results.get(id)?.isPreliminary ?? !step.results.has(id),
  );
  expect(
    partsOfType(message, 'tool-result')
      .filter((part) => part.synthetic === true)
      .map(({ tool_call_id }) => tool_call_id),
  ).toEqual(isCutOff ? unanswered.map(([id]) => id) : []);
  expect(message.pending_tool_call_ids ?? []).toEqual(
    isCutOff ? [] : unanswered.filter(([, call]) => call.calledAt !== undefined).map(([id]) => id),
  );
  expect(
    partsOfType(message, 'source').map(({ url, title, created_at }) => ({ url, title, at: created_at })),
  ).toEqual(step.sources);
  expect(partsOfType(message, 'data').map(({ name }) => name)).toEqual(step.data);
  expect((message.errors ?? []).map(({ message }) => message)).toEqual(step.errors);
  expectEnd(message, step);
}

function shownCall(part: Extract<Part, { type: 'tool-call' }>) {
  return {
    id: part.tool_call_id,
    name: part.tool_name,
    inputStartedAt: part.input_started_at,
    calledAt: part.created_at,
    ...(part.partial === true ? { isPartial: true } : {}),
    ...(part.args_text === undefined ? { args: part.args } : { argsText: part.args_text }),
  };
}

function parsed(text: string): { args: unknown } | { argsText: string } {
  try {
    return { args: JSON.parse(text) };
  } catch {
    return { argsText: text };
  }
}

function expectEnd(message: Message, step: ExpectedStep): void {
  // Only the last line of a cut recording can be an error that nothing follows.
  const status =
    step.end === 'finished' ? 'complete' : message.status === 'failed' ? 'failed' : 'interrupted';
  expect(message.status).toBe(status);
  if (status === 'interrupted') {
    expect(message.interrupt).toMatchObject({
      reason: step.end === 'aborted' ? 'user' : 'eof',
      at: step.endedAt,
    });
  }
  const { finish } = step;
  if (finish === undefined) {
    expect(message).not.toHaveProperty('finish_reason');
    expect(message).not.toHaveProperty('usage');
    return;
  }
  const usage = finish['usage'] as Record<string, number | undefined>;
  const details = (name: string) => (usage[name] ?? {}) as Record<string, number | undefined>;
  const expected = {
    input_tokens: usage['inputTokens'],
    output_tokens: usage['outputTokens'],
    total_tokens: usage['totalTokens'],
    reasoning_tokens: details('outputTokenDetails')['reasoningTokens'],
    cache_creation_tokens: details('inputTokenDetails')['cacheWriteTokens'],
    cache_read_tokens: details('inputTokenDetails')['cacheReadTokens'],
  };
  expect(message.usage ?? {}).toEqual(JSON.parse(JSON.stringify(expected)));
  const response = finish['response'] as Record<string, unknown>;
  expect(message).toMatchObject({
    finish_reason: finish['finishReason'],
    finished_at: step.endedAt,
  });
  expect(message.response_id).toBe(response['id']);
  expect(message.model).toBe(response['modelId']);
  const metadata = Object.entries(finish['providerMetadata'] ?? {}).filter(
    ([, entries]) => !isEmpty(entries),
  );
  expect(message.metadata ?? {}).toMatchObject(Object.fromEntries(metadata));
  expect(message.raw_finish_reason).toBe(finish['rawFinishReason']);
}

/** True for `{}`: an empty provider entry is no metadata. */
function isEmpty(entries: unknown): boolean {
  return JSON.stringify(entries) === '{}';
}
