import { createEventCodec, type Event, type EventCodec } from '@stepfold/events';
import type { EventLog } from '@stepfold/event-log';
import { decodeStepRecord, encodeStepRecord, type CreateSha256, type Message } from '@stepfold/fold';
import {
  headOf,
  isRaisedBy,
  versionProblem,
  type DeadLetter,
  type MessageStore,
  type WriteOutcome,
} from '@stepfold/message-store';
import { UsageError } from '@stepfold/runtime';
import { checkRecord, partitionOfChat } from './checked-record.js';
import { mayBeCut, originOf, readOrigin, type LetterOrigin } from './dead-letter-origin.js';
import { foldSteps, type FoldedSteps } from './fold-steps.js';
import { offerToLive } from './offer-to-live.js';
import type { StepIds } from './tally.js';

export interface RetryOptions {
  readonly log: EventLog;
  readonly store: MessageStore;
  readonly createSha256: CreateSha256;
  /** Must be the projector's, if that has other limits than the standard ones. */
  readonly codec?: EventCodec;
  readonly signal?: AbortSignal;
}

export type RetryOutcome =
  /** The version is on the topic of steps again; a writer stores it. */
  | 'emitted'
  /** The step was folded again, and the store has taken it. */
  | 'written'
  /** The store has it already, or a later version. */
  | 'stale'
  /** The store can never take it. */
  | 'refused'
  /** Nothing can be made of the record: it is no event, or its step does not take it. */
  | 'no-step'
  /** Neither the log nor the letter has what is needed any more. */
  | 'gone'
  /** The letter is of another log: another prefix or generation. */
  | 'other-log';

/** What came of a letter, in the form in which it is printed. */
export interface RetriedLetter {
  readonly id: string;
  readonly outcome: RetryOutcome;
  readonly chat_id?: string;
  readonly step_id?: string;
  readonly detail?: string;
}

/** Whether the letter needs nobody any more. */
export function isSettled({ outcome }: RetriedLetter): boolean {
  return outcome === 'emitted' || outcome === 'written' || outcome === 'stale';
}

/**
 * Retries dead letters, each as its stage asks for; answers one outcome for each, in order. Nothing is appended to
 * the topic of events, and the letters stay as they are. Repeating is safe: what has been done is `stale` then.
 *
 * Stage `writer`: the version is emitted again as it was, if the store has none as high. One that neither the log
 * of steps nor the letter has whole is folded again. Stage `projector`: the step is folded again from the log with
 * the present code, and offered to the store as by a writer.
 *
 * Each partition of events that is needed is read once; the steps of these letters are held in memory: pass
 * some dozens at a time.
 * @throws TransientError if the log or the store is away; some letters may have been retried
 */
export async function retryDeadLetters(
  options: RetryOptions,
  letters: readonly DeadLetter[],
): Promise<readonly RetriedLetter[]> {
  const context: Context = { ...options, codec: options.codec ?? createEventCodec() };
  const plans: Plan[] = [];
  for (const letter of letters) {
    options.signal?.throwIfAborted();
    plans.push(await planOf(context, letter));
  }
  const folded = await foldAll(context, plans);
  /** One answer for each step: of a step that lost many events, many letters speak. */
  const written = new Map<string, WriteOutcome>();
  const answers: RetriedLetter[] = [];
  for (const [index, { id }] of letters.entries()) {
    options.signal?.throwIfAborted();
    answers.push({ id, ...(await carryOut(context, plans[index]!, folded, written)) });
  }
  return answers;
}

interface Context extends RetryOptions {
  readonly codec: EventCodec;
}

type Answer = Omit<RetriedLetter, 'id'>;

/** What is to be done about a letter. */
type Plan =
  | { readonly act: 'none'; readonly answer: Answer }
  | { readonly act: 'emit'; readonly partition: number; readonly message: Message }
  | { readonly act: 'fold'; readonly to: 'emit' | 'write'; readonly step: StepIds; readonly offset?: number };

async function planOf(context: Context, letter: DeadLetter): Promise<Plan> {
  const origin = originOf(context.log, letter);
  if (origin === undefined) return none('other-log', `its topic is not one of this log: ${letter.id}`);
  return letter.stage === 'writer'
    ? planOfVersion(context, letter, origin)
    : planOfEvent(context, letter, origin);
}

