import { describe, expect, it } from '@jest/globals';
import { createInbox } from './inbox.js';

describe('an inbox', () => {
  it('gives what was put, in order, before and after somebody waits', async () => {
    const inbox = createInbox<number>();
    inbox.put(1);
    inbox.put(2);
    expect([await inbox.take(), await inbox.take()]).toEqual([1, 2]);
    const waiting = inbox.take();
    inbox.put(3);
    inbox.put(4);
    expect([await waiting, await inbox.take()]).toEqual([3, 4]);
  });

  it('fails the take that reaches an error', async () => {
    const inbox = createInbox<number>();
    inbox.put(1);
    inbox.fail(new Error('gone'));
    expect(await inbox.take()).toBe(1);
    await expect(inbox.take()).rejects.toThrow('gone');
  });
});
