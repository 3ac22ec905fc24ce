import { messageToJson, type Message } from '@stepfold/fold';
import { coderMessages, createSpansView, uiMessages } from '@stepfold/views';

export type Messages = Iterable<Message> | AsyncIterable<Message>;

/** The values of a view, in order. */
type View = (messages: Messages) => AsyncIterable<unknown>;

/** What each view makes of messages (contract/message.md, "Views"). */
export const views = {
  native: ofEachStep(() => (message) => [messageToJson(message)]),
  coder: ofEachStep(() => coderMessages),
  'ui-message': ofEachChat(uiMessages),
  spans: ofEachStep(() => {
    const spansOf = createSpansView();
    return (message) => {
      const traces = spansOf(message);
      return traces === undefined ? [] : [traces];
    };
  }),
} as const satisfies Record<string, View>;

export type ViewName = keyof typeof views;

/**
 * A view that looks at one step after the other, so that a chat never has to stand in memory as a whole;
 * `create` begins it anew for each run of the command.
 */
function ofEachStep(create: () => (message: Message) => readonly unknown[]): View {
  return async function* view(messages) {
    const ofStep = create();
    for await (const message of messages) yield* ofStep(message);
  };
}

/** A view that looks for what belongs together in all of a chat. */
function ofEachChat(ofChat: (chat: readonly Message[]) => readonly unknown[]): View {
  return async function* view(messages) {
    for (const chat of (await byChat(messages)).values()) yield* ofChat(chat);
  };
}

/** The messages of each chat, in their order. `chatId` is there even if it has none. */
export async function byChat(messages: Messages, chatId?: string): Promise<Map<string, Message[]>> {
  const chats = new Map<string, Message[]>(chatId === undefined ? [] : [[chatId, []]]);
  for await (const message of messages) {
    const chat = chats.get(message.chat_id);
    if (chat === undefined) chats.set(message.chat_id, [message]);
    else chat.push(message);
  }
  return chats;
}
