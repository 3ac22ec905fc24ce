import type { Event } from '@stepfold/events';
import { between, SeededChance } from '../support/chance.js';

/** Which events to make: the same plan gives the same events in every process. */
export interface WorkloadPlan {
  readonly seed: number;
  /** About so many: no step begins beyond them, and those that are open are ended. */
  readonly events: number;
  /** Stands before every `chat_id`, so that rounds do not touch each other's chats. */
  readonly chatPrefix: string;
}

/** Streams that a process carries at the same time; fewer if there would be less than a step for each. */
const CHATS_AT_ONCE = 48;
const EVENTS_PER_STEP = 80;
/** Steps of one chat before another takes its place. */
const STEPS_PER_CHAT = 8;
const BEGIN_MICROS = 1_790_000_000_000_000;

/**
 * The events of chats with an agent, in the order in which they happen: questions, and answers of reasoning, text
 * in deltas of 20 to 250 bytes, and calls of tools with their results. Dozens of chats take turns, as they do in a
 * process that serves them.
 */
export function makeWorkload({ seed, events: eventsMin, chatPrefix }: WorkloadPlan): readonly Event[] {
  const chance = new SeededChance(seed);
  const events: Event[] = [];
  let chats = 0;
  let atMicros = BEGIN_MICROS;
  const nextChat = (): Generator<Fields> =>
    chatEvents(chance, `${chatPrefix}${(chats++).toString(36)}`, () => events.length >= eventsMin);
  const chatsAtOnce = Math.min(CHATS_AT_ONCE, Math.ceil(eventsMin / EVENTS_PER_STEP));
  const live = Array.from({ length: chatsAtOnce }, nextChat);
  while (live.length > 0) {
    const index = chance.below(live.length);
    // A model answers in bursts: a chunk of its stream is several tokens.
    for (let burst = between(chance, 1, 4); burst > 0; burst--) {
      const { value, done } = live[index]!.next();
      if (done === true) {
        if (events.length < eventsMin) live[index] = nextChat();
        else live.splice(index, 1);
        break;
      }
      atMicros += between(chance, 50, 900);
      const { chat_id, step_id, seq, ...own } = value;
      events.push({
        v: 1,
        chat_id,
        step_id,
        at: atMicros,
        ...own,
        producer: 'bench',
        seq,
      } as unknown as Event);
    }
  }
  return events;
}

interface Fields {
  readonly chat_id: string;
  readonly step_id: string;
  readonly seq: number;
  readonly type: Event['type'];
  readonly [field: string]: unknown;
}

function* chatEvents(chance: SeededChance, chatId: string, isEnough: () => boolean): Generator<Fields> {
  for (let index = 0; index < STEPS_PER_CHAT && !isEnough(); index++) {
    let seq = 0;
    const stepId = `step-${index}`;
    const made = index % 4 === 0 ? questionEvents(chance) : answerEvents(chance, index);
    for (const own of made) yield { chat_id: chatId, step_id: stepId, ...own, seq: seq++ };
  }
}

type OwnFields = Readonly<Record<string, unknown>> & { readonly type: Event['type'] };

function* questionEvents(chance: SeededChance): Generator<OwnFields> {
  yield { type: 'message', role: 'user', parts: [{ type: 'text', text: textOf(chance, 60, 600) }] };
}

function* answerEvents(chance: SeededChance, index: number): Generator<OwnFields> {
  yield { type: 'step-start', provider: 'anthropic', model: 'claude-sonnet-4', step_index: index };
  if (chance.isTrue(0.4)) {
    yield { type: 'reasoning-start', id: 'r0' };
    for (let n = between(chance, 5, 60); n > 0; n--) {
      yield { type: 'reasoning-delta', id: 'r0', text: textOf(chance, 20, 250) };
    }
    yield { type: 'reasoning-end', id: 'r0' };
  }
  if (chance.isTrue(0.8)) {
    yield { type: 'text-start', id: 't0' };
    for (let n = between(chance, 20, 150); n > 0; n--) {
      yield { type: 'text-delta', id: 't0', text: textOf(chance, 20, 250) };
    }
    yield { type: 'text-end', id: 't0' };
  }
  const calls = chance.isTrue(0.4) ? between(chance, 1, 3) : 0;
  for (let call = 0; call < calls; call++) yield* callEvents(chance, `call-${index}-${call}`);
  yield {
    type: 'finish',
    finish_reason: calls > 0 ? 'tool-calls' : 'stop',
    usage: { input_tokens: between(chance, 500, 9_000), output_tokens: between(chance, 50, 2_000) },
  };
  for (let call = 0; call < calls; call++) yield* resultEvents(chance, `call-${index}-${call}`);
  yield { type: 'step-end' };
}

function* callEvents(chance: SeededChance, id: string): Generator<OwnFields> {
  const args = { query: textOf(chance, 30, 120), path: `src/${textOf(chance, 8, 20)}.ts`, limit: 50 };
  yield { type: 'tool-input-start', tool_call_id: id, tool_name: 'search' };
  const text = JSON.stringify(args);
  for (let at = 0; at < text.length; at += 24) {
    yield { type: 'tool-input-delta', tool_call_id: id, text: text.slice(at, at + 24) };
  }
  yield { type: 'tool-input-end', tool_call_id: id };
  yield { type: 'tool-call', tool_call_id: id, tool_name: 'search', args };
}

function* resultEvents(chance: SeededChance, id: string): Generator<OwnFields> {
  yield { type: 'tool-execution-start', tool_call_id: id };
  const matches = Array.from({ length: between(chance, 1, 12) }, (_, line) => ({
    file: `src/${textOf(chance, 8, 20)}.ts`,
    line,
    text: textOf(chance, 30, 160),
  }));
  yield { type: 'tool-result', tool_call_id: id, result: { matches, is_truncated: false } };
}

/** Words of the length asked for, about every eighth text with a character beyond ASCII, as in English prose. */
function textOf(chance: SeededChance, bytesMin: number, bytesMax: number): string {
  const begin = chance.below(SOURCE.length - bytesMax);
  // Made anew: a part of a larger string would be a slice of it, which no decoder gives.
  return Buffer.from(SOURCE.slice(begin, begin + between(chance, bytesMin, bytesMax))).toString();
}

const ASCII =
  'the step ended before its tool had answered, so the model was asked again and said that a fold is not naive but ' +
  'exact: every prefix of the log gives one message, and a replay gives the same, 42 times out of 42. Then it went on ' +
  'with files\n- `libs/fold/src/evolve.ts`\n- `contract/events.md`\nand "quoted" what it had read, sizes included. ';
const SOURCE = `${ASCII.repeat(3)}“Größe” — naïve. ${ASCII.repeat(2)}`;
