import { mayEndStep, setOwn, type Event, type JsonValue, type Metadata } from '@stepfold/events';
import { UsageError } from '@stepfold/runtime';
import type { Redact } from './redaction.js';

export interface PatternRedactorOptions {
  /**
   * What must not leave. A text is seen piece by piece, so look-around and `\B` are refused, and `^`, `$` and `\b` also match where
   * a piece begins or ends.
   */
  readonly pattern: RegExp;
  /** Characters (UTF-16) of the longest match. Longer ones are found only where they happen to lie in one piece. */
  readonly lengthMax: number;
  /** Stands in place of every match. Default `[redacted]`. */
  readonly replacement?: string;
}

/**
 * Replaces what matches in everything that models, tools and people wrote, keys and numbers in JSON included; ids, names of tools
 * and of models stay.
 *
 * A stream cuts text anywhere, so a match may lie across deltas. The last `lengthMax - 1` characters of every block that is written
 * are held back until more of it comes or it ends. No match of at most `lengthMax` characters leaves, wherever it is cut, and
 * the rest of the text arrives whole and in order. What is held back when somebody else ends the step never leaves. The input of
 * a tool is JSON text while it streams: a match that JSON writes with escapes is found in the whole call alone.
 *
 * Text is held back for at most 10,000 steps at once: beyond that, that of the step which was silent longest does not leave. Of one
 * step at most 10,000 blocks are held back: one more fails, so nothing of it leaves.
 * @throws UsageError `bad-configuration` if `lengthMax` is no whole number from 1 to 10,000, or the pattern is refused
 */
export function createPatternRedactor(options: PatternRedactorOptions): Redact {
  const { lengthMax, replacement = '[redacted]' } = options;
  if (!Number.isInteger(lengthMax) || lengthMax < 1 || lengthMax > LENGTH_CEILING) {
    throw new UsageError('bad-configuration', `lengthMax must be a whole number from 1 to ${LENGTH_CEILING}`);
  }
  if (looksAround(options.pattern)) {
    throw new UsageError('bad-configuration', 'pattern must not look at what stands around a match');
  }
  const flags = options.pattern.flags.replaceAll(/[gy]/g, '');
  const pattern = new RegExp(options.pattern.source, `${flags}g`);
  /** Of each attempt, what is held back of its blocks, in the order in which they began; that which was silent longest first. */
  const steps = new Map<string, Map<string, HeldText>>();

  function cleaned(text: string): string {
    return text.replaceAll(pattern, () => replacement);
  }

  function cleanedValue(value: JsonValue): JsonValue {
    if (typeof value === 'string') return cleaned(value);
    if (typeof value === 'number') {
      const text = String(value);
      const left = cleaned(text);
      return left === text ? value : left;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(cleanedValue);
    const copy: Record<string, JsonValue> = {};
    for (const [key, item] of Object.entries(value))
      setOwn(copy, cleaned(key), cleanedValue(item as JsonValue));
    return copy;
  }

  /** The fields of an event, or of a part in one, in which somebody wrote. */
  function cleanedFields<T extends object>(given: T): T {
    const copy: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(given) as [string, JsonValue][]) {
      if (name === 'parts' && Array.isArray(value)) {
        setOwn<unknown>(
          copy,
          name,
          value.map((part) => cleanedFields(part as object)),
        );
      } else if (name === 'approval') setOwn<unknown>(copy, name, cleanedFields(value as object));
      else setOwn<unknown>(copy, name, isKept(given, name) ? value : cleanedValue(value));
    }
    return copy as T;
  }

  function takeDelta(event: DeltaEvent): Event[] {
    const key = blockKeyOf(event);
    const blocks = steps.get(stepKeyOf(event)) ?? new Map<string, HeldText>();
    const text = (blocks.get(key)?.text ?? '') + event.text;
    // A match that begins before this lies in the text as a whole.
    const decided = Math.max(0, text.length - (lengthMax - 1));
    let out = '';
    let from = 0;
    for (const { index, 0: match } of text.matchAll(pattern)) {
      if (index >= decided) break;
      out += text.slice(from, index) + replacement;
      from = index + match.length;
    }
    const end = Math.max(from, decided);
    out += text.slice(from, end);
    hold(event, blocks, key, text.slice(end));
    const rest = cleanedFields({ ...event, text: '' });
    return out === '' && !('metadata' in event) ? [] : [{ ...rest, text: out }];
  }

  function hold(event: DeltaEvent, blocks: Map<string, HeldText>, key: string, text: string): void {
    if (text === '') blocks.delete(key);
    else if (blocks.has(key) || blocks.size < BLOCKS_MAX) blocks.set(key, { event, text });
    else throw new RangeError(`text of ${BLOCKS_MAX} blocks is held back, which is the limit`);
    const stepKey = stepKeyOf(event);
    steps.delete(stepKey);
    if (blocks.size > 0) steps.set(stepKey, blocks);
    if (steps.size <= STEPS_MAX) return;
    for (const silent of steps.keys()) {
      steps.delete(silent);
      return;
    }
  }

  /** What was held back of a block, as one more delta of it: with the time of its last one. */
  function released(event: Event, isWanted: (key: string) => boolean): Event[] {
    const stepKey = stepKeyOf(event);
    const blocks = steps.get(stepKey);
    if (blocks === undefined) return [];
    const events: Event[] = [];
    for (const [key, { event: last, text }] of blocks) {
      if (!isWanted(key)) continue;
      blocks.delete(key);
      const {
        metadata: _metadata,
        until,
        merged: _merged,
        ...delta
      } = last as DeltaEvent & { metadata?: Metadata };
      events.push({ ...delta, at: until ?? last.at, text: cleaned(text) } as Event);
    }
    if (blocks.size === 0) steps.delete(stepKey);
    return events;
  }

  return (event) => {
    if (event.enc !== undefined) return event;
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-input-delta':
        return takeDelta(event);
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
      case 'reasoning-end':
      case 'tool-input-start':
      case 'tool-input-end':
      case 'tool-call': {
        const key = blockKeyOf(event);
        return [...released(event, (held) => held === key), cleanedFields(event)];
      }
      default:
        if (!isBoundary(event)) return cleanedFields(event);
        // Nothing of the attempt before this one counts any more.
        if (event.type === 'step-start') steps.delete(stepKeyOf(event, (event.attempt ?? 0) - 1));
        return [...released(event, () => true), cleanedFields(event)];
    }
  };
}

