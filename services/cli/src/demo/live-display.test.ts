import { describe, expect, it } from '@jest/globals';
import type { Message, TextPart } from '@stepfold/fold';
import type { MessageStore } from '@stepfold/message-store';
import { createInProcessHost } from '../testing/in-process-host.js';
import { createInstantRuntime } from '../testing/instant-runtime.js';
import { plainScreen } from '../render/screen.js';
import { createLiveDisplay } from './live-display.js';

const at = 1_775_822_400_000_000;

function messageOf(texts: number): Message {
  const parts = Array.from({ length: texts }, (_, index): TextPart => ({
    type: 'text',
    first_event: 1,
    last_event: 1,
    text: `text ${index}`,
    created_at: at,
    completed_at: at + 1_000,
  }));
  const ids = { chat_id: 'c', step_id: 's', attempt: 0, role: 'assistant' as const };
  const stamps = { started_at: at, last_event_at: at };
  return { ...ids, ...stamps, status: 'open', rev: 2, events: 2, parts, fold_version: 1 };
}

/** A display on a store that has one text more at every look. */
function displaying(texts: (look: number) => number) {
  const host = createInProcessHost();
  const controller = new AbortController();
  let looks = 0;
  const store = {
    messages() {
      if (++looks === 5) controller.abort();
      return Promise.resolve({ items: [messageOf(texts(looks))] });
    },
  } as unknown as MessageStore;
  const display = createLiveDisplay({
    store,
    runtime: createInstantRuntime(),
    output: host.stdout,
    screen: plainScreen,
    chatIds: () => ['c'],
  });
  const lines = (): string[] => host.printed().trimEnd().split('\n');
  return { display, lines, signal: controller.signal };
}

describe('the live display', () => {
  it('prints what is new at each look, and once', async () => {
    const { display, lines, signal } = displaying((look) => look);
    display.tell('Something is done.');
    await display.run(signal);
    expect(lines()).toEqual([
      ' time  step     rev   part                 how long it took, first words',
      '  0.0  ▸ Something is done.',
      '  0.0  s        0.2   text                 1.0 ms  text 0',
      '  0.1  s        0.2   text                 1.0 ms  text 1',
      '  0.2  s        0.2   text                 1.0 ms  text 2',
      '  0.3  s        0.2   text                 1.0 ms  text 3',
      '  0.4  s        0.2   text                 1.0 ms  text 4',
    ]);
  });

  it('counts what is more than a person reads', async () => {
    const { display, lines, signal } = displaying((look) => look * 20);
    await display.run(signal);
    await display.finish();
    expect(lines()).toHaveLength(62);
    expect(lines().at(-1)).toBe('       … and 60 lines more');
  });
});
