import { describe, expect, it } from '@jest/globals';
import type { ChatsRebuild } from '@stepfold/audit';
import { renderRebuild } from './render-rebuild.js';
import { plainScreen } from './screen.js';

const fine: ChatsRebuild = {
  ok: true,
  dry_run: false,
  chats: ['c'],
  folded: 3,
  written: 3,
  newer: 0,
  refused: [],
  beyond_log: 0,
  differences: [],
  remaining: [],
};
const hostile = '\u001b[2J and more words than a line of a terminal has room for, '.repeat(9);
const different = {
  chat_id: 'c',
  step_id: 's',
  kind: 'different',
  path: 'parts[0].text',
  expected: 'said',
  stored: hostile,
} as const;
const extra = { chat_id: 'c', step_id: 'x', kind: 'extra' } as const;

function render(result: Partial<ChatsRebuild>): string {
  return renderRebuild({ ...fine, ...result }, plainScreen);
}

describe('what a rebuild did, in words', () => {
  it('is short when nothing differed, and says what was repaired else', () => {
    expect(render({})).toBe(
      '3 messages of chat c folded from the log\n' +
        '3 written, 0 stored in a newer version and left alone\n' +
        'nothing differed\n',
    );
    const repaired = render({ chats: ['c', 'd'], differences: [different] });
    expect(repaired).toContain('3 messages of 2 chats folded');
    expect(repaired).toContain('differed before: 1 different\n  different: step s of chat c');
    expect(repaired).toMatch(/repaired: nothing differs any more\n$/);
  });

  it('counts what differs by kind, and says why it stays and what a dry run left undone', () => {
    const left = { ok: false, differences: [different, extra], remaining: [different, extra], newer: 1 };
    const still = render(left);
    expect(still).toContain('still differing: 1 different, 1 extra\n');
    expect(still).toContain('never replaced');
    expect(still).toContain('never deleted');
    const dry = render({ ...left, dry_run: true, written: 0 });
    expect(dry).toContain('nothing was written');
    expect(dry).toMatch(/without --dry-run[^\n]*\n$/);
    expect(dry).not.toContain('still differing');
  });

  it('stays within 80 columns and off the terminal, whatever is stored', () => {
    const text = render({
      ok: false,
      chats: ['c'.repeat(200)],
      beyond_log: 2,
      differences: [different],
      remaining: [different, extra],
      remaining_omitted: 7,
      refused: [{ chat_id: 'c', step_id: 's'.repeat(200), detail: hostile }],
    });
    // eslint-disable-next-line no-control-regex -- what a terminal would act on
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).toContain('… and 7 more');
    expect(text).toContain('refused:');
    expect(text).toContain('2 messages older than the log, left alone');
  });
});