const LENGTH_CEILING = 10_000;
/** Attempts of steps of which text is held back. */
const STEPS_MAX = 10_000;
/** Of one attempt. The fold keeps no more parts of a message. */
const BLOCKS_MAX = 10_000;

interface HeldText {
  /** The last delta of the block. */
  readonly event: DeltaEvent;
  /** What of it has not left. */
  readonly text: string;
}

type DeltaEvent = Extract<Event, { type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta' }>;

/** Who an event is of, what it is and when it was: nobody wrote these, and others refer to them. */
const keptFields = new Set([
  ...['v', 'chat_id', 'step_id', 'attempt', 'producer', 'seq', 'at', 'until', 'merged', 'detected_at'],
  ...['type', 'id', 'tool_call_id', 'parent_tool_call_id', 'data_id', 'approval_id', 'run_id', 'response_id'],
  ...['role', 'provider', 'model', 'tool_name', 'state', 'source_type', 'finish_reason', 'usage'],
  ...[
    'created_at',
    'completed_at',
    'last_delta_at',
    'updated_at',
    'input_started_at',
    'requested_at',
    'responded_at',
    'execution_started_at',
  ],
  ...['end_reason', 'step_index', 'media_type', 'file_id', 'if_events'],
]);

/** The reason of an interrupt is a word of the contract. */
function isKept(given: object, name: string): boolean {
  return keptFields.has(name) || (name === 'reason' && (given as Partial<Event>).type === 'interrupt');
}

/** Ids hold no colon. */
function stepKeyOf({ chat_id, step_id, attempt = 0 }: Event, ofAttempt = attempt): string {
  return `${chat_id}:${step_id}:${ofAttempt}`;
}

function blockKeyOf(event: Event): string {
  const { type } = event;
  const kind = type.startsWith('text') ? 'text' : type.startsWith('reasoning') ? 'reasoning' : 'input';
  const { id, tool_call_id } = event as { id?: string; tool_call_id?: string };
  return `${kind}:${id ?? tool_call_id}`;
}

function isBoundary(event: Event): boolean {
  return event.type === 'step-start' || event.type === 'finish' || endsStep(event);
}

function endsStep(event: Event): boolean {
  return event.type === 'message' || mayEndStep(event);
}

/** A look-ahead or a look-behind, or `\B`: what it says is not known at the end or the beginning of a piece. */
function looksAround({ source }: RegExp): boolean {
  const syntax = source.replaceAll(/\\[^B]|\[(?:\\.|[^\\\]])*\]/g, '');
  return /\(\?<?[=!]|\\B/.test(syntax);
}
