import fs from 'node:fs';
import path from 'node:path';
import { isId } from '@stepfold/events';
import { DEFAULT_DIRECTORY } from '../adapter-options.js';
import type { Host } from '../host.js';
import { chatsOf } from '../store-pages.js';

/** More are no help to who is choosing one. */
const CHATS_MAX = 100;
/** How many are looked at: the answer has to come while somebody waits for it. */
const CHATS_READ_MAX = 2_000;

/**
 * Ids of chats of the embedded store that begin with the last word, last active first. Nothing if the
 * command line or the environment means servers: a question to them may take long. Nothing if anything fails.
 */
export async function storedChats(words: readonly string[], host: Host): Promise<readonly string[]> {
  const typed = words.at(-1) ?? '';
  const named = words[words.lastIndexOf('--data') + 1];
  const isNamed = words.slice(0, -1).includes('--data');
  if (!isNamed && meansServers(words, host)) return [];
  const directory = path.join(isNamed && named !== undefined ? named : DEFAULT_DIRECTORY, 'store');
  // Opening it would make it.
  if (!fs.existsSync(directory)) return [];
  try {
    const { openEmbeddedStore } = await import('@stepfold/embedded-store');
    await using store = await openEmbeddedStore({ directory, runtime: host.runtime });
    const found: string[] = [];
    let read = 0;
    for await (const { chat_id } of chatsOf(store)) {
      if (chat_id.startsWith(typed) && isId(chat_id)) found.push(chat_id);
      if (found.length >= CHATS_MAX || ++read >= CHATS_READ_MAX) break;
    }
    return found;
  } catch {
    return [];
  }
}

function meansServers(words: readonly string[], { environment }: Host): boolean {
  const isSet = (name: string): boolean => (environment[name] ?? '') !== '';
  return (
    words.some((word) => word === '--mongodb' || word === '--kafka') ||
    isSet('STEPFOLD_MONGODB') ||
    isSet('STEPFOLD_KAFKA')
  );
}
