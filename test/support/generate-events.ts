import { createEventCodec, eventTypes, type Event, type EventType, type JsonValue } from '@stepfold/events';
import { between, oneIn, pick, type Chance } from './chance.js';

/**
 * Sequences of events as a log may hold them: mostly what a publisher would send, and often not quite.
 * Ids are few, so that blocks, calls, steps, attempts and producers meet; sequence numbers repeat, skip
 * and come late; now and then one kind of event comes so often that a limit of the fold is passed.
 */
export interface GenerateOptions {
  /** About how many events, bursts apart. Default 40. */
  readonly eventsMax?: number;
  readonly stepsMax?: number;
  /** Whether some events are encrypted. Default true. */
  readonly hasEncrypted?: boolean;
}

type Fields = Record<string, unknown>;

const codec = createEventCodec();

/** Every event is valid, and as a log would give it back: encoded, and decoded again. */
export function generateEvents(chance: Chance, options: GenerateOptions = {}): readonly Event[] {
  const { eventsMax = 40, stepsMax = 3, hasEncrypted = true } = options;
  const steps = Array.from({ length: between(chance, 1, stepsMax) }, (_, i) => new StepSource(chance, i));
  const events: Fields[] = [];
  const count = between(chance, 1, eventsMax);
  while (events.length < count) {
    const step = pick(chance, steps);
    const drawn = oneIn(chance, 100) ? step.burst() : [step.next()];
    for (const event of drawn) {
      if (hasEncrypted && oneIn(chance, 60)) encrypt(event);
      events.push(event);
    }
  }
  return events.map((fields) => {
    const decoded = codec.decode(codec.encode(fields as unknown as Event));
    if (!decoded.ok) throw new Error(`a generated event is not valid: ${decoded.detail}`);
    return decoded.event;
  });
}

const producers = ['loop', undefined, 'worker', 'other'] as const;

/** Events of one step. It knows a little of what it has sent, so that most of what it sends makes sense. */
class StepSource {
  #attempt = 0;
  #at = 1_775_822_400_000_000;
  #isStarted = false;
  #isEnded = false;
  readonly #main: string | undefined;
  readonly #nextSeq = new Map<string, number>();

  constructor(
    readonly chance: Chance,
    readonly index: number,
  ) {
    this.#main = oneIn(chance, 6) ? undefined : 'loop';
  }

  next(): Fields {
    const { chance } = this;
    if (!this.#isStarted && !oneIn(chance, 12)) {
      this.#isStarted = true;
      return this.#envelope(
        oneIn(chance, 8) ? eventBody(chance, 'message') : eventBody(chance, 'step-start'),
      );
    }
    if (oneIn(chance, this.#isEnded ? 4 : 30)) {
      this.#attempt += 1;
      this.#isEnded = false;
      return this.#envelope(eventBody(chance, oneIn(chance, 5) ? 'message' : 'step-start'));
    }
    if (oneIn(chance, 20)) {
      this.#isEnded = true;
      return this.#envelope(eventBody(chance, pick(chance, ['step-end', 'interrupt', 'error'] as const)));
    }
    const type = oneIn(chance, 8) ? pick(chance, eventTypes) : pick(chance, likelyTypes);
    return this.#envelope(eventBody(chance, type));
  }

