import { describe, expect, it } from '@jest/globals';
import type { Message, Part, ReasoningPart, ToolCallPart, ToolResultPart } from '@stepfold/fold';
import { renderChat } from './render-chat.js';
import { renderTable } from './render-table.js';
import { renderTimeline } from './render-timeline.js';
import { plainScreen, screenOf } from './screen.js';

const begin = 1_775_822_400_000_000;
const ms = (count: number): number => begin + count * 1_000;
const place = { first_event: 1, last_event: 1 };

function step(parts: readonly Part[], fields: Partial<Message> = {}): Message {
  return {
    chat_id: 'c',
    step_id: 's',
    attempt: 0,
    role: 'assistant',
    status: 'complete',
    rev: 1,
    events: 1,
    parts,
    started_at: begin,
    first_output_at: begin,
    ended_at: ms(1_000),
    last_event_at: ms(1_000),
    fold_version: 1,
    ...fields,
  };
}

const open = (fields: Partial<Message> = {}): Partial<Message> => {
  const { ended_at: _ended, ...rest } = step([], { status: 'open', ...fields });
  return rest;
};

function openStep(parts: readonly Part[], fields: Partial<Message> = {}): Message {
  return { ...open(fields), parts } as Message;
}

function reasoning(from: number, to: number | undefined, fields: Partial<ReasoningPart> = {}): ReasoningPart {
  const end = to === undefined ? {} : { completed_at: to };
  return { type: 'reasoning', id: 'r', text: 'Hm.', created_at: from, ...end, ...place, ...fields };
}

function call(id: string, fields: Partial<ToolCallPart> = {}): ToolCallPart {
  return { type: 'tool-call', tool_call_id: id, tool_name: 'look', args: { at: id }, ...place, ...fields };
}

function result(id: string, at: number, fields: Partial<ToolResultPart> = {}): ToolResultPart {
  return { type: 'tool-result', tool_call_id: id, result: 'seen', created_at: at, ...place, ...fields };
}

/** The lanes alone: without heads, scales and legend. */
function lanes(...messages: readonly Message[]): readonly string[] {
  const lines = renderTimeline('c', messages, plainScreen).split('\n');
  return lines.filter((line) =>
    /^ {2}(?:reasoning|text|look|interrupted|error|source|…|approval)/.test(line),
  );
}

