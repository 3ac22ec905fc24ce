import { Option, type Command } from 'commander';
import type { Message } from '@stepfold/fold';
import type { Host } from '../host.js';
import { addJsonOption, type JsonOptions } from './output-options.js';
import { renderChat } from './render-chat.js';
import { renderTable } from './render-table.js';
import { renderTimeline } from './render-timeline.js';
import { screenOf, type Screen } from './screen.js';
import { byChat, views, type Messages, type ViewName } from './views.js';
import { writeJsonArray } from './write-json.js';

/** How messages are printed: as JSON in the shape of a view, or for a person in one of several forms. */
export interface MessagesOptions extends JsonOptions {
  readonly view: ViewName;
  readonly as: FormName;
}

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
