import { describe, expect, it } from '@jest/globals';
import type { ChatSummary } from '@stepfold/message-store';
import { createChatLines } from './render-chats.js';
import { plainScreen } from './screen.js';

const begin = 1_775_822_400_000_000;

function lineOf(chatId: string): string {
  const chat = { chat_id: chatId, created_at: begin, updated_at: begin, status: 'open' };
  return createChatLines(begin + 5_000_000, plainScreen).line(chat as ChatSummary);
}

describe('the list of chats', () => {
  it('has a chat in a line of 80 columns', () => {
    expect(lineOf('c'.repeat(36))).toBe(`5 s ago      2026-04-10 12:00  open         ${'c'.repeat(36)}`);
  });

  it('never cuts an id', () => {
    const id = 'c'.repeat(37);
    expect(lineOf(id)).toBe(`5 s ago      2026-04-10 12:00  open\n  ${id}`);
  });
});
