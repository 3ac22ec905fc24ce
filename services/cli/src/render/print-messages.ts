import { Option, type Command } from 'commander';
import { messageToJson, type Message } from '@stepfold/fold';
import { coderMessages, uiMessages } from '@stepfold/views';
import type { Host } from '../host.js';
import { addJsonOption, type JsonOptions } from './output-options.js';
import { renderChat } from './render-chat.js';
import { renderTable } from './render-table.js';
import { renderTimeline } from './render-timeline.js';
import { screenOf, type Screen } from './screen.js';
import { writeJsonArray } from './write-json.js';

/** How messages are printed: as JSON in the shape of a view, or for a person in one of several forms. */
export interface MessagesOptions extends JsonOptions {
  readonly view: ViewName;
  readonly as: FormName;
}

type Messages = Iterable<Message> | AsyncIterable<Message>;

/** What each view makes of messages (contract/message.md, "Views"). */
const views = {
  native: ofSteps((message) => [messageToJson(message)]),
  coder: ofSteps(coderMessages),
  'ui-message': ofChats(uiMessages),
} as const;
type ViewName = keyof typeof views;

/** The forms of a chat for a person. */
const forms = {
  text: renderChat,
  table: renderTable,
  timeline: renderTimeline,
} satisfies Record<string, (chatId: string, messages: readonly Message[], screen: Screen) => string>;
type FormName = keyof typeof forms;

export function addMessagesOptions(command: Command): Command {
  command
    .addOption(
      new Option('--view <view>', 'shape of the messages; all but native are JSON')
        .choices(Object.keys(views))
        .default('native'),
    )
    .addOption(
      new Option('--as <form>', 'what a person sees, without --json')
        .choices(Object.keys(forms))
        .default('text'),
    );
  return addJsonOption(command);
}

/**
 * Prints messages in their order. Who asks for the shape of another program gets its JSON, with or without
 * `--json`: there is no other way to write it. For a person each chat has a part of its own, and `chatId` is named even
 * if it has no message.
 */
export async function printMessages(
  messages: Messages,
  options: MessagesOptions,
  host: Host,
  chatId?: string,
): Promise<void> {
  if (options.json === true || options.view !== 'native') {
    return await writeJsonArray(host.stdout, views[options.view](messages));
  }
  const render = forms[options.as];
  const screen = screenOf(host);
  const chats = await byChat(messages, chatId);
  let separator = '';
  for (const [id, ofChat] of chats) {
    await host.stdout.write(`${separator}${render(id, ofChat, screen)}`);
    separator = '\n';
  }
}

type View = (messages: Messages) => AsyncIterable<unknown>;

/** A view that looks at one step at a time, so that a chat never has to stand in memory as a whole. */
function ofSteps(view: (message: Message) => readonly unknown[]): View {
  return async function* shown(messages) {
    for await (const message of messages) yield* view(message);
  };
}

/** A view that looks for what belongs together in all of a chat. */
function ofChats(view: (chat: readonly Message[]) => readonly unknown[]): View {
  return async function* shown(messages) {
    for (const chat of (await byChat(messages)).values()) yield* view(chat);
  };
}

/** The messages of each chat, in their order. `chatId` is there even if it has none. */
async function byChat(messages: Messages, chatId?: string): Promise<Map<string, Message[]>> {
  const chats = new Map<string, Message[]>(chatId === undefined ? [] : [[chatId, []]]);
  for await (const message of messages) {
    const chat = chats.get(message.chat_id);
    if (chat === undefined) chats.set(message.chat_id, [message]);
    else chat.push(message);
  }
  return chats;
}
