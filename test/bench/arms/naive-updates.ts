import { MongoClient, type Collection, type UpdateFilter } from 'mongodb';
import type { Event } from '@stepfold/events';
import { foldAll } from '../../support/fold-all.js';
import type { Arm, ArmJob } from '../arm.js';
import { databaseOf } from '../bench-places.js';
import { makeWorkload } from '../workload.js';

interface NaiveDocument {
  readonly _id: string;
  readonly chat_id: string;
  readonly status: string;
  readonly parts: readonly NaivePart[];
  readonly updated_at: Date;
}

interface NaivePart {
  readonly type: string;
  readonly text?: string;
  readonly args?: unknown;
  readonly result?: unknown;
}

/** How many chats a server of the hand-written way follows at a time in the concurrent arm. */
const CHATS_AT_ONCE = 16;

/**
 * The hand-written way: a handler that updates the document of the step with every event and awaits it, as tokens come.
 * One event after the other, or those of several chats side by side. It knows no duplicates, no order and no end of
 * a step that nobody ends.
 */
export async function createNaiveUpdatesArm(job: ArmJob): Promise<Arm> {
  const client = await new MongoClient(job.mongodbUrl).connect();
  const collection = client.db(databaseOf(job, job.arm)).collection<NaiveDocument>('messages', {
    writeConcern: { w: 'majority', journal: true },
  });
  await collection.createIndex({ chat_id: 1 });
  let events: readonly Event[] = [];

  return {
    async prepare(round) {
      events = makeWorkload({ seed: job.seed, events: job.events, chatPrefix: `${job.arm}-${round}-` });
    },
    async run(_round, stopwatch) {
      const given = job.isSpoilt ? events.toSpliced(10, 1) : events;
      const chats = job.arm === 'naive-updates' ? [given] : byChat(given);
      stopwatch.start();
      const rest = chats.values();
      await Promise.all(
        Array.from({ length: CHATS_AT_ONCE }, async () => {
          for (const chat of rest) await handleAll(collection, chat);
        }),
      );
      stopwatch.stop();
      return events.length;
    },
    async check(round) {
      const found = await collection.find({ chat_id: new RegExp(`^${job.arm}-${round}-`) }).toArray();
      const byId = new Map(found.map((document) => [document._id, document]));
      const { messages } = foldAll(events);
      if (found.length !== messages.length) return `${found.length} documents and not ${messages.length}`;
      for (const { chat_id, step_id, status, parts } of messages) {
        const document = byId.get(`${chat_id}:${step_id}`);
        const expected = JSON.stringify({ status, parts: (parts as readonly NaivePart[]).map(contentOf) });
        const is = JSON.stringify({ status: document?.status, parts: document?.parts.map(contentOf) });
        if (is !== expected) return `the document ${chat_id}:${step_id} is not that of the plain fold`;
      }
      return undefined;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function byChat(events: readonly Event[]): readonly (readonly Event[])[] {
  const chats = new Map<string, Event[]>();
  for (const event of events) {
    const chat = chats.get(event.chat_id);
    if (chat === undefined) chats.set(event.chat_id, [event]);
    else chat.push(event);
  }
  return [...chats.values()];
}

function contentOf({ type, text, args, result }: NaivePart): NaivePart {
  return {
    type,
    ...(text === undefined ? {} : { text }),
    ...(args === undefined ? {} : { args }),
    ...(result === undefined ? {} : { result }),
  };
}

async function handleAll(collection: Collection<NaiveDocument>, events: readonly Event[]): Promise<void> {
  /** What the handler remembers of each step: where its parts are, and their texts. */
  const steps = new Map<string, Memory>();
  for (const event of events) {
    const _id = `${event.chat_id}:${event.step_id}`;
    const memory = steps.get(_id) ?? { places: new Map(), texts: [] };
    steps.set(_id, memory);
    const update = updateOf(event, memory);
    await collection.updateOne({ _id }, update, { upsert: true });
  }
}

interface Memory {
  readonly places: Map<string, number>;
  readonly texts: string[];
}

function updateOf(event: Event, memory: Memory): UpdateFilter<NaiveDocument> {
  const updated_at = new Date(event.at / 1_000);
  const set = (fields: object): UpdateFilter<NaiveDocument> => ({ $set: { ...fields, updated_at } });
  const push = (id: string, part: NaivePart): UpdateFilter<NaiveDocument> => {
    memory.places.set(id, memory.texts.push(part.text ?? '') - 1);
    return { $push: { parts: part }, $set: { updated_at } };
  };
  const append = (id: string, text: string): string => {
    const place = memory.places.get(id)!;
    memory.texts[place] += text;
    return `parts.${place}`;
  };
  switch (event.type) {
    case 'message':
      return set({ chat_id: event.chat_id, status: 'complete', role: event.role, parts: event.parts });
    case 'step-start':
      return set({
        chat_id: event.chat_id,
        status: 'open',
        role: 'assistant',
        model: event.model,
        parts: [],
      });
    case 'text-start':
      return push(event.id, { type: 'text', text: '' });
    case 'reasoning-start':
      return push(event.id, { type: 'reasoning', text: '' });
    case 'text-delta':
    case 'reasoning-delta': {
      const path = append(event.id, event.text);
      return set({ [`${path}.text`]: memory.texts[memory.places.get(event.id)!] });
    }
    case 'tool-input-start':
      return push(event.tool_call_id, { type: 'tool-call' });
    case 'tool-input-delta': {
      const path = append(event.tool_call_id, event.text);
      return set({ [`${path}.args_text`]: memory.texts[memory.places.get(event.tool_call_id)!] });
    }
    case 'tool-call':
      return set({ [`parts.${memory.places.get(event.tool_call_id)!}.args`]: event.args });
    case 'tool-result':
      return push(`result:${event.tool_call_id}`, { type: 'tool-result', result: event.result });
    case 'finish':
      return set({ finish_reason: event.finish_reason, usage: event.usage });
    case 'step-end':
      return set({ status: 'complete' });
    default:
      return set({ last_event: event.type });
  }
}
