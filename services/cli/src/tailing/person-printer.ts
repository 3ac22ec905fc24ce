import { formatStamp, type Event, type EventOf } from '@stepfold/events';
import { counted } from '../render/counted.js';
import { cutText, wrapText } from '../render/plain-text.js';
import type { Look, Screen } from '../render/screen.js';
import type { EventPrinter } from './event-printer.js';
import { eventSentence } from './event-sentence.js';
import {
  blockKey,
  blockKind,
  createBlockView,
  createStepView,
  type BlockView,
  type StepIds,
  type StepView,
} from './step-view.js';

const TIME_WIDTH = 12;
const ID_WIDTH = 12;
const MESSAGE_LINES_MAX = 12;

/** Stands before what a model or user wrote, so that it is told from what stepfold says. */
const gutters = { text: '│ ', reasoning: '┊ ' } as const;
const GUTTER_WIDTH = 2;

export interface PersonPrinterOptions {
  readonly screen: Screen;
  /** Whether lines name the chat: there may be several. */
  readonly namesChat: boolean;
}

/** Events in a row of one step that were passed over for one reason. */
interface Refused {
  readonly ids: StepIds;
  readonly outcome: string;
  count: number;
  at: number;
  hasGrown: boolean;
}

/**
 * What happens, for a person: a line for each thing that begins or ends, and streamed text in lines and not in
 * pieces. Holds what it has to know of the steps that are open, and at most one line of text of each block.
 */