  /** Enough of one kind to pass a limit of the fold: of errors, anomalies, gaps or producers. */
  burst(): Fields[] {
    const { chance } = this;
    const many = (count: number, make: (i: number) => Fields): Fields[] =>
      Array.from({ length: count }, (_, i) => make(i));
    switch (chance.below(4)) {
      case 0:
        return many(between(chance, 18, 24), (i) =>
          this.#envelope({ type: 'error', message: `error ${i}`, fatal: false }),
        );
      case 1:
        return many(between(chance, 18, 24), (i) => this.#envelope({ type: 'text-end', id: `none ${i}` }));
      case 2:
        return many(between(chance, 97, 104), () => {
          this.#nextSeq.set(this.#key('worker'), this.#seqOf('worker') + between(chance, 1, 2));
          return this.#envelope({ type: 'heartbeat' }, 'worker');
        });
      default:
        return many(between(chance, 252, 260), (i) => this.#envelope({ type: 'heartbeat' }, `many-${i}`));
    }
  }

  #envelope(own: Fields, named?: string): Fields {
    const { chance } = this;
    const producer = named ?? (oneIn(chance, 8) ? pick(chance, producers) : this.#main);
    this.#at += oneIn(chance, 20) ? -5_000_000 : between(chance, 1, 100_000);
    const attempt = oneIn(chance, 20) ? between(chance, 0, this.#attempt + 1) : this.#attempt;
    return {
      v: 1,
      chat_id: `chat-${this.index % 2}`,
      step_id: `step-${this.index}`,
      ...(attempt === 0 && !oneIn(chance, 5) ? {} : { attempt }),
      ...(producer === undefined ? {} : { producer, seq: this.#seq(producer, named !== undefined) }),
      at: this.#at,
      ...(oneIn(chance, 25) ? foreignFields(chance) : {}),
      ...own,
    };
  }

  #key(producer: string): string {
    return `${this.#attempt}:${producer}`;
  }

  #seqOf(producer: string): number {
    return this.#nextSeq.get(this.#key(producer)) ?? 0;
  }

  #seq(producer: string, isPlain: boolean): number {
    const next = this.#seqOf(producer);
    if (!isPlain && oneIn(this.chance, 15)) return between(this.chance, Math.max(0, next - 4), next);
    const seq = !isPlain && oneIn(this.chance, 20) ? next + between(this.chance, 1, 3) : next;
    this.#nextSeq.set(this.#key(producer), seq + 1);
    return seq;
  }
}

/** What a step mostly consists of. */
export const likelyTypes: readonly EventType[] = [
  ...(['text-delta', 'text-start', 'text-end', 'text-delta'] as const),
  ...(['reasoning-start', 'reasoning-delta', 'reasoning-end'] as const),
  ...(['tool-input-start', 'tool-input-delta', 'tool-input-end', 'tool-input-delta'] as const),
  ...(['tool-call', 'tool-result', 'tool-execution-start', 'tool-approval'] as const),
  ...(['tool-call', 'tool-result', 'text-delta', 'tool-call'] as const),
  ...(['finish', 'data', 'source', 'file', 'error', 'heartbeat'] as const),
];

const texts = ['a', '', 'b ', '{"a":[1,', '2]}', '\ud83d', '\ude00', '1e999', '"\\ud800"', 'null'];
const values: readonly JsonValue[] = [
  ...[{ a: 1 }, null, 0, false, '', [], {}, 'text', '\udc00', 1.5e300, -0, [[], { b: null }]],
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "\\ud800": 2}') as JsonValue,
];

/** The own fields of an event of one type, `type` included. */
export function eventBody(chance: Chance, type: EventType): Fields {
  const block = (): string => pick(chance, ['0', '1', '\ud800']);
  const call = (): string => pick(chance, ['call-0', 'call-1']);
  const maybe = <T>(name: string, every: number, draw: () => T): Fields =>
    oneIn(chance, every) ? { [name]: draw() } : {};
  const flag = (name: string, every: number): Fields => maybe(name, every, () => !oneIn(chance, 3));
  const metadata = (every: number): Fields => maybe('metadata', every, () => someMetadata(chance));
  const stamp = (): number => 1_775_822_500_000_000 + chance.below(1_000_000);
  const text = (): string => pick(chance, texts);
  const value = (): JsonValue => pick(chance, values);
  const merged = (): Fields => ({ ...maybe('until', 6, stamp), ...maybe('merged', 6, () => 2) });
  const flags = (): Fields => ({
    ...flag('provider_executed', 6),
    ...flag('dynamic', 8),
    ...maybe('title', 8, text),
    ...maybe('parent_tool_call_id', 8, call),
    ...metadata(6),
  });

  switch (type) {
    case 'step-start':
      return {
        type,
        ...maybe('role', 4, () => pick(chance, ['user', 'tool', 'assistant'])),
        ...maybe('provider', 3, text),
        ...maybe('model', 3, text),
        ...maybe('step_index', 3, () => chance.below(3)),
        ...maybe('run_id', 3, () => 'run'),
        ...metadata(3),
      };
    case 'text-start':
    case 'text-end':
      return { type, id: block(), ...metadata(5) };
    case 'reasoning-start':
    case 'reasoning-end':
      return { type, id: block(), ...metadata(5), ...flag('redacted', 5) };
    case 'text-delta':
    case 'reasoning-delta':
      return { type, id: block(), text: text(), ...metadata(8), ...merged() };
    case 'tool-input-start':
      return {
        type,
        tool_call_id: call(),
        ...maybe('tool_name', 2, () => pick(chance, ['f', 'g'])),
        ...flags(),
      };
    case 'tool-input-delta':
      return { type, tool_call_id: call(), text: text(), ...merged() };
    case 'tool-input-end':
      return { type, tool_call_id: call(), ...metadata(5) };
    case 'tool-call':
      return {
        type,
        tool_call_id: call(),
        tool_name: pick(chance, ['f', 'g']),
        ...(oneIn(chance, 4) ? { args_text: text() } : { args: value() }),
        ...flag('invalid', 6),
        ...maybe('error', 6, text),
        ...flags(),
      };
    case 'tool-execution-start':
      return { type, tool_call_id: call() };
    case 'tool-approval':
      return {
        type,
        tool_call_id: call(),
        approval_id: pick(chance, ['a', 'b']),
        state: pick(chance, ['requested', 'granted', 'denied']),
        ...flag('automatic', 4),
        ...maybe('reason', 4, text),
      };
    case 'tool-result':
      return {
        type,
        tool_call_id: call(),
        ...maybe('tool_name', 3, () => 'h'),
        result: value(),
        ...flag('is_error', 5),
        ...flag('is_media', 5),
        ...flag('preliminary', 3),
        ...flag('provider_executed', 5),
        ...maybe('execution_started_at', 5, stamp),
        ...metadata(5),
      };
    case 'source':
      return {
        type,
        source_type: pick(chance, ['url', 'document']),
        ...maybe('source_id', 3, text),
        ...maybe('url', 3, text),
        ...maybe('title', 3, text),
        ...maybe('media_type', 3, text),
        ...maybe('filename', 3, text),
        ...metadata(5),
      };
    case 'file':
      return {
        type,
        media_type: 'image/png',
        [pick(chance, ['url', 'file_id', 'data'])]: text(),
        ...maybe('name', 3, text),
        ...flag('reasoning', 4),
        ...metadata(5),
      };
    case 'data':
      return {
        type,
        name: pick(chance, ['todo', '']),
        ...maybe('data_id', 2, () => pick(chance, ['1', '2'])),
        data: value(),
        ...flag('transient', 6),
      };
    case 'heartbeat':
    case 'step-end':
      return { type };
    case 'finish':
      return {
        type,
        ...maybe('finish_reason', 2, () => pick(chance, ['stop', 'tool-calls', 'other'])),
        ...maybe('raw_finish_reason', 4, text),
        ...maybe('usage', 2, () => ({
          ...maybe('input_tokens', 2, () => chance.below(5)),
          ...maybe('output_tokens', 2, () => chance.below(5)),
          ...maybe('cache_read_tokens', 4, () => 0),
        })),
        ...maybe('response_id', 4, text),
        ...maybe('model', 4, text),
        ...metadata(4),
      };
    case 'interrupt':
      return {
        type,
        reason: pick(chance, ['user', 'timeout', 'shutdown', 'eof']),
        ...maybe('message', 3, text),
        ...maybe('detected_at', 3, stamp),
        ...maybe('if_events', 3, () => chance.below(8)),
      };
    case 'error':
      return {
        type,
        message: text(),
        fatal: oneIn(chance, 4),
        ...maybe('code', 3, text),
        ...flag('retryable', 3),
      };
    case 'message':
      return {
        type,
        role: pick(chance, ['user', 'system', 'assistant', 'tool']),
        parts: Array.from({ length: chance.below(4) }, () => givenPart(chance)),
      };
  }
}

/** A part of a whole message: what an event brings, with some of the stamps that a stored part would have. */
function givenPart(chance: Chance): Fields {
  const maybe = <T>(name: string, every: number, draw: () => T): Fields =>
    oneIn(chance, every) ? { [name]: draw() } : {};
  const stamp = (): number => 1_775_822_300_000_000 + chance.below(1_000_000);
  const type = pick(chance, [
    'text',
    'reasoning',
    'tool-call',
    'tool-result',
    'tool-approval',
    'file',
    'data',
    'source',
  ] as const);
  const stamps = (...names: string[]): Fields =>
    Object.assign({}, ...names.map((name) => maybe(name, 4, stamp))) as Fields;
  switch (type) {
    case 'text':
    case 'reasoning':
      return {
        type,
        ...maybe('id', 2, () => '0'),
        text: pick(chance, texts),
        ...stamps('created_at', 'last_delta_at', 'completed_at'),
        ...maybe('end_reason', 5, () => 'implied'),
        ...(type === 'reasoning' ? maybe('redacted', 4, () => !oneIn(chance, 3)) : {}),
        ...maybe('metadata', 4, () => someMetadata(chance)),
      };
    case 'tool-call':
      return {
        ...eventBody(chance, 'tool-call'),
        ...maybe('partial', 4, () => !oneIn(chance, 3)),
        ...maybe('approval', 4, () => ({
          approval_id: 'a',
          state: 'granted',
          ...maybe('automatic', 2, () => !oneIn(chance, 3)),
          ...stamps('responded_at'),
        })),
        ...stamps('created_at', 'input_started_at', 'execution_started_at'),
      };
    case 'tool-result':
      return {
        ...eventBody(chance, 'tool-result'),
        ...maybe('synthetic', 4, () => !oneIn(chance, 3)),
        ...stamps('created_at'),
      };
    case 'data':
      return {
        type,
        name: 'todo',
        data: pick(chance, values),
        ...stamps('created_at', 'updated_at'),
        ...maybe('metadata', 4, () => someMetadata(chance)),
      };
    default:
      return { ...eventBody(chance, type), ...stamps('created_at') };
  }
}

/** Fields that other types have, and some that none has: the fold must not look at them. */
function foreignFields(chance: Chance): Fields {
  const fields: Fields = {
    ...{ until: 1_775_822_600_000_000, text: 'foreign', title: 'foreign', metadata: { p: { foreign: 1 } } },
    ...{
      redacted: true,
      provider_executed: true,
      is_error: true,
      fatal: true,
      created_at: 1,
      reason: 'user',
    },
    ...{ synthetic: true, preliminary: true, role: 'tool', tool_name: 'foreign', approval_id: 'foreign' },
    ...{ model: 'foreign', usage: { input_tokens: 1 }, parts: [], unknown: { deep: [] } },
  };
  const names = Object.keys(fields);
  return Object.fromEntries(
    Array.from({ length: 1 + chance.below(4) }, () => pick(chance, names)).map((name) => [
      name,
      fields[name],
    ]),
  );
}

function someMetadata(chance: Chance): JsonValue {
  const keys = ['k', '__proto__', 'constructor', '\ud800'];
  const providers = Array.from({ length: chance.below(3) }, (): [string, JsonValue] => [
    pick(chance, ['p', '__proto__', 'q']),
    Object.fromEntries(
      Array.from({ length: chance.below(3) }, () => [pick(chance, keys), pick(chance, values)]),
    ),
  ]);
  return Object.fromEntries(providers);
}

/** Fields that stay readable when the rest of an event is encrypted. */
const clearFields: ReadonlySet<string> = new Set([
  ...['v', 'chat_id', 'step_id', 'attempt', 'producer', 'seq', 'at', 'type', 'id', 'tool_call_id'],
  ...['approval_id', 'data_id', 'reason', 'preliminary', 'transient', 'fatal', 'if_events'],
]);

function encrypt(event: Fields): void {
  if (event['type'] === 'tool-approval') return;
  for (const name of Object.keys(event)) if (!clearFields.has(name)) delete event[name];
  event['enc'] = { key_id: 'key', iv: 'aXY=', data: 'ZGF0YQ==' };
}
