import { describe, expect, it } from '@jest/globals';
import type { Message, Part, ToolCallPart, ToolResultPart } from '@stepfold/fold';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { uiMessages, type UiMessage } from './ui-message.js';

const chats = arbitraryEvents({ eventsMax: 120 }).map((events) => foldAll(events).messages);

const partsOf = (view: readonly UiMessage[]) => view.flatMap(({ parts }) => parts);
const stored = <T extends Part['type']>(messages: readonly Message[], type: T) =>
  messages
    .flatMap(({ parts }) => parts)
    .filter((part): part is Extract<Part, { type: T }> => part.type === type);

/** Of the results that a whole message has of one call, the last final one is shown, else the last preliminary one. */
function isReplaced(result: ToolResultPart, message: Message): boolean {
  const isOfIt = ({ tool_call_id }: ToolCallPart | ToolResultPart): boolean =>
    tool_call_id === result.tool_call_id;
  if (!stored([message], 'tool-call').some(isOfIt)) return false;
  const results = stored([message], 'tool-result').filter(isOfIt);
  const told = results.filter(({ synthetic }) => synthetic !== true);
  const finals = told.filter(({ preliminary }) => preliminary !== true);
  return result !== (finals.at(-1) ?? told.at(-1) ?? results.at(-1));
}

describe('the ui-message view of any events', () => {
  it('keeps every text, every call, every source and every file, in their order', () => {
    fc.assert(
      fc.property(chats, (messages) => {
        const shown = partsOf(uiMessages(messages));
        for (const type of ['text', 'reasoning'] as const) {
          expect(shown.filter((part) => part.type === type).map(({ text }) => text)).toEqual(
            stored(messages, type).map(({ text }) => text),
          );
        }
        const calls = stored(messages, 'tool-call').map(({ tool_call_id }) => tool_call_id);
        const ids = shown.map(({ toolCallId }) => toolCallId).filter((id) => id !== undefined);
        // Those of results without a call come besides.
        expect(ids).toEqual(expect.arrayContaining(calls));
        expect(ids.length).toBeGreaterThanOrEqual(calls.length);
        expect(shown.filter(({ type }) => type.startsWith('source-'))).toHaveLength(
          stored(messages, 'source').length,
        );
        expect(
          shown.filter(({ type }) => ['file', 'data-file', 'data-reasoning-file'].includes(type)),
        ).toHaveLength(stored(messages, 'file').length);
      }),
    );
  });

  it('keeps the result of every call that has one, as it is', () => {
    fc.assert(
      fc.property(chats, (messages) => {
        for (const message of messages) {
          const shown = partsOf(uiMessages([message]));
          for (const result of stored([message], 'tool-result')) {
            if (isReplaced(result, message)) continue;
            const isError = result.is_error === true;
            const parts = shown.filter(({ toolCallId }) => toolCallId === result.tool_call_id);
            const state = isError ? 'output-error' : 'output-available';
            expect(
              parts.map((part) => [part['state'], ...(isError ? [] : [part['output'], part['preliminary']])]),
            ).toContainEqual([state, ...(isError ? [] : [result.result, result.preliminary])]);
          }
        }
      }),
    );
  });

  it('has an id of its own for each message, and metadata for each of its parts and steps', () => {
    fc.assert(
      fc.property(chats, (messages) => {
        const view = uiMessages(messages);
        expect(new Set(view.map(({ id }) => id)).size).toBe(view.length);
        for (const { parts, metadata } of view) {
          const own = metadata['stepfold'] as { readonly steps: unknown[]; readonly parts: unknown[] };
          expect(own.parts).toHaveLength(parts.length);
          const starts = parts.filter(({ type }) => type === 'step-start').length;
          if (starts > 0) expect(own.steps).toHaveLength(starts);
        }
        expect(JSON.parse(JSON.stringify(view))).toEqual(view);
      }),
    );
  });

  it('leaves no call waiting once a person has gone on', () => {
    const last = { role: 'user', status: 'complete', parts: [{ type: 'text', text: 'on' }] };
    fc.assert(
      fc.property(chats, (messages) => {
        const more = {
          chat_id: 'c',
          step_id: 'last',
          attempt: 0,
          started_at: 1,
          ...last,
        } as unknown as Message;
        for (const { state } of partsOf(uiMessages([...messages, more]))) {
          if (state === undefined || state === 'done' || state === 'streaming') continue;
          expect(state).toMatch(/^output-/);
        }
      }),
    );
  });
});
