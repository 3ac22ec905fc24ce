import type { Command } from 'commander';
import type { Host } from '../host.js';
import { candidatesFor } from './candidates.js';
import { storedChats } from './stored-chats.js';

/** What the scripts of the shells ask; it is in no help. */
export const CANDIDATES_COMMAND = '__complete';

/**
 * Prints the candidates for the last word, one a line; `:file` or `:folder` where the shell has to look
 * itself. Nobody reads an error in the middle of typing, so there is none.
 */
export async function printCandidates(program: Command, words: readonly string[], host: Host): Promise<void> {
  const { words: found, kind } = candidatesFor(program, words);
  const chats = kind === 'chat' ? await storedChats(words, host) : [];
  const hints = kind === 'file' || kind === 'folder' ? [`:${kind}`] : [];
  const lines = [...found, ...chats, ...hints];
  await host.stdout.write(lines.map((line) => `${line}\n`).join(''));
  await host.stdout.flush();
}
