import { describe, expect, it } from '@jest/globals';
import { formatStamp, type Event, type EventType } from '@stepfold/events';
import type { Message, Part } from '@stepfold/fold';
import * as fc from 'fast-check';
import { arbitraryEvents } from '../../../test/support/arbitrary-events.js';
import { foldAll } from '../../../test/support/fold-all.js';
import { coderMessages, type CoderMessage } from './coder.js';
import type { CoderPart } from './coder-part.js';

/** Every event happens at a time of its own, later than all before: a stamp names its event. */
const datedEvents = arbitraryEvents({ eventsMax: 120 }).map((events) =>
  events
    .filter(({ type }) => type !== 'message')
    .map((event, index): Event => ({ ...event, at: 1_800_000_000_000_000 + index * 7 })),
);

const contentOf = (shown: readonly CoderMessage[]): readonly CoderPart[] =>
  shown.flatMap(({ content }) => content);

const fieldNames = new Set(
  (
    'type text tool_call_id tool_name args result is_error is_media source_id url title media_type name ' +
    'file_id provider_executed created_at completed_at'
  ).split(' '),
);

/** What the README of the package lists as left out, said once more. */
function isSilent(part: Part, { status }: Message): boolean {
  if (part.type === 'data' || part.type === 'tool-approval') return true;
  if (part.type === 'tool-result') return part.preliminary === true;
  if (part.type !== 'text' && part.type !== 'reasoning') return false;
  return (
    status === 'interrupted' &&
    part.end_reason === 'interrupt' &&
    part.text === '' &&
    part.metadata === undefined
  );
}

/** Equal parts are equal texts, whatever the order of the parts and of their fields. */
function sorted(values: readonly unknown[]): string[] {
  return values.map((value) => JSON.stringify(value)).sort();
}

describe('the coder view of any events', () => {
  it('loses no part but those that it lists, and nothing of text, arguments, results and answers', () => {
    fc.assert(
      fc.property(arbitraryEvents({ eventsMax: 120 }), (events) => {
        for (const message of foldAll(events).messages) {
          const shown = contentOf(coderMessages(message));
          if (message.status === 'failed') {
            expect(shown).toEqual([]);
            continue;
          }
          const told = message.parts.filter((part) => !isSilent(part, message));
          const core = (part: Part | CoderPart, args: unknown): unknown[] => {
            const { type, text, tool_call_id, tool_name, result, is_error, is_media } = part as CoderPart;
            return [type, text, tool_call_id, tool_name, args, result, is_error, is_media];
          };
          expect(sorted(shown.map((part) => core(part, part.args)))).toEqual(
            sorted(told.map((part) => core(part, storedArgs(part)))),
          );
        }
      }),
    );
  });

  it('has only the fields that the view names, no null, and stamps where they belong', () => {
    fc.assert(
      fc.property(arbitraryEvents({ eventsMax: 120 }), (events) => {
        for (const message of foldAll(events).messages) {
          for (const part of contentOf(coderMessages(message))) {
            for (const [name, value] of Object.entries(part)) {
              expect(fieldNames).toContain(name);
              expect(value).toBeDefined();
              if (name !== 'args' && name !== 'result') expect(value).not.toBeNull();
            }
            if (!['tool-call', 'tool-result', 'reasoning'].includes(part.type)) {
              expect(part).not.toHaveProperty('created_at');
            }
            if (part.type !== 'reasoning') expect(part).not.toHaveProperty('completed_at');
          }
        }
      }),
    );
  });

  it('gives every stamp from an event of its own: a call and its result never share one', () => {
    fc.assert(
      fc.property(datedEvents, (events) => {
        const typeAt = new Map<string, EventType>(events.map(({ at, type }) => [formatStamp(at), type]));
        for (const message of foldAll(events).messages) {
          for (const { type, created_at, completed_at } of contentOf(coderMessages(message))) {
            if (type === 'tool-call' && created_at !== undefined) {
              expect(typeAt.get(created_at)).toBe('tool-call');
            }
            if (type === 'tool-result') {
              expect(['tool-result', 'interrupt']).toContain(typeAt.get(created_at!));
            }
            if (type === 'reasoning') {
              expect(typeAt.get(created_at!)).toMatch(/^reasoning-(start|delta)$/);
              if (completed_at === undefined) expect(message.status).toBe('open');
              else
                expect(typeAt.get(completed_at)).toMatch(
                  /^(reasoning-(end|start)|finish|step-end|interrupt)$/,
                );
            }
          }
        }
      }),
    );
  });

  it('puts parts in the order in which they ended', () => {
    fc.assert(
      fc.property(datedEvents, (events) => {
        for (const message of foldAll(events).messages) {
          if (message.status === 'failed' || isCallRepeated(message) || isCallTouchedLate(message)) continue;
          // Array.sort is stable: parts that one event ended stand as they started.
          const wanted = message.parts
            .filter((part) => !isSilent(part, message))
            .sort((a, b) => endOf(a, message) - endOf(b, message));
          const shown = coderMessages(message);
          const told = wanted.map((part) => [isAnswer(part, message), label(part)]);
          const said = shown.flatMap(({ id, content }) =>
            content.map((part) => [id !== message.step_id, label(part)]),
          );
          for (const isOfTool of [false, true]) {
            const ofKind = (list: unknown[][]): unknown[] => list.filter(([kind]) => kind === isOfTool);
            expect(ofKind(said)).toEqual(ofKind(told));
          }
        }
      }),
    );
  });

  it('puts the message of the step first, and gives every message an id of its own', () => {
    fc.assert(
      fc.property(arbitraryEvents(), (events) => {
        for (const message of foldAll(events).messages) {
          const shown = coderMessages(message);
          expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length);
          for (const { role, content, usage } of shown.slice(1)) {
            expect({ role, usage, parts: content.length }).toEqual({
              role: 'tool',
              usage: undefined,
              parts: 1,
            });
            expect(content[0]).not.toHaveProperty('provider_executed');
          }
        }
      }),
    );
  });
});

