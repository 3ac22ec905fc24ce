import { formatStamp } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import { quotedForShell, sameAdapters, type AdapterChoice } from '../adapter-options.js';
import { wrapText } from '../render/plain-text.js';
import { renderVerification } from '../render/render-verification.js';
import type { Screen } from '../render/screen.js';
import { renderAbsence } from './accident.js';
import { SESSION_MS } from './agent-session.js';
import type { PlayedDemo, StoppedDemo } from './run-demo.js';

/** What the demo says besides what is stored: before, and after. */

const LINES_MAX = 9;

/** What is going to happen, and what runs where. `fileName` is that of a recording, as it is shown. */
export function renderIntroduction(
  options: {
    readonly fileName: string | undefined;
    readonly projectorPid: number | undefined;
    readonly adapters: AdapterChoice;
    readonly speed: number;
  },
  screen: Screen,
): string {
  const { fileName, projectorPid, adapters, speed } = options;
  const seconds = Math.max(1, Math.round(SESSION_MS / 1_000 / speed));
  const title =
    fileName === undefined
      ? `An agent's afternoon in ${seconds} s: tools, an error, a question, a stop button.`
      : `The recording ${fileName}, played as if it happened now.`;
  const parts =
    'Agent and writer run in this process. The projector, which folds their events into messages, is ' +
    `process ${projectorPid}; it will be killed on the way.`;
  const lines =
    `Below is what is stored in ${placeOf(adapters)}, read back as it gets there. rev is the stored ` +
    'version: attempt.event.';
  const paragraphs = [title, parts, lines].map((text) => wrapText(text, screen.width, LINES_MAX).join('\n'));
  return `${screen.paint('heading', paragraphs[0]!)}\n${paragraphs.slice(1).join('\n')}\n\n`;
}

/** What became of the projector, and whether anything was lost or doubled. */
export function renderProof({ accidents, verification }: PlayedDemo, screen: Screen): string {
  const paragraphs = accidents.map((accident) => {
    const { killedPid, successorPid } = accident;
    const successor = successorPid === undefined ? '' : `${successorPid} took over, and `;
    return `Projector ${killedPid} was killed; ${successor}${renderAbsence(accident)}`;
  });
  return [
    ...paragraphs.flatMap((text) => wrapText(text, screen.width, LINES_MAX)),
    'The log was folded once more, from its beginning, and compared with the store:',
    renderVerification(verification, screen),
  ].join('\n');
}

/** The three commands to try next. */
export function renderHints(
  options: {
    readonly adapters: AdapterChoice;
    readonly chatId: string;
    readonly messages: readonly Message[];
    /** Chats that were played and not shown. */
    readonly hidden: number;
    readonly staysUp: boolean;
  },
  screen: Screen,
): string {
  const { adapters, chatId, messages, hidden, staysUp } = options;
  const { preparation, options: data } = sameAdapters(adapters);
  const chat = quotedForShell(chatId);
  const moment = momentOf(messages);
  const more =
    hidden > 0 ? [`${hidden} more ${hidden === 1 ? 'chat' : 'chats'}: npx stepfold chats${data}`, ''] : [];
  const commands = [
    ['messages', '', 'what is stored of it'],
    ...(moment === undefined ? [] : [['replay', ` --until ${formatStamp(moment.at)}`, moment.what]]),
    ['verify', '', 'whether that is what the log yields'],
  ].flatMap(([name, option, what]) => [
    screen.paint('faint', `  # ${what}`),
    `  npx stepfold ${name} ${chat}${option}${data}`,
  ]);
  return [
    ...more,
    `All of it stays in ${placeOf(adapters)}. Three commands to try next:`,
    ...preparation.map((line) => `  ${line}`),
    ...commands,
    ...(staysUp ? ['', 'Projector and writer stay up until Ctrl-C.'] : []),
    '',
  ].join('\n');
}

/** What is left of a demo that was stopped before its end. */
export function renderStop(
  { chatIds, isStored }: StoppedDemo,
  adapters: AdapterChoice,
  { width }: Screen,
): string {
  const [chatId] = chatIds;
  if (chatId === undefined) return '\nStopped.\n';
  const { preparation, options: data } = sameAdapters(adapters);
  const state = isStored
    ? 'Stopped. What was open is stored as interrupted:'
    : 'Stopped. The end of it is on the log; the next projector and writer that run store it:';
  return [
    '',
    ...wrapText(state, width, LINES_MAX),
    ...preparation.map((line) => `  ${line}`),
    `  npx stepfold messages ${quotedForShell(chatId)}${data}`,
    '',
  ].join('\n');
}

/** A moment in the middle that is worth going back to. */
function momentOf(messages: readonly Message[]): { readonly at: number; readonly what: string } | undefined {
  const stopped = messages.find(({ interrupt }) => interrupt?.reason === 'user');
  // A thousandth of a second: the thought is there, and the button has not been pressed.
  if (stopped?.interrupt !== undefined) {
    return { at: stopped.interrupt.at - 1_000, what: 'as it stood just before the stop' };
  }
  const [first] = messages;
  const last = messages.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return {
    at: Math.floor((first.started_at + Math.max(first.started_at, last.last_event_at)) / 2),
    what: 'as it stood in the middle',
  };
}

function placeOf(adapters: AdapterChoice): string {
  return adapters.kind === 'servers' ? 'MongoDB' : adapters.directory;
}
