import type { Command } from 'commander';
import type { Event } from '@stepfold/events';
import type { Message } from '@stepfold/fold';
import type { Host } from '../host.js';
import { addLogOptions, type LogOptions } from '../open-logger.js';
import { foldEvents } from '../recordings/fold-events.js';
import { notePassedOver } from '../recordings/note-passed-over.js';
import {
  addRecordingOptions,
  checkRecordingOptions,
  type RecordingOptions,
} from '../recordings/recording-options.js';
import { planRecordings } from '../recordings/recording-plan.js';
import { openRecording, type Recording } from '../recordings/recording.js';
import { renderChat } from '../render/render-chat.js';
import { messagesAsJson, writeJsonArray } from '../render/write-json.js';
import { addJsonOption, addViewOption, type JsonOptions } from '../render/output-options.js';
import type { CommandDefinition } from './command-definition.js';

type FoldOptions = RecordingOptions & LogOptions & JsonOptions;

export const foldCommand: CommandDefinition = {
  examples: [
    { line: 'stepfold fold recording.jsonl --format ai-sdk' },
    {
      line: 'stepfold fold - --format ai-sdk --json < recording.jsonl',
      does: 'as JSON, from standard input',
    },
  ],
  configure(command: Command, host: Host) {
    command.argument('<file...>', 'recorded streams, one event or part a line; - is standard input');
    addRecordingOptions(command, 'time of the first line (default: 2026-01-01T00:00:00Z)');
    addViewOption(command);
    addJsonOption(command);
    addLogOptions(command, 'warn').action((fileNames: readonly string[], options: FoldOptions) =>
      fold(fileNames, options, host),
    );
  },
};

async function fold(fileNames: readonly string[], options: FoldOptions, host: Host): Promise<void> {
  checkRecordingOptions(options);
  const recordings: Recording[] = [];
  const messages: Message[] = [];
  try {
    for (const plan of planRecordings(fileNames, options))
      recordings.push(await openRecording(plan, host.stdin));
    messages.push(...foldEvents(eventsOf(recordings)));
  } finally {
    for (const recording of recordings) recording[Symbol.dispose]();
  }
  await notePassedOver(recordings, options, 'fold');
  if (options.json === true) return writeJsonArray(host.stdout, messagesAsJson(messages));
  for (const [chatId, ofChat] of byChat(messages)) await host.stdout.write(`${renderChat(chatId, ofChat)}\n`);
}

function byChat(messages: readonly Message[]): ReadonlyMap<string, readonly Message[]> {
  const chats = new Map<string, Message[]>();
  for (const message of messages) {
    const chat = chats.get(message.chat_id);
    if (chat === undefined) chats.set(message.chat_id, [message]);
    else chat.push(message);
  }
  return chats;
}

function* eventsOf(recordings: readonly Recording[]): Generator<Event, void, undefined> {
  for (const recording of recordings) for (const { event } of recording.events()) yield event;
}