function storedArgs(part: Part): unknown {
  if (part.type !== 'tool-call') return undefined;
  return part.args === undefined && part.args_text !== '' ? part.args_text : part.args;
}

function endOf(part: Part, message: Message): number {
  if (part.type === 'text' || part.type === 'reasoning') return part.completed_at ?? Number.MAX_SAFE_INTEGER;
  return part.created_at ?? (message.status === 'open' ? Number.MAX_SAFE_INTEGER : message.ended_at!);
}

/** Whether a part is a result that stands in a message of its own. */
function isAnswer(part: Part, { parts }: Message): boolean {
  if (part.type !== 'tool-result' || part.provider_executed === true) return false;
  return !parts.some(
    (other) =>
      other.type === 'tool-call' &&
      other.tool_call_id === part.tool_call_id &&
      other.provider_executed === true,
  );
}

/** Enough of a part to tell it from most others. */
function label(part: Part | CoderPart): string {
  const { type, text, tool_call_id, media_type, title } = part as CoderPart;
  return JSON.stringify([
    type,
    text,
    tool_call_id,
    type === 'file' && media_type,
    type === 'source' && title,
  ]);
}

/** A call that was made again after its answer has no one moment at which it ended: the view keeps it before that. */
function isCallRepeated({ anomalies = [], anomaly_count = 0 }: Message): boolean {
  return anomaly_count > anomalies.length || anomalies.some(({ code }) => code === 'repeated-call');
}

/** A call that was made after its own answer and touched again after that: the view keeps it before the answer. */
function isCallTouchedLate({ parts }: Message): boolean {
  return parts.some(
    (call) =>
      call.type === 'tool-call' &&
      (call.execution_started_at !== undefined || call.approval !== undefined) &&
      parts.some(
        (answer) =>
          answer.type === 'tool-result' &&
          answer.tool_call_id === call.tool_call_id &&
          answer.created_at !== undefined &&
          answer.created_at < (call.created_at ?? 0),
      ),
  );
}
