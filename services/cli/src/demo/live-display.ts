import type { MessageStore } from '@stepfold/message-store';
import { sleep, type Runtime } from '@stepfold/runtime';
import type { Output } from '../output.js';
import { wrapText } from '../render/plain-text.js';
import type { Screen } from '../render/screen.js';
import { messagesOf } from '../store-pages.js';
import { createStoredLines, renderStoredHead, renderStoredLine, secondsCell } from './stored-lines.js';

/** Shows what is stored as it gets there: it asks the store again and again, as any reader would. */
export interface LiveDisplay {
  /** Says what is being done, in a line between those of the store. */
  tell(what: string): void;
  /** Looks until the signal is aborted. @throws TransientError if the store is away; what writing throws */
  run(signal: AbortSignal): Promise<void>;
  /** Shows what a last look finds, and how much was passed over. */
  finish(): Promise<void>;
}

export interface LiveDisplayOptions {
  readonly store: MessageStore;
  readonly runtime: Runtime;
  readonly output: Output;
  readonly screen: Screen;
  /** The chats to look at; more may come. */
  readonly chatIds: () => Iterable<string>;
}

const LOOK_MS = 100;
/** A look at a chat of any size takes at most this share of the time. */
const LOOK_SHARE = 1 / 4;
/** A person reads no more; the chat as a whole is shown at the end. */
const LINES_MAX = 60;

export function createLiveDisplay(options: LiveDisplayOptions): LiveDisplay {
  const { store, runtime, output, screen } = options;
  const startedAtMs = runtime.monotonicMs();
  const storedLines = createStoredLines();
  const told: string[] = [];
  let linesLeft = LINES_MAX;
  let passedOver = 0;

  const seconds = (): number => (runtime.monotonicMs() - startedAtMs) / 1_000;

  async function writeTold(): Promise<void> {
    for (const line of told.splice(0)) await output.write(line);
  }

  async function look(): Promise<void> {
    for (const chatId of options.chatIds()) {
      const messages = [];
      for await (const message of messagesOf(store, chatId)) messages.push(message);
      // Told while the store was asked: it was first.
      await writeTold();
      for (const line of storedLines.newIn(messages)) {
        if (linesLeft === 0) {
          passedOver++;
          continue;
        }
        linesLeft--;
        await output.write(`${renderStoredLine(line, seconds(), screen)}\n`);
      }
    }
    await writeTold();
    await output.flush();
  }

  void told.push(`${renderStoredHead(screen)}\n`);
  return {
    tell(what) {
      const indent = `${secondsCell(seconds())}  ▸ `;
      const rows = wrapText(what, screen.width - indent.length, 3);
      const text = rows.map((row, index) => `${index === 0 ? indent : ' '.repeat(indent.length)}${row}`);
      told.push(...text.map((row) => `${screen.paint('warning', row)}\n`));
    },
    async run(signal) {
      while (!signal.aborted) {
        const beganAtMs = runtime.monotonicMs();
        await look();
        const tookMs = runtime.monotonicMs() - beganAtMs;
        // Rejects when it is time to stop, and the loop looks for that itself.
        await sleep(runtime, Math.max(LOOK_MS, tookMs / LOOK_SHARE), signal).catch(() => undefined);
      }
    },
    async finish() {
      await look();
      if (passedOver > 0) await output.write(`${' '.repeat(7)}… and ${passedOver} lines more\n`);
      await output.flush();
    },
  };
}