describe('a timeline', () => {
  it('shows what ran at the same time one above the other, and how each of it ended', () => {
    const parts: readonly Part[] = [
      reasoning(ms(0), ms(400)),
      call('a', { input_started_at: ms(400), created_at: ms(500), execution_started_at: ms(550) }),
      call('b', { input_started_at: ms(450), created_at: ms(550), execution_started_at: ms(600) }),
      result('a', ms(800)),
      result('b', ms(900), { is_error: true, result: 'not there' }),
    ];
    expect(renderTimeline('c', [step(parts)], plainScreen).split('\n')).toEqual([
      'chat c · 1 message · times are UTC',
      '',
      '2026-04-10 12:00:00.000  assistant · 1.00 s',
      '  step s · first output after 0 µs',
      '            │0         │200 ms     │400 ms     │600 ms     │800 ms     │1 s',
      '  reasoning ████████████████████████ Hm.                                 400 ms',
      '  look                             ░░░░░░░▒▒███████████████ {"at":"a"}   250 ms',
      '  look             failed · not there ░░░░░░▒▒▒██████████████████✗       300 ms',
      '',
      '░ arguments are written   ▒ waits   █ at work   ✗ failed',
      '',
    ]);
  });

  it('says why beside or below a bar that leaves no room', () => {
    const denied = call('a', {
      created_at: ms(10),
      approval: {
        approval_id: 'p',
        state: 'denied',
        reason: 'too late',
        requested_at: ms(10),
        responded_at: ms(910),
      },
    });
    const text = renderTimeline('c', [step([denied, result('a', ms(990), { is_error: true })])], plainScreen);
    expect(text).toMatch(/\n {2}look +▒+✗ +980 ms\n +└ failed · denied after 900 ms · too late · seen\n/);
  });

  it('closes what an interrupt cut off, and marks the interrupt', () => {
    const fields = {
      status: 'interrupted',
      interrupt: { reason: 'timeout', message: 'silent', at: ms(1_000), detected_at: ms(61_000) },
    } as const;
    const parts = [
      reasoning(ms(0), ms(1_000), { end_reason: 'interrupt' }),
      call('a', { input_started_at: ms(500), args: '{"at', partial: true }),
      result('a', ms(1_000), { synthetic: true, is_error: true }),
    ];
    const [block, tool, interrupt] = lanes(step(parts, fields));
    expect(block).toMatch(/reasoning +█+┤ +1.00 s$/);
    expect(tool).toMatch(/look +cut off · never made · \{"at ░+┤$/);
    expect(interrupt).toMatch(/interrupted +timeout · silent · noticed 1 min 00 s later ▲$/);
  });

  it('lets what is open go on to the last event, and shows errors that were no end', () => {
    const errors = [{ message: 'overloaded', retryable: true, at: ms(500) }];
    const parts = [
      reasoning(ms(0), undefined),
      call('a', { input_started_at: ms(500), input_open: true }),
      call('b', { created_at: ms(100) }),
      call('c', { created_at: ms(100), execution_started_at: ms(200) }),
    ];
    const [block, written, waiting, working, error] = lanes(openStep(parts, { errors }));
    expect(block).toMatch(/reasoning +█+▸$/);
    expect(written).toMatch(/look +\{"at":"a"\} ░+▸$/);
    expect(waiting).toMatch(/look +▒+▸$/);
    expect(working).toMatch(/look +▒+█+▸$/);
    expect(error).toMatch(/error +! overloaded · can be retried$/);
  });

  it('shows a result where it came, with the wait since the step of its call', () => {
    const first = step([call('a', { created_at: ms(200) })]);
    const second = step([result('a', ms(7_500), { execution_started_at: ms(7_250) })], {
      step_id: 't',
      started_at: ms(7_000),
      ended_at: ms(8_000),
      last_event_at: ms(8_000),
    });
    const [asked, answered] = lanes(first, second);
    expect(asked).toMatch(/look +▒+▸$/);
    expect(answered).toMatch(/look +◂▒+█+ called in an earl.* 250 ms$/);
  });

  it('says in both steps what came of a question that a later step answers', () => {
    const approval = { approval_id: 'p', state: 'requested', requested_at: ms(210) } as const;
    const asking = step([call('a', { created_at: ms(200), approval })]);
    const later = { step_id: 't', started_at: ms(7_000), ended_at: ms(8_000), last_event_at: ms(8_000) };
    const answer = (state: 'granted' | 'denied', approvalId = 'p'): Part => ({
      ...{ type: 'tool-approval', tool_call_id: 'a', approval_id: approvalId, state },
      ...{ created_at: ms(7_210), ...place },
    });
    const messages = [asking, step([answer('granted'), result('a', ms(7_710))], later)];
    const timeline = renderTimeline('c', messages, plainScreen);
    expect(timeline).toMatch(/look +▒+▸\n +└ granted after 7\.00 s · result in a later step/);
    expect(timeline).toMatch(/look +◂▒+█+ +7\.51 s\n +└ granted after 7\.00 s · called in an earlier step/);
    const table = renderTable('c', [asking, step([answer('denied')], later)], plainScreen);
    expect(table).toContain('approval denied');
    for (const unanswered of [[asking], [asking, step([answer('granted', 'other')], later)]]) {
      expect(renderTimeline('c', unanswered, plainScreen)).toContain('waits for approval');
    }
  });

  it('says of what was too large how much was left out', () => {
    const elided = { bytes: 7_000_000, sha256: '', event: 1 };
    const { args: _args, ...bare } = call('a', { created_at: ms(100), args_elided: elided });
    const [tool, block] = lanes(
      step([bare, result('a', ms(200)), reasoning(ms(300), ms(400), { text: '', text_elided: elided })]),
    );
    for (const lane of [tool, block]) expect(lane).toContain('(7000000 bytes, left out)');
  });

  it('takes of calls with one id that of the same step', () => {
    const tool = (from: number): readonly Part[] => [
      call('a', { created_at: from }),
      result('a', from + 100_000),
    ];
    const second = step(tool(ms(5_100)), {
      step_id: 't',
      started_at: ms(5_000),
      ended_at: ms(6_000),
      last_event_at: ms(6_000),
    });
    for (const lane of lanes(step(tool(ms(100))), second)) expect(lane).toMatch(/█+ \{"at":"a"\} +100 ms$/);
  });

  it('draws nothing that no clock has told', () => {
    const parts: readonly Part[] = [
      call('a'),
      { type: 'text', text: 'imported', created_at: begin, ...place },
      { type: 'source', source_type: 'url', url: 'https://a.example', created_at: ms(500), ...place },
    ];
    const [tool, , source] = lanes(step(parts));
    expect(tool).toBe('  look     {"at":"a"}');
    expect(source).toMatch(/source +• https:\/\/a\.example$/);
    const whole = step(parts.slice(0, 2), { role: 'user', ended_at: begin, last_event_at: begin });
    const { first_output_at: _none, ...said } = whole;
    expect(renderTimeline('c', [said as Message], plainScreen)).toBe(
      [
        'chat c · 1 message · times are UTC',
        '',
        '2026-04-10 12:00:00.000  user',
        '  step s',
        '  imported',
        '  look: {"at":"a"}',
        '',
      ].join('\n'),
    );
  });

  it('shows no time of an imported message that nobody knows, as a picture, table and text', () => {
    const untimed = { metadata: { stepfold: { undated: true, untimed: true } } };
    const parts: readonly Part[] = [
      { type: 'text', text: 'Hm.', ...untimed, created_at: begin, completed_at: ms(5), ...place },
      call('a', { created_at: begin, ...untimed }),
      result('a', ms(500), { metadata: { stepfold: { undated: true } } }),
    ];
    const { first_output_at: _none, ...said } = step(parts, { ended_at: begin, last_event_at: begin });
    for (const render of [renderTimeline, renderTable, renderChat]) {
      const text = render('c', [said as Message], plainScreen);
      expect(text).toContain('time unknown');
      expect(text).not.toMatch(/2026|\d ?m?s\b|NaN/);
    }
  });

  it('marks an end before its beginning and measures nothing there', () => {
    const parts = [reasoning(ms(500), ms(400)), call('a', { created_at: ms(700) }), result('a', ms(600))];
    for (const lane of lanes(step(parts))) expect(lane).toMatch(/^[^█▒░]+\?[^█▒░]+$/);
    expect(lanes(step(parts)).join('')).not.toMatch(/\d m?s/);
  });

  it('stays within a step whose parts say that they were elsewhere', () => {
    const parts = [reasoning(ms(-9_000), ms(200)), reasoning(ms(800), ms(90_000)), reasoning(ms(-9), ms(-8))];
    const [before, after, gone] = lanes(step(parts));
    expect(before).toMatch(/reasoning ◂█+ Hm\. +9\.20 s$/);
    expect(after).toMatch(/reasoning +Hm\. █+▸ +1 min 29 s$/);
    expect(gone).toMatch(/reasoning ◂ Hm\. +1\.0 ms$/);
  });

  it.each([
    ['a microsecond', begin + 1, /│0 +│1 µs/],
    ['three hours', begin + 10_800_000_000, /│0 +│1 h +│2 h +│3 h/],
  ])('has round ticks over %s', (_length, to, ticks) => {
    const text = renderTimeline(
      'c',
      [step([reasoning(begin, to)], { ended_at: to, last_event_at: to })],
      plainScreen,
    );
    expect(text).toMatch(ticks);
    expect(text).toMatch(/reasoning █{40,}/);
  });

  it('draws a step of no length without a scale', () => {
    const text = renderTimeline(
      'c',
      [step([reasoning(begin, begin)], { ended_at: begin, last_event_at: begin })],
      plainScreen,
    );
    expect(text.split('\n').slice(4)).toEqual([expect.stringMatching(/^ {2}reasoning Hm\. +0 µs$/), '']);
  });

  it('counts lanes that are too many', () => {
    const parts = Array.from({ length: 200 }, (_, index) => reasoning(ms(index), ms(index + 1)));
    const shown = lanes(step(parts));
    expect(shown).toHaveLength(41);
    expect(shown.at(-1)).toBe('  … and 160 more, which --as table shows');
  });

  it('says the same with colours as without', () => {
    const messages = [
      step([reasoning(ms(0), ms(400)), call('a', { created_at: ms(500) }), result('a', ms(900))]),
    ];
    const coloured = renderTimeline('c', messages, screenOf({ stdoutColumns: 80, environment: {} }));
    // eslint-disable-next-line no-control-regex -- our own colours
    const bare = coloured.replaceAll(/\u001b\[\d+m/g, '');
    expect(coloured).not.toBe(bare);
    expect(bare).toBe(renderTimeline('c', messages, plainScreen));
  });
});