export function createPersonPrinter({ screen, namesChat }: PersonPrinterOptions): EventPrinter {
  const steps = new Map<string, StepView>();
  const refused = new Map<string, Refused>();
  const idWidths = namesChat ? 2 * (ID_WIDTH + 2) : ID_WIDTH + 2;
  const bodyWidth = screen.width - TIME_WIDTH - 2 - idWidths;

  function line({ chat_id, step_id }: StepIds, at: number, look: Look, text: string): string {
    const time = formatStamp(at).slice(11, 11 + TIME_WIDTH);
    const ids = namesChat ? [shortId(chat_id), shortId(step_id)] : [shortId(step_id)];
    const body = cutText(text, bodyWidth);
    return `${screen.paint('faint', [time, ...ids].join('  '))}  ${screen.paint(look, body)}\n`;
  }

  function textLines({ ids }: StepView, block: BlockView, rows: readonly string[]): string {
    return rows
      .map((row) => line(ids, block.gatheredAt, block.kind, `${gutters[block.kind]}${row}`))
      .join('');
  }

  /** The lines that were begun in the blocks of a step. */
  function gathered(view: StepView, isWanted: (block: BlockView) => boolean): string {
    const blocks = [...view.blocks.values()].filter((block) => !block.text.isEmpty && isWanted(block));
    return blocks.map((block) => textLines(view, block, block.text.take())).join('');
  }

  function startBlock(event: { type: string; id: string; at: number }, view: StepView): BlockView {
    const block = createBlockView(blockKind(event), event.at, bodyWidth - GUTTER_WIDTH);
    view.blocks.set(blockKey(event), block);
    return block;
  }

  function delta(event: EventOf<'text-delta' | 'reasoning-delta'>, view: StepView): string {
    let head = '';
    let block = view.blocks.get(blockKey(event));
    if (block === undefined) {
      head = gathered(view, () => true);
      block = startBlock(event, view);
      head += line(event, event.at, block.kind, `${block.kind} begins`);
    }
    block.hasGrown = true;
    if (block.text.isEmpty) block.gatheredAt = event.at;
    const rows = textLines(view, block, block.text.add(event.text));
    if (rows !== '') block.gatheredAt = event.at;
    return head + rows;
  }

  function accepted(event: Event, view: StepView): string {
    const isReadable = event.enc === undefined;
    if (isReadable && (event.type === 'text-delta' || event.type === 'reasoning-delta')) {
      return delta(event, view);
    }
    const sentence = eventSentence(event, view);
    const begun = sentence === undefined ? '' : gathered(view, () => true);
    if (isReadable) noteEvent(event, view);
    const said = sentence === undefined ? '' : line(event, event.at, sentence.look, sentence.words);
    return begun + said + (isReadable && event.type === 'message' ? messageText(event) : '');
  }

  function messageText(event: EventOf<'message'>): string {
    const texts = event.parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
    const rows = texts.flatMap((text) => wrapText(text, bodyWidth - GUTTER_WIDTH, MESSAGE_LINES_MAX));
    return rows.map((row) => line(event, event.at, 'text', `${gutters.text}${row}`)).join('');
  }

  /** What later events need to know of this one. */
  function noteEvent(event: Event, view: StepView): void {
    switch (event.type) {
      case 'text-start':
      case 'reasoning-start':
        startBlock(event, view);
        return;
      case 'text-end':
      case 'reasoning-end':
        view.blocks.delete(blockKey(event));
        return;
      case 'finish':
        view.blocks.clear();
        return;
      case 'tool-input-start':
      case 'tool-call':
        view.calls.set(event.tool_call_id, {
          name: event.tool_name ?? view.calls.get(event.tool_call_id)?.name,
          startedAt: event.type === 'tool-call' ? event.at : undefined,
        });
        return;
      case 'tool-execution-start':
        view.calls.set(event.tool_call_id, {
          name: view.calls.get(event.tool_call_id)?.name,
          startedAt: event.at,
        });
        return;
      default:
    }
  }

  function refuse({ chat_id, step_id, at }: Event, outcome: string): string {
    const key = `${chat_id}:${step_id}:${outcome}`;
    const known = refused.get(key);
    if (known === undefined) {
      refused.set(key, { ids: { chat_id, step_id }, outcome, count: 1, at, hasGrown: true });
    } else {
      known.count++;
      known.at = at;
      known.hasGrown = true;
    }
    return '';
  }

  function refusedLines(isAll: boolean): string {
    let lines = '';
    for (const [key, each] of refused) {
      if (isAll || !each.hasGrown) {
        lines += line(
          each.ids,
          each.at,
          'faint',
          `${counted(each.count, 'event')} passed over: ${each.outcome}`,
        );
        refused.delete(key);
      } else each.hasGrown = false;
    }
    return lines;
  }

  function settled(isAll: boolean): string {
    let lines = '';
    for (const view of steps.values()) {
      lines += gathered(view, (block) => isAll || !block.hasGrown);
      for (const block of view.blocks.values()) block.hasGrown = false;
    }
    return lines + refusedLines(isAll);
  }

  return {
    event(read) {
      if (read.event === undefined) {
        return `${cutText(`${read.position}  ${read.outcome}: ${read.detail}`, screen.width)}\n`;
      }
      const { event, outcome } = read;
      if (outcome !== 'accepted') return refuse(event, outcome);
      const key = `${event.chat_id}:${event.step_id}`;
      let view = steps.get(key);
      if (view === undefined || event.type === 'step-start' || event.type === 'message') {
        view = createStepView(event, event.type === 'step-start' ? event.at : undefined);
        steps.set(key, view);
      }
      const lines = accepted(event, view);
      if (endsStep(event)) steps.delete(key);
      return lines;
    },
    settle: () => settled(false),
    finish: () => settled(true),
  };
}

function endsStep(event: Event): boolean {
  switch (event.type) {
    case 'step-end':
    case 'interrupt':
    case 'message':
      return true;
    case 'error':
      return event.fatal;
    default:
      return false;
  }
}

/** The end of an id, which is plain ASCII: what tells the steps of one run apart stands there. */
function shortId(id: string): string {
  const end = id.length <= ID_WIDTH ? id : `…${id.slice(1 - ID_WIDTH)}`;
  return end.padEnd(ID_WIDTH);
}