async function planOfVersion(context: Context, letter: DeadLetter, origin: LetterOrigin): Promise<Plan> {
  const { log } = context;
  const original = await readOrigin(log, origin, letter);
  if (original === 'other') return none('other-log', 'another record lies there on this log');
  const { chat_id: chatId, step_id: stepId } = letter;
  if (original === 'gone' && mayBeCut(letter)) {
    if (chatId === undefined || stepId === undefined) {
      return none('gone', 'the log no longer has the record, and the letter only the beginning of it');
    }
    return { act: 'fold', to: 'emit', step: { chatId, stepId } };
  }
  const { key, value } = original === 'gone' ? letter : original;
  const decoded = decodeStepRecord(key, value);
  if (typeof decoded === 'string') return none('no-step', decoded);
  if (decoded.kind !== 'version') return none('no-step', 'the record is no version of a message');
  const { message } = decoded;
  if (message.log?.generation !== log.generation) {
    return none('other-log', `the version is of generation ${message.log?.generation} of the log`);
  }
  return { act: 'emit', partition: origin.partition, message };
}

async function planOfEvent(context: Context, letter: DeadLetter, origin: LetterOrigin): Promise<Plan> {
  const { log, codec } = context;
  const { partition, offset } = origin;
  const original = await readOrigin(log, origin, letter);
  if (original === 'other') return none('other-log', 'another record lies there on this log');
  if (original === 'gone') return none('gone', 'the log no longer has the record, so no fold can take it');
  const checked = checkRecord({ log, partition, codec }, original);
  if (checked.event === undefined) return none('no-step', `${checked.code}: ${checked.detail}`);
  return { act: 'fold', to: 'write', step: idsOf(checked.event), offset };
}

function none(outcome: RetryOutcome, detail: string): Plan {
  return { act: 'none', answer: { outcome, detail } };
}

function idsOf(event: Event): StepIds {
  return { chatId: event.chat_id, stepId: event.step_id };
}

/** Folds what the plans need, partition by partition. */
async function foldAll(context: Context, plans: readonly Plan[]): Promise<ReadonlyMap<number, FoldedSteps>> {
  const wanted = new Map<number, StepIds[]>();
  for (const plan of plans) {
    if (plan.act !== 'fold') continue;
    const partition = partitionOfChat(context.log, plan.step.chatId);
    wanted.set(partition, [...(wanted.get(partition) ?? []), plan.step]);
  }
  const folded = new Map<number, FoldedSteps>();
  for (const [partition, steps] of wanted) folded.set(partition, await foldSteps(context, partition, steps));
  return folded;
}

async function carryOut(
  context: Context,
  plan: Plan,
  folded: ReadonlyMap<number, FoldedSteps>,
  written: Map<string, WriteOutcome>,
): Promise<Answer> {
  if (plan.act === 'none') return plan.answer;
  if (plan.act === 'emit') return emit(context, plan.partition, plan.message);
  const { step, offset, to } = plan;
  const ids = { chat_id: step.chatId, step_id: step.stepId };
  const partition = partitionOfChat(context.log, step.chatId);
  const steps = folded.get(partition)!;
  const outcome = offset === undefined ? 'accepted' : steps.outcomeAt(offset);
  if (outcome !== 'accepted' && outcome !== 'duplicate') {
    return { outcome: 'no-step', ...ids, detail: `its step does not take it (${outcome ?? 'gone'})` };
  }
  const message = steps.message(step);
  if (message === undefined) {
    return { outcome: 'gone', ...ids, detail: 'the log no longer has the beginning of its step' };
  }
  if (to === 'emit') return emit(context, partition, message);
  const key = `${step.chatId}:${step.stepId}`;
  const answer = written.get(key) ?? (await offerToLive(context.store, 'write', [message]))[0]!;
  written.set(key, answer);
  if (answer.outcome === 'refused') return { outcome: 'refused', ...ids, detail: answer.detail };
  return { outcome: answer.outcome === 'applied' ? 'written' : 'stale', ...ids };
}

async function emit({ log, store }: Context, partition: number, message: Message): Promise<Answer> {
  const ids = { chat_id: message.chat_id, step_id: message.step_id };
  const stored = await store.message(message.chat_id, message.step_id);
  // One that was damaged has no rank: the writer's guard decides about it.
  const isRanked = stored !== undefined && versionProblem(stored) === undefined;
  if (isRanked && !isRaisedBy(headOf(stored), headOf(message))) return { outcome: 'stale', ...ids };
  try {
    await log.append('steps', partition, [encodeStepRecord({ kind: 'version', message })]);
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'event-oversize') throw error;
    return { outcome: 'refused', ...ids, detail: error.message };
  }
  return { outcome: 'emitted', ...ids };
}
