/**
 * What a stream of AI SDK parts says, read off in the plainest way: no state machine and no code of the
 * product. Line n happens at `start + n · tick`. Knows what recordings hold: steps one after another, each
 * block and call in its own step.
 */
export interface ExpectedStep {
  readonly startedAt: number;
  endedAt: number;
  end: 'finished' | 'broken' | 'aborted' | 'cut';
  readonly blocks: ExpectedBlock[];
  readonly calls: Map<string, ExpectedCall>;
  /** The last result of each call, in order of the first. */
  readonly results: Map<string, ExpectedResult>;
  readonly sources: { url: unknown; title: unknown; at: number }[];
  readonly data: string[];
  readonly errors: string[];
  finish?: StreamPart;
}
export interface ExpectedBlock {
  readonly type: 'text' | 'reasoning';
  text: string;
  readonly createdAt: number;
  lastDeltaAt?: number;
  /** Undefined if the stream never ended it. */
  endedAt?: number;
  readonly metadata: Record<string, unknown>;
}
export interface ExpectedCall {
  name: unknown;
  inputText: string;
  inputStartedAt?: number;
  args?: unknown;
  calledAt?: number;
}
export interface ExpectedResult {
  readonly result: unknown;
  readonly isError: boolean;
  readonly isPreliminary?: boolean;
  readonly at: number;
}
export type StreamPart = Readonly<Record<string, unknown>>;

export function expectedSteps(parts: readonly StreamPart[], start: number, tick: number): ExpectedStep[] {
  const steps: ExpectedStep[] = [];
  let step: ExpectedStep | undefined;
  let open = new Map<string, ExpectedBlock>();
  for (const [index, part] of parts.entries()) {
    const at = start + index * tick;
    if (part['type'] === 'start-step') {
      step = newStep(at);
      open = new Map();
      steps.push(step);
    }
    if (step === undefined) continue;
    const id = String(part['id'] ?? part['toolCallId']);
    const [kind, what] = splitType(part);
    if (kind === 'text' || kind === 'reasoning') {
      if (what === 'start') {
        const block: ExpectedBlock = { type: kind, text: '', createdAt: at, metadata: {} };
        step.blocks.push(block);
        open.set(`${kind} ${id}`, block);
      }
      const block = open.get(`${kind} ${id}`) as ExpectedBlock;
      Object.assign(block.metadata, part['providerMetadata']);
      if (what === 'delta') {
        block.text += String(part['text']);
        block.lastDeltaAt = at;
      }
      if (what === 'end') {
        block.endedAt = at;
        open.delete(`${kind} ${id}`);
      }
      continue;
    }
    switch (part['type']) {
      case 'tool-input-start':
        callOf(step, id).inputStartedAt = at;
        callOf(step, id).name = part['toolName'];
        break;
      case 'tool-input-delta':
        callOf(step, id).inputText += String(part['delta']);
        break;
      case 'tool-call':
        Object.assign(callOf(step, id), { name: part['toolName'], args: part['input'], calledAt: at });
        break;
      case 'tool-result':
        step.results.set(id, {
          result: part['output'],
          isError: part['isError'] === true,
          ...(part['preliminary'] === true ? { isPreliminary: true } : {}),
          at,
        });
        break;
      case 'tool-error':
        step.results.set(id, { result: { error: part['error'] }, isError: true, at });
        break;
      case 'source':
        step.sources.push({ url: part['url'], title: part['title'], at });
        break;
      case 'custom':
        step.data.push(String(part['kind']));
        break;
      case 'error':
        step.errors.push(String((part['error'] as { message: unknown }).message));
        break;
      case 'finish-step':
        step.finish = part;
        step.endedAt = at;
        step.end = part['finishReason'] === 'interrupted' ? 'broken' : 'finished';
        step = undefined;
        break;
      case 'abort':
        step.endedAt = at;
        step.end = 'aborted';
        step = undefined;
        break;
      default:
    }
    if (step !== undefined) step.endedAt = at;
  }
  // The time of the last line of all, whatever it is.
  if (step !== undefined) step.endedAt = start + (parts.length - 1) * tick;
  return steps;
}

function newStep(startedAt: number): ExpectedStep {
  return {
    startedAt,
    endedAt: startedAt,
    end: 'cut',
    blocks: [],
    calls: new Map(),
    results: new Map(),
    sources: [],
    data: [],
    errors: [],
  };
}

function splitType(part: StreamPart): [string, string] {
  const type = String(part['type']);
  const dash = type.indexOf('-');
  return [type.slice(0, dash), type.slice(dash + 1)];
}

function callOf(step: ExpectedStep, id: string): ExpectedCall {
  let call = step.calls.get(id);
  if (call === undefined) step.calls.set(id, (call = { name: undefined, inputText: '' }));
  return call;
}
